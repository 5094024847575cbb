import { type Jid, type RosterItem, rosterQuery, type Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { iqFlow, presenceFlow } from "../../im/contract.ts";
import type { Asking } from "./asking.ts";

/** Those who are subscribed to an account's presence, with the groups they are in; by bare JID. */
export type Subscribers = ReadonlyMap<string, RosterItem>;

/** Accounts whose subscribers are remembered. */
const REMEMBERED = 1000;
/** How long at most, in milliseconds. */
const FRESH = 60_000;

interface Remembered {
  readonly subscribers: Subscribers;
  readonly until: number;
}

/**
 * The subscribers of accounts. They are found by asking for the roster as the account's own clients
 * do (RFC 6121 §2.1.3), which takes long for a large one: so they are remembered until it changes.
 */
export class Contacts {
  readonly #host: Host;
  readonly #asking: Asking;
  /** In the order in which they were read. */
  readonly #remembered: Map<string, Remembered> = new Map();

  constructor(host: Host, asking: Asking) {
    this.#host = host;
    this.#asking = asking;
    host.on(presenceFlow, "record", ({ stanza, account, direction }) => {
      if (changesSubscriptions(stanza)) this.forget(account);
      // one who was made a contact by other ways
      if (direction === "received" && !this.#isKnown(account, stanza.from)) this.forget(account);
    });
    host.on(iqFlow, "rewrite", ({ stanza, account }) => {
      if (stanza.type === "set" && stanza.has(rosterQuery.ns)) this.forget(account);
    });
  }

  /**
   * Whom to think of when something happens. Whether they may know, is to be asked for each: one who
   * has lost access a moment ago may still be among them.
   */
  remembered(account: Jid): Maybe<Subscribers> {
    const known = this.#remembered.get(account.toString());
    if (known && known.until > this.#host.clock.now()) return known.subscribers;
    return after(this.read(account), (subscribers) => {
      const until = this.#host.clock.now() + FRESH;
      this.forget(account);
      this.#remembered.set(account.toString(), { subscribers, until });
      for (const oldest of this.#remembered.keys()) {
        if (this.#remembered.size <= REMEMBERED) break;
        this.#remembered.delete(oldest);
      }
      return subscribers;
    });
  }

  /** As they are now. */
  read(account: Jid): Maybe<Subscribers> {
    const asked = this.#asking.ask(account, account, rosterQuery.write({ items: [] }));
    return after(asked, (roster) => {
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

  forget(account: Jid): void {
    this.#remembered.delete(account.toString());
  }

  #isKnown(account: Jid, other: Jid): boolean {
    const known = this.#remembered.get(account.toString());
    return known?.subscribers.has(other.bare.toString()) ?? false;
  }
}

function changesSubscriptions({ type }: Stanza): boolean {
  return (
    type === "subscribe" ||
    type === "subscribed" ||
    type === "unsubscribe" ||
    type === "unsubscribed"
  );
}
