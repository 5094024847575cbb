import type { Jid } from "@rookery/protocol";
import type { SubscriptionMode, SubscriptionState } from "./subscription.ts";

/** What is kept of a contact: the roster item (RFC 6121 §2.1.2) and what the roster does not show. */
export interface RosterContent {
  /** The handle the user gave the contact; empty if none. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: SubscriptionMode;
  /** The user asked to subscribe and has no answer yet. */
  readonly ask: boolean;
  /** The contact's next request is granted without asking the user (§3.4). */
  readonly approved: boolean;
  /**
   * The contact's request as XML, to be delivered at each login until it is answered (§3.1.3); see
   * `roster-pending.ts`. Undefined if there is none.
   */
  readonly pendingIn: string | undefined;
  /**
   * Whether the contact is in the roster that clients get. One that merely asked is not (§A.1); one
   * that the user added, or has anything to do with, is.
   */
  readonly listed: boolean;
}

/** A contact of an account. */
export interface RosterItem extends RosterContent {
  readonly jid: Jid;
  /**
   * The number of the roster's version in which what clients see of the item changed last (that it
   * was removed, too); 0 if they never saw it.
   */
  readonly changed: number;
}

/** A difference between two versions of a roster: what one roster push tells (§2.1.6, §2.6.3). */
export interface RosterChange {
  readonly jid: Jid;
  /** Undefined if the contact was removed. */
  readonly item: RosterItem | undefined;
  /** The `ver` of the push. */
  readonly version: string;
}

/** A contact of which nothing is known. */
export const NO_CONTENT: RosterContent = {
  name: "",
  groups: [],
  subscription: "none",
  ask: false,
  approved: false,
  pendingIn: undefined,
  listed: false,
};

/** Where the user and the contact stand; one that is not in the roster is "None" (§A.1). */
export function subscriptionOf(item: RosterContent | undefined): SubscriptionState {
  const { subscription, ask, approved, pendingIn } = item ?? NO_CONTENT;
  return { subscription, ask, approved, pendingIn: pendingIn !== undefined };
}

/**
 * A contact after a subscription stanza.
 *
 * @param next what `outbound` or `inbound` of `subscription.ts` gave.
 * @param request the contact's request as `writeRequest` makes it, if this stanza is one; of several
 * the first is kept (§3.1.3).
 * @returns undefined if there is nothing to keep of the contact.
 *
 * @example
 * const { next } = inbound(subscriptionOf(old), "subscribe");
 * rosters.update(account, contact, (old) => withSubscription(old, next, writeRequest(stanza)));
 */
export function withSubscription(
  old: RosterContent | undefined,
  next: SubscriptionState,
  request = "",
): RosterContent | undefined {
  const { name, groups, pendingIn, listed } = old ?? NO_CONTENT;
  const { subscription, ask, approved } = next;
  const content: RosterContent = {
    name,
    groups,
    subscription,
    ask,
    approved,
    pendingIn: next.pendingIn ? (pendingIn ?? request) : undefined,
    listed,
  };
  return belongsInRoster(content) || next.pendingIn ? content : undefined;
}

/** True if clients are to see the contact. */
export function belongsInRoster(content: RosterContent): boolean {
  return content.listed || content.subscription !== "none" || content.ask || content.approved;
}

/** True if a roster shows both alike. */
export function looksLike(one: RosterContent, other: RosterContent): boolean {
  return (
    one.listed === other.listed &&
    one.subscription === other.subscription &&
    one.ask === other.ask &&
    one.approved === other.approved &&
    one.name === other.name &&
    one.groups.length === other.groups.length &&
    one.groups.every((group, i) => group === other.groups[i])
  );
}
