import type { Jid } from "@rookery/protocol";
import type { Session } from "../../sessions/session.ts";
import type { Found } from "./backlog.ts";
import type { Deliveries } from "./deliveries.ts";

/** What is known of an account that has sessions. */
export interface AccountState {
  readonly account: Jid;
  readonly deliveries: Deliveries;
  /** A session is being handed what waits. */
  giving: boolean;
  /** Sessions whose turn comes after. */
  readonly wanting: Set<Session>;
  /** Sessions that did not take what they were handed; they go on when they show that they do. */
  readonly stalled: Set<Session>;
  /** What is to be removed from the spool, with its size, once nobody reads it page by page. */
  readonly done: Map<string, number>;
  /** The account was removed: nothing of it is stored any more. */
  removed: boolean;
}

export function newState(account: Jid, deliveries: Deliveries): AccountState {
  return {
    account,
    deliveries,
    giving: false,
    wanting: new Set(),
    stalled: new Set(),
    done: new Map(),
    removed: false,
  };
}

/**
 * Learns of a message of the backlog, in order.
 * @returns whether nobody holds or has it.
 */
export function meet(
  { deliveries, done }: Pick<AccountState, "deliveries" | "done">,
  { id, at, spooled }: Found,
): boolean {
  const wasInSpool = deliveries.known(id)?.spooled !== undefined;
  const isLeft = deliveries.meet({ id, at }, spooled);
  // a client has it, and it was not known to be in the spool, or not removed before a crash
  const isOver = deliveries.known(id)?.taken === true;
  if (isOver && spooled !== undefined && !wasInSpool) done.set(id, spooled);
  return isLeft;
}
