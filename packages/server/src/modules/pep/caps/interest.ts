import type { Stanza } from "@rookery/protocol";
import type { Maybe } from "../../../hooks.ts";
import { type Slot, slot } from "../../../sessions/slot.ts";
import { type Capabilities, type Claimant, type Interests, NO_INTERESTS } from "./capabilities.ts";
import { claimOf } from "./claim.ts";

/** What a resource wants to be notified of, as far as its presence tells. */
export interface Interest {
  /** The claim it comes from; undefined if there is none. */
  readonly key: string | undefined;
  /** While a new claim is being asked for, what the one before said. */
  readonly nodes: Interests;
  /** Settles when what the claim says is known; undefined if it is. */
  readonly known: Promise<void> | undefined;
}

export const NO_INTEREST: Interest = { key: undefined, nodes: NO_INTERESTS, known: undefined };

/** The interest of a session of this server. */
export const sessionInterest: Slot<Interest> = slot("pep/interest", NO_INTEREST);

/** Where the interest of a resource is kept. */
export interface InterestKeeper {
  get(): Interest | undefined;
  set(interest: Interest): void;
}

/**
 * Takes what a presence says of interests.
 * @returns settles when it is known.
 */
export function learnInterest(
  capabilities: Capabilities,
  presence: Stanza,
  { claimant, keeper }: { readonly claimant: Claimant; readonly keeper: InterestKeeper },
): Maybe<void> {
  const claim = claimOf(presence);
  const before = keeper.get() ?? NO_INTEREST;
  if (claim === undefined) return keeper.set(NO_INTEREST);
  if (claim.key === before.key) return before.known;
  const found = capabilities.of(claim, claimant);
  const { key } = claim;
  if (!(found instanceof Promise)) return keeper.set({ key, nodes: found, known: undefined });
  const known = found.then((nodes) => {
    // unless another claim has come meanwhile
    if (keeper.get() === asking) keeper.set({ key, nodes, known: undefined });
  });
  const asking: Interest = { key, nodes: before.nodes, known };
  keeper.set(asking);
  return known;
}
