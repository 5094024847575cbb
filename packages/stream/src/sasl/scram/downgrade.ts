/** XEP-0474 (0.5.0): what a server has offered is part of what SCRAM signs. */
import { utf8 } from "../../bytes.ts";
import type { Crypto } from "../../crypto.ts";
import type { Maybe } from "../../maybe.ts";
import type { ScramHash } from "./names.ts";

/** What one side has offered and the other has seen, before they authenticate. */
export interface SaslOffer {
  /** The mechanisms of the profile in use: of SASL or of SASL2, never of both (§5.1). */
  readonly mechanisms: readonly string[];
  /** The types of channel binding that were announced (XEP-0440); undefined if none were. */
  readonly bindings: readonly string[] | undefined;
}

/** The hash of an offer, to be compared by the client (§5.1). */
export function offerHash(crypto: Crypto, hash: ScramHash, offer: SaslOffer): Maybe<Uint8Array> {
  return crypto.hash(hash, utf8(offerText(offer)));
}

/** Its delimiters cannot be in what came as XML. */
function offerText({ mechanisms, bindings }: SaslOffer): string {
  const names = sorted(mechanisms).join(BETWEEN);
  return bindings === undefined ? names : names + LISTS + sorted(bindings).join(BETWEEN);
}

/** The names are ASCII, where the order of code units is that of octets (RFC 4790 §9.3). */
function sorted(names: readonly string[]): readonly string[] {
  return names.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

const BETWEEN = "\u001e";
const LISTS = "\u001f";
