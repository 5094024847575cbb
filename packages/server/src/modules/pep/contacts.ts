import { type Jid, type RosterItem, rosterQuery } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Asking } from "./asking.ts";

/** Those who are subscribed to an account's presence, with the groups they are in. */
export type Subscribers = ReadonlyMap<string, RosterItem>;

/**
 * Asks for the roster of an account as its own clients do (RFC 6121 §2.1.3), so that groups and
 * subscriptions are what they are now.
 */
export function subscribersOf(asking: Asking, account: Jid): Maybe<Subscribers> {
  return after(asking.ask(account, account, rosterQuery.write({ items: [] })), (roster) => {
    const subscribers = new Map<string, RosterItem>();
    if (roster === undefined) return subscribers;
    for (const item of rosterQuery.read(roster).items) {
      const { jid, subscription } = item;
      if (subscription === "from" || subscription === "both") {
        subscribers.set(jid.toString(), item);
      }
    }
    return subscribers;
  });
}
