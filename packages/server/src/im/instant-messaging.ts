import { type Jid, type Stanza, StanzaError } from "@rookery/protocol";
import type { Accounts } from "../accounts/accounts.ts";
import type { Random } from "../clock.ts";
import type { Limits } from "../config/limits.ts";
import type { Hooks, Maybe } from "../hooks.ts";
import { type IqHandlers, notOffered } from "../iq.ts";
import type { Log } from "../log.ts";
import type { Router } from "../router.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionTable } from "../sessions/table.ts";
import type { Storage } from "../storage/api.ts";
import { type IqEvent, iqFlow, sessionBegan, sessionEnded } from "./contract.ts";
import { Messages } from "./messages.ts";
import { Presence } from "./presence.ts";
import { openRosters, type Rosters } from "./roster.ts";
import { RosterRequests } from "./roster-requests.ts";
import { Subscriptions } from "./subscriptions.ts";

/** What instant messaging needs from its host and the server. */
export interface InstantMessagingServices {
  readonly hooks: Hooks;
  readonly accounts: Accounts;
  readonly iq: IqHandlers;
  readonly log: Log;
  readonly random: Random;
  readonly limits: Limits;
  readonly router: Router;
  readonly sessions: SessionTable;
  readonly storage: Storage;
  isLocal(domain: string): boolean;
}

/** RFC 6121 for the accounts of one host: where messages, presence and requests meet its rules. */
export class InstantMessaging {
  readonly rosters: Rosters;
  readonly #services: InstantMessagingServices;
  readonly #messages: Messages;
  readonly #presence: Presence;

  private constructor(services: InstantMessagingServices, rosters: Rosters) {
    const { hooks, accounts, sessions, router, limits, random, log } = services;
    const route = (stanza: Stanza): Maybe<void> => router.route(stanza);
    this.#services = services;
    this.rosters = rosters;
    const requests = new RosterRequests({ rosters, sessions, random, iq: services.iq });
    const subscriptions = new Subscriptions({ rosters, accounts, sessions, requests, route, log });
    this.#messages = new Messages({ hooks, sessions, accounts, route });
    this.#presence = new Presence({
      hooks,
      sessions,
      rosters,
      subscriptions,
      route,
      maxTargets: limits.presenceTargets,
      isLocal: services.isLocal,
    });
    requests.onRemoved = (account, item) => subscriptions.removed(account, item);
  }

  static async open(services: InstantMessagingServices): Promise<InstantMessaging> {
    return new InstantMessaging(services, await openRosters(services));
  }

  /** Takes a stanza of a session (RFC 6120 §10.3 where it has no address). @throws StanzaError */
  receive(session: Session, stanza: Stanza): Maybe<void> {
    switch (stanza.kind) {
      case "message":
        return this.#messages.send(session, stanza);
      case "presence":
        return this.#presence.send(session, stanza);
      case "iq":
        return this.#sendIq(session, stanza);
    }
  }

  /** Takes a stanza for an account, or for one of its resources. @throws StanzaError */
  deliver(stanza: Stanza, to: Jid): Maybe<void> {
    switch (stanza.kind) {
      case "message":
        return this.#messages.deliver(stanza, to);
      case "presence":
        return this.#presence.deliver(stanza, to);
      case "iq":
        return this.#deliverIq(stanza, to);
    }
  }

  /** True if the account shows its presence to the asker, or is the asker. */
  maySeePresence(account: Jid, asker: Jid): Maybe<boolean> {
    if (asker.bare.equals(account)) return true;
    const roster = this.rosters.get(account);
    if (roster instanceof Promise) return roster.then((r) => r.isSubscriber(asker.bare));
    return roster.isSubscriber(asker.bare);
  }

  began(session: Session): void {
    this.#services.hooks.emit(sessionBegan, session);
  }

  ended(session: Session): void {
    this.#services.hooks.emit(sessionEnded, session);
    const failed = (error: unknown): void =>
      this.#services.log.error("unavailable presence was not sent", { error });
    try {
      const done = this.#presence.ended(session);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  // ── IQ: RFC 6120 §10.3.3, RFC 6121 §8.5.1, §8.5.2.1.3, §8.5.3 ───────────────

  #sendIq(session: Session, iq: Stanza): Maybe<void> {
    const account = session.jid.bare;
    const stanza = iq.to === undefined ? iq.with({ to: account }) : iq;
    return this.#leadIq({ stanza, account, direction: "sent" }, (led) =>
      this.#services.router.route(led),
    );
  }

  #deliverIq(iq: Stanza, to: Jid): Maybe<void> {
    return this.#leadIq({ stanza: iq, account: to.bare, direction: "received" }, (led) => {
      if (to.isBare) return this.#answerIq(led, to);
      const session = this.#services.sessions.get(to);
      if (session) session.send(led);
      else if (led.isRequest) throw new StanzaError("service-unavailable", `${to} is not connected`);
    });
  }

  #leadIq(event: IqEvent, then: (iq: Stanza) => Maybe<void>): Maybe<void> {
    const led = this.#services.hooks.lead(iqFlow, event);
    if (led instanceof Promise) return led.then((late) => late && then(late.stanza));
    return led && then(led.stanza);
  }

  /** The server answers for the account; others than its own sessions reach fewer handlers. */
  #answerIq(iq: Stanza, account: Jid): Maybe<void> {
    if (!iq.isRequest) return; // nothing is asked in an account's name
    const session = this.#services.sessions.get(iq.from);
    if (iq.from.bare.equals(account)) {
      return this.#services.iq.answer(iq, ["own", "account"], account, session);
    }
    const exists = this.#services.accounts.exists(account);
    const answer = (known: boolean): Maybe<void> => {
      if (!known) throw notOffered(iq); // as for an account that there is
      return this.#services.iq.answer(iq, ["account"], account, session);
    };
    return exists instanceof Promise ? exists.then(answer) : answer(exists);
  }
}
