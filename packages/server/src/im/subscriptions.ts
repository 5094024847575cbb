import { type Jid, Stanza, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../hooks.ts";
import type { Log } from "../log.ts";
import type { Session } from "../sessions/session.ts";
import {
  type Roster,
  type RosterItem,
  type Rosters,
  subscriptionOf,
  withSubscription,
  writeRequest,
} from "./roster.ts";
import { interested, type RosterRequests } from "./roster-requests.ts";
import {
  inbound,
  outbound,
  removal,
  type SubscriptionKind,
  type SubscriptionState,
} from "./subscription.ts";

/** What subscriptions need. */
export interface SubscriptionServices {
  readonly rosters: Rosters;
  readonly requests: RosterRequests;
  readonly sessions: { of(account: Jid): readonly Session[] };
  readonly accounts: { exists(account: Jid): Maybe<boolean> };
  readonly log: Log;
  route(stanza: Stanza): Maybe<void>;
}

/** The exchange of presence subscriptions (RFC 6121 §3); `subscription.ts` has the rules. */
export class Subscriptions {
  readonly #services: SubscriptionServices;

  constructor(services: SubscriptionServices) {
    this.#services = services;
  }

  /** Takes a subscription stanza of a session. @throws StanzaError */
  send(session: Session, presence: Stanza): Maybe<void> {
    const account = session.jid.bare;
    const contact = presence.to?.bare;
    if (contact === undefined) {
      throw new StanzaError("bad-request", `presence of type ${presence.type} is sent to someone`);
    }
    if (contact.equals(account)) return; // everyone sees their own presence
    const stamped = presence.with({ from: account, to: contact }); // §3.1.2
    return after(this.#services.rosters.get(account), (roster) =>
      this.#send(roster, contact, stamped),
    );
  }

  #send(roster: Roster, contact: Jid, stanza: Stanza): Maybe<void> {
    const { account } = roster;
    const decided = outbound(stateOf(roster, contact), kindOf(stanza));
    return after(this.#change(roster, contact, decided.next, ""), () => {
      if (decided.presence === "unavailable") this.#owe(account, contact, "unavailable");
      if (decided.route) void this.#services.route(stanza);
      if (decided.presence === "available") this.#owe(account, contact, "available");
    });
  }

  /** Takes a subscription stanza for an account. */
  receive(presence: Stanza, account: Jid): Maybe<void> {
    const contact = presence.from.bare;
    if (contact.equals(account)) return;
    return after(this.#services.rosters.get(account), (roster) => {
      if (roster.get(contact) !== undefined || this.#services.sessions.of(account).length > 0) {
        return this.#receive(roster, contact, presence);
      }
      // §8.5.1: for an account that there is not, silence; it tells the same as no answer
      return after(this.#services.accounts.exists(account), (exists) =>
        exists ? this.#receive(roster, contact, presence) : undefined,
      );
    });
  }

  #receive(roster: Roster, contact: Jid, presence: Stanza): Maybe<void> {
    const { account } = roster;
    const stanza = presence.with({ from: contact, to: account });
    const decided = inbound(stateOf(roster, contact), kindOf(stanza));
    const request = stanza.type === "subscribe" ? writeRequest(stanza) : "";
    if (decided.deliver) this.#deliver(account, stanza);
    return after(this.#change(roster, contact, decided.next, request), () => {
      if (decided.autoReply) this.#say(account, contact, decided.autoReply);
      if (decided.presence) this.#owe(account, contact, decided.presence);
    });
  }

  /** A contact was deleted from the roster: what was between the two ends (§2.5.2). */
  removed(account: Jid, item: RosterItem): void {
    const { presence, stanzas } = removal(subscriptionOf(item));
    if (presence) this.#owe(account, item.jid, presence);
    for (const type of stanzas) this.#say(account, item.jid, type);
  }

  /** Keeps the new state; what clients see of it is pushed to them. */
  #change(roster: Roster, contact: Jid, next: SubscriptionState, request: string): Maybe<void> {
    const { rosters, requests, log } = this.#services;
    const change = (old: RosterItem | undefined): ReturnType<typeof withSubscription> =>
      withSubscription(old, next, request);
    return after(rosters.update(roster.account, contact, change), (update) => {
      if (update.change) requests.push(roster.account, update.change);
      update.committed.catch((error: unknown) =>
        log.error("a subscription was not stored", { error }),
      );
    });
  }

  /** A request goes to available resources (§3.1.3), the rest to interested ones (§3.1.6, §3.2.3, §3.3.3). */
  #deliver(account: Jid, stanza: Stanza): void {
    for (const session of this.#services.sessions.of(account)) {
      const sees = stanza.type === "subscribe" ? session.available : session.get(interested);
      if (sees) session.send(stanza);
    }
  }

  /** Sends a contact what the account's available resources say, or that they are gone. */
  #owe(account: Jid, contact: Jid, presence: "available" | "unavailable"): void {
    for (const session of this.#services.sessions.of(account)) {
      if (session.presence === undefined) continue;
      const stanza =
        presence === "available"
          ? session.presence.with({ to: contact })
          : new Stanza({ kind: "presence", type: presence, from: session.jid, to: contact });
      void this.#services.route(stanza);
    }
  }

  #say(account: Jid, contact: Jid, type: SubscriptionKind): void {
    void this.#services.route(
      new Stanza({ kind: "presence", type, from: account, to: contact }),
    );
  }
}

function stateOf(roster: Roster, contact: Jid): SubscriptionState {
  return subscriptionOf(roster.get(contact));
}

function kindOf(stanza: Stanza): SubscriptionKind {
  return stanza.type as SubscriptionKind;
}
