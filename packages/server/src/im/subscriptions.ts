import { type Jid, Stanza, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../hooks.ts";
import type { Log } from "../log.ts";
import type { Session } from "../sessions/session.ts";
import type { SubscriptionRequest } from "./contract.ts";
import {
  type RosterContent,
  type RosterItem,
  type Rosters,
  type RosterUpdate,
  subscriptionOf,
  withSubscription,
  writeRequest,
} from "./roster.ts";
import { interested, type RosterRequests } from "./roster-requests.ts";
import {
  type InboundSubscription,
  inbound,
  type OutboundSubscription,
  outbound,
  removal,
  type SubscriptionKind,
} from "./subscription.ts";

/** What subscriptions need. */
export interface SubscriptionServices {
  readonly rosters: Rosters;
  readonly requests: RosterRequests;
  readonly sessions: { of(account: Jid): readonly Session[] };
  readonly accounts: { exists(account: Jid): Maybe<boolean> };
  readonly log: Log;
  /** True if the account agreed to a request before it was made. */
  granted(request: SubscriptionRequest): Maybe<boolean>;
  route(stanza: Stanza): Maybe<void>;
  /** Answers a stanza with an error. */
  refuse(stanza: Stanza, error: unknown): void;
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
    const stanza = presence.with({ from: account, to: contact }); // §3.1.2
    return this.#send(stanza, account, contact, (error) => this.#services.refuse(presence, error));
  }

  /**
   * Makes two accounts of this host see each other, as if each had asked and the other had agreed.
   * @throws StanzaError `resource-constraint` if a roster is full.
   */
  async befriend(one: Jid, other: Jid): Promise<void> {
    const writes = [await this.#link(one, other), await this.#link(other, one)];
    this.#owe(one, other, "available");
    this.#owe(other, one, "available");
    await Promise.all(writes.map(({ committed }) => committed));
  }

  #link(account: Jid, contact: Jid): Maybe<RosterUpdate> {
    const both = { subscription: "both", ask: false, pendingIn: false } as const;
    const update = this.#services.rosters.update(account, contact, (old) =>
      withSubscription(old, { ...subscriptionOf(old), ...both }),
    );
    return after(update, (done) => {
      this.#services.requests.push(account, done);
      return done;
    });
  }

  #send(stanza: Stanza, account: Jid, contact: Jid, failed: (error: unknown) => void): Maybe<void> {
    let decided: OutboundSubscription | undefined;
    const change = (old: RosterItem | undefined): RosterContent | undefined => {
      decided = outbound(subscriptionOf(old), kindOf(stanza));
      return withSubscription(old, decided.next);
    };
    return after(this.#services.rosters.update(account, contact, change), (update) => {
      update.committed.catch(failed);
      this.#services.requests.push(account, update);
      if (decided) return this.#sent(decided, stanza, contact);
    });
  }

  #sent(decided: OutboundSubscription, stanza: Stanza, contact: Jid): Maybe<void> {
    const account = stanza.from;
    if (decided.presence === "unavailable") this.#owe(account, contact, "unavailable");
    return after(decided.route ? this.#services.route(stanza) : undefined, () => {
      if (decided.presence === "available") this.#owe(account, contact, "available");
    });
  }

  /** Takes a subscription stanza for an account. */
  receive(presence: Stanza, account: Jid): Maybe<void> {
    const contact = presence.from.bare;
    if (contact.equals(account)) return;
    return after(this.#exists(account), (exists) => {
      // §8.5.1: for an account that there is not, silence; it tells the same as no answer
      if (!exists) return;
      return after(this.#isGranted(account, contact, presence), (granted) =>
        after(this.#receive(account, contact, presence, granted), () => {
          if (granted) return this.#return(account, contact);
        }),
      );
    });
  }

  /** XEP-0379 §3.5: only what would wait for the user is asked about. */
  #isGranted(account: Jid, contact: Jid, stanza: Stanza): Maybe<boolean> {
    if (stanza.type !== "subscribe") return false;
    return after(this.#services.rosters.get(account), (roster) =>
      roster.isSubscriber(contact) ? false : this.#services.granted({ account, contact, stanza }),
    );
  }

  /** Asks for the presence of a contact who was granted the account's. */
  #return(account: Jid, contact: Jid): Maybe<void> {
    return after(this.#services.rosters.get(account), (roster) => {
      if (roster.isSubscribedTo(contact)) return;
      const fields = { kind: "presence", type: "subscribe", from: account, to: contact } as const;
      return this.#send(new Stanza(fields), account, contact, (error) => this.#failed(error));
    });
  }

  #failed(error: unknown): void {
    this.#services.log.error("a subscription was not stored", { error });
  }

  /** An account that has a session need not be looked up. */
  #exists(account: Jid): Maybe<boolean> {
    if (this.#services.sessions.of(account).length > 0) return true;
    return this.#services.accounts.exists(account);
  }

  #receive(account: Jid, contact: Jid, presence: Stanza, granted: boolean): Maybe<void> {
    const stanza = presence.with({ from: contact, to: account });
    const request = stanza.type === "subscribe" ? writeRequest(stanza) : "";
    let decided: InboundSubscription | undefined;
    const change = (old: RosterItem | undefined): RosterContent | undefined => {
      const state = subscriptionOf(old);
      decided = inbound(granted ? { ...state, approved: true } : state, kindOf(stanza));
      return withSubscription(old, { ...decided.next, approved: state.approved }, request);
    };
    return after(this.#services.rosters.update(account, contact, change), (update) => {
      if (decided?.deliver) this.#deliver(account, stanza);
      this.#services.requests.push(account, update);
      update.committed.catch((error: unknown) => this.#failed(error));
      return decided && this.#answer(decided, account, contact);
    });
  }

  #answer({ autoReply, presence }: InboundSubscription, account: Jid, contact: Jid): Maybe<void> {
    return after(autoReply ? this.#say(account, contact, autoReply) : undefined, () => {
      if (presence) this.#owe(account, contact, presence);
    });
  }

  /** A contact was deleted from the roster: what was between the two ends (§2.5.2). */
  removed(account: Jid, item: RosterItem): Maybe<void> {
    const { presence, stanzas } = removal(subscriptionOf(item));
    if (presence) this.#owe(account, item.jid, presence);
    let done: Maybe<void> = undefined;
    for (const type of stanzas) done = after(done, () => this.#say(account, item.jid, type));
    return done;
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
    void this.#services.route(new Stanza({ kind: "presence", type, from: account, to: contact }));
  }
}

function kindOf(stanza: Stanza): SubscriptionKind {
  return stanza.type as SubscriptionKind;
}
