/** What presence claims of capabilities, and whether it is true: XEP-0115 (1.6.0), XEP-0390 (0.3.2). */
import { createHash } from "node:crypto";
import { capsInput, discoInfo, entityCaps, type Stanza, StanzaError } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { hashSetInput } from "./hash-set.ts";

const HASHED_CAPS = "urn:xmpp:caps";
const HASHES = "urn:xmpp:hashes:2";
/** What a claim may be long, in UTF-16 code units. */
const LENGTH = 1024;

/** The hash functions by their names (XEP-0300 §4), best first; what is left out is not believed. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["sha3-512", "sha3-512"],
  ["sha3-256", "sha3-256"],
  ["sha-512", "sha512"],
  ["sha-256", "sha256"],
  ["sha-1", "sha1"],
]);

/** A claim to have certain capabilities. */
export interface CapsClaim {
  /** The same for all who claim the same. */
  readonly key: string;
  /** Where they are asked for: the node of disco#info. */
  readonly node: string | undefined;
  /** Others who claim the same can be believed once it is verified. */
  readonly isVerifiable: boolean;
  /** True if an answer is what was claimed (XEP-0115 §5.4, XEP-0390 §4.4). */
  verify(answer: Element): boolean;
}

/** What a presence claims; undefined if it says nothing of capabilities, or nothing that can be used. */
export function claimOf(presence: Stanza): CapsClaim | undefined {
  return hashSetClaim(presence) ?? entityCapsClaim(presence);
}

/** XEP-0390 §5: the best hash of the set. */
function hashSetClaim(presence: Stanza): CapsClaim | undefined {
  const hashes = presence.child(HASHED_CAPS, "c")?.elements(HASHES, "hash") ?? [];
  for (const [name, algorithm] of FUNCTIONS) {
    const hash = hashes.find((one) => one.attr("algo") === name)?.text.trim();
    if (!hash || hash.length > LENGTH) continue;
    return {
      key: `${HASHED_CAPS}#${name}.${hash}`,
      node: `${HASHED_CAPS}#${name}.${hash}`,
      isVerifiable: true,
      verify: (answer) => isHash(hash, algorithm, () => hashSetInput(answer)),
    };
  }
  return undefined;
}

/** XEP-0115 §4; the format without a hash (§8.1 there) tells only that something is to be asked. */
function entityCapsClaim(presence: Stanza): CapsClaim | undefined {
  const element = presence.child(entityCaps.ns, entityCaps.name);
  const [node, ver] = [element?.attr("node"), element?.attr("ver")];
  if (element === undefined || !node || !ver || node.length + ver.length > LENGTH) return undefined;
  const name = element.attr("hash") ?? "";
  const algorithm = FUNCTIONS.get(name);
  if (algorithm === undefined) {
    const key = `caps#${name.slice(0, LENGTH)} ${node}#${ver}`;
    return { key, node: undefined, isVerifiable: false, verify: () => false };
  }
  return {
    key: `caps#${name} ${ver}`,
    node: `${node}#${ver}`,
    isVerifiable: true,
    verify: (answer) => isHash(ver, algorithm, () => capsInput(discoInfo.read(answer))),
  };
}

/** What is ill-formed matches nothing. */
function isHash(claimed: string, algorithm: string, input: () => string | Uint8Array): boolean {
  try {
    return createHash(algorithm).update(input()).digest("base64") === claimed;
  } catch (error) {
    if (error instanceof StanzaError) return false;
    throw error;
  }
}
