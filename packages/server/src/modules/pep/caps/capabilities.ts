import { DISCO_INFO_NS, discoInfo, type Jid } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../../hooks.ts";
import type { Asking } from "../asking.ts";
import type { CapsClaim } from "./claim.ts";

/** The nodes someone wants to be notified of: their features that end in `+notify` (XEP-0060 §9.2). */
export type Interests = ReadonlySet<string>;

export const NO_INTERESTS: Interests = new Set();

/** Bounds; 0 turns one off. */
export interface CapabilityBounds {
  /** Verified claims that are remembered. */
  readonly entries: number;
  /** Interests of one claim. */
  readonly interests: number;
  /** Questions that wait for answers. */
  readonly questions: number;
}

/** Who claims something, and in whose name it is asked. */
export interface Claimant {
  readonly account: Jid;
  readonly jid: Jid;
}

const NOTIFY = "+notify";
const NAME_LENGTH = 1023;

/**
 * What clients are interested in. Each claim is asked for once, and believed of others only if the
 * answer has the hash that was claimed (XEP-0115 §5.4, §9.1): nobody can describe others wrongly.
 */
export class Capabilities {
  readonly #asking: Asking;
  readonly #bounds: CapabilityBounds;
  /** What was verified, in the order of last use. */
  readonly #known: Map<string, Interests> = new Map();
  /** What is being asked; it gives nothing if the answer was not what was claimed. */
  readonly #pending: Map<string, Promise<Interests | undefined>> = new Map();

  constructor(asking: Asking, bounds: CapabilityBounds) {
    this.#asking = asking;
    this.#bounds = bounds;
  }

  /** What one who claims this is interested in; nothing if they do not answer. */
  of(claim: CapsClaim, claimant: Claimant): Maybe<Interests> {
    const known = this.#known.get(claim.key);
    if (known !== undefined) {
      this.#known.delete(claim.key);
      this.#known.set(claim.key, known);
      return known;
    }
    if (!claim.isVerifiable) return this.#askAlone(claim, claimant);
    const pending = this.#pending.get(claim.key);
    if (pending === undefined) return this.#askForAll(claim, claimant);
    // whoever was asked may have lied, or gone: then each speaks for itself
    return pending.then((interests) => interests ?? this.#askAlone(claim, claimant));
  }

  /** How many claims are remembered. */
  get size(): number {
    return this.#known.size;
  }

  #askForAll(claim: CapsClaim, claimant: Claimant): Maybe<Interests> {
    const { key } = claim;
    let own = NO_INTERESTS;
    const verified = after(this.#ask(claim, claimant), (answer): Interests | undefined => {
      if (answer === undefined) return undefined;
      own = interestsOf(answer, this.#bounds.interests);
      if (!claim.verify(answer)) return undefined;
      this.#remember(key, own);
      return own;
    });
    if (!(verified instanceof Promise)) return own;
    const pending = verified.finally(() => this.#pending.delete(key));
    this.#pending.set(key, pending);
    return pending.then(() => own);
  }

  #askAlone(claim: CapsClaim, claimant: Claimant): Maybe<Interests> {
    return after(this.#ask(claim, claimant), (answer) => {
      if (answer === undefined) return NO_INTERESTS;
      const interests = interestsOf(answer, this.#bounds.interests);
      if (claim.isVerifiable && claim.verify(answer)) this.#remember(claim.key, interests);
      return interests;
    });
  }

  #ask({ node }: CapsClaim, { account, jid }: Claimant): Maybe<Element | undefined> {
    const { questions } = this.#bounds;
    if (questions > 0 && this.#asking.size >= questions) return undefined;
    const query = discoInfo.write({ node, identities: [], features: [], forms: [] });
    return after(this.#asking.ask(account, jid, query), (answer) =>
      answer?.is(DISCO_INFO_NS, "query") ? answer : undefined,
    );
  }

  #remember(key: string, interests: Interests): void {
    this.#known.set(key, interests.size === 0 ? NO_INTERESTS : interests);
    const { entries } = this.#bounds;
    for (const oldest of this.#known.keys()) {
      if (entries === 0 || this.#known.size <= entries) break;
      this.#known.delete(oldest);
    }
  }
}

function interestsOf(query: Element, bound: number): Interests {
  const interests = new Set<string>();
  for (const feature of query.elements(DISCO_INFO_NS, "feature")) {
    const name = feature.attr("var") ?? "";
    if (!name.endsWith(NOTIFY) || name.length > NAME_LENGTH) continue;
    if (bound > 0 && interests.size >= bound) break;
    interests.add(name.slice(0, -NOTIFY.length));
  }
  return interests;
}
