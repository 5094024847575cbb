import { StanzaError } from "@rookery/protocol";
import type { Limits } from "../config/limits.ts";

/** Bounds of a roster; 0 means none. */
export interface RosterLimits {
  /** Contacts in the roster of one account. */
  readonly items: number;
  /** The whole roster, as XML. */
  readonly bytes: number;
  readonly nameBytes: number;
  /** Groups that one contact is in. */
  readonly groups: number;
  readonly groupBytes: number;
  /** Requests of others that wait for the account's answer. */
  readonly pendingIn: number;
  /**
   * Removed contacts that are remembered for clients that do not know it yet (RFC 6121 §2.6.3);
   * this one may be 0, and then such clients get the whole roster.
   */
  readonly removed: number;
}

/** More removals than one client misses; a client that does gets the whole roster. */
const REMEMBERED_REMOVALS = 100;

/** The bounds of rosters in a server's limits. */
export function rosterLimits(limits: Limits): RosterLimits {
  return {
    items: limits.rosterItems,
    bytes: limits.rosterBytes,
    nameBytes: limits.rosterNameBytes,
    groups: limits.rosterGroups,
    groupBytes: limits.rosterGroupBytes,
    pendingIn: limits.subscriptionRequests,
    removed: REMEMBERED_REMOVALS,
  };
}

/**
 * Checks what a client wants to keep of a contact (RFC 6121 §2.3.3).
 *
 * @throws StanzaError `bad-request` for a group named twice, `not-acceptable` for one without a name
 * and for whatever is too long or too many.
 */
export function checkRosterSet(
  name: string,
  groups: readonly string[],
  limits: RosterLimits,
): void {
  if (exceeds(Buffer.byteLength(name), limits.nameBytes)) {
    throw notAcceptable(`the name of a contact has at most ${limits.nameBytes} bytes`);
  }
  if (exceeds(groups.length, limits.groups)) {
    throw notAcceptable(`a contact is in at most ${limits.groups} groups, not ${groups.length}`);
  }
  for (const group of groups) {
    if (group === "") {
      throw notAcceptable("a group has no name; leave the group out to be in none");
    }
    if (exceeds(Buffer.byteLength(group), limits.groupBytes)) {
      throw notAcceptable(`the name of a group has at most ${limits.groupBytes} bytes`);
    }
  }
  if (new Set(groups).size < groups.length) {
    throw new StanzaError("bad-request", "a contact is in the same group twice");
  }
}

function exceeds(size: number, limit: number): boolean {
  return limit > 0 && size > limit;
}

function notAcceptable(text: string): StanzaError {
  return new StanzaError("not-acceptable", text);
}
