import { type Jid, type Stanza, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
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
import {
  accountRemoved,
  type IqEvent,
  iqFlow,
  sessionBegan,
  sessionEnded,
  subscriptionGranted,
} from "./contract.ts";
import { Messages, refuseMessage } from "./messages.ts";
import { Presence } from "./presence.ts";
import { openRosters, type Rosters } from "./roster.ts";
import { RosterRequests } from "./roster-requests.ts";
import { Subscriptions } from "./subscriptions.ts";
import { presenceRoute, Visibility } from "./visibility.ts";

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
  readonly isLocal: (domain: string) => boolean;
}

/** RFC 6121 for the accounts of one host: where messages, presence and requests meet its rules. */
export class InstantMessaging {
  readonly rosters: Rosters;
  /** Appearing offline to some. */
  readonly visibility: Visibility;
  readonly #services: InstantMessagingServices;
  readonly #messages: Messages;
  readonly #presence: Presence;
  readonly #subscriptions: Subscriptions;
  /** Accounts that are being removed: nothing more is taken for them, or from them. */
  readonly #leaving: Set<string> = new Set();

  private constructor(services: InstantMessagingServices, rosters: Rosters) {
    const { hooks, accounts, sessions, router, limits, random, log } = services;
    const route = (stanza: Stanza): Maybe<void> => router.route(stanza);
    const tell = presenceRoute(hooks, route, log);
    this.visibility = new Visibility({ sessions, rosters, tell });
    this.#services = services;
    this.rosters = rosters;
    const requests = new RosterRequests({ rosters, sessions, random, iq: services.iq });
    const refuse = (stanza: Stanza, error: unknown): void => router.refuse(stanza, error);
    const subscriptions = new Subscriptions({
      rosters,
      accounts,
      sessions,
      requests,
      granted: (request) =>
        after(hooks.run(subscriptionGranted, request), (granted) => granted === true),
      route: tell,
      refuse,
      log,
    });
    this.#subscriptions = subscriptions;
    this.#messages = new Messages({ hooks, sessions, accounts, route });
    this.#presence = new Presence({
      hooks,
      log,
      sessions,
      rosters,
      subscriptions,
      route: tell,
      maxTargets: limits.presenceTargets,
      isLocal: services.isLocal,
    });
    requests.onRemoved = (account, item) => subscriptions.removed(account, item);
  }

  static async open(services: InstantMessagingServices): Promise<InstantMessaging> {
    return new InstantMessaging(services, await openRosters(services));
  }

  /** Takes what a session sends (RFC 6120 §10.3 where it has no address). @throws StanzaError */
  send(session: Session, stanza: Stanza): Maybe<void> {
    if (this.#isLeaving(session.jid)) {
      throw new StanzaError("not-authorized", `${session.jid.bare} is being removed`);
    }
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
    if (this.#isLeaving(to)) return toNobody(stanza, to);
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
    if (this.#isLeaving(account)) return false;
    if (asker.bare.equals(account)) return true;
    const roster = this.rosters.get(account);
    return after(roster, (known) => known.isSubscriber(asker.bare));
  }

  /**
   * Takes leave of everyone an account has to do with, so that the next owner of its name inherits
   * nothing: subscriptions and requests end in both directions, as if it had deleted each contact
   * from its roster (RFC 6121 §2.5.2). Its sessions have ended before.
   *
   * @param remove deletes the account and all that is stored of it.
   */
  async removeAccount(account: Jid, remove: () => Promise<void>): Promise<void> {
    const key = account.toString();
    if (this.#leaving.has(key)) throw new Error(`${key} is being removed already`);
    this.#leaving.add(key);
    try {
      const roster = await this.rosters.get(account);
      for (const item of new Set([...roster.items(), ...roster.pending()])) {
        await this.#subscriptions.removed(account, item);
      }
      const removed = remove();
      this.rosters.forget(account, removed);
      await removed;
    } finally {
      this.rosters.forget(account, Promise.resolve()); // what was read of it meanwhile
      this.#services.hooks.emit(accountRemoved, account);
      this.#leaving.delete(key);
    }
  }

  /** Takes a message once more that a session which has ended was given. @throws StanzaError */
  deliverAgain(message: Stanza, to: Jid): void {
    if (this.#isLeaving(to)) toNobody(message, to);
    else this.#messages.deliverAgain(message, to);
  }

  /**
   * Makes two accounts contacts who see each other.
   * @throws StanzaError `resource-constraint` if a roster is full.
   */
  befriend(one: Jid, other: Jid): Promise<void> {
    return this.#subscriptions.befriend(one, other);
  }

  #isLeaving(jid: Jid): boolean {
    return this.#leaving.size > 0 && this.#leaving.has(jid.bare.toString());
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
      else if (led.isRequest) throw notOffered(led);
    });
  }

  #leadIq(event: IqEvent, then: (iq: Stanza) => Maybe<void>): Maybe<void> {
    const led = this.#services.hooks.lead(iqFlow, event);
    return after(led, (passed) => passed && then(passed.stanza));
  }

  /** The server answers for the account; others than its own sessions reach fewer handlers. */
  #answerIq(iq: Stanza, account: Jid): Maybe<void> {
    if (!iq.isRequest) return; // nothing is asked in an account's name
    const session = this.#services.sessions.get(iq.from);
    if (iq.from.bare.equals(account)) {
      return this.#services.iq.answer(iq, ["own", "account"], account, session);
    }
    const known = (): Maybe<boolean> => this.#services.accounts.exists(account);
    return alike(iq, () => this.#services.iq.answer(iq, ["account"], account, session, known));
  }
}

/** What becomes of a stanza for an account that there is not (RFC 6121 §8.5.1). */
function toNobody(stanza: Stanza, to: Jid): void {
  if (stanza.kind === "message") refuseMessage(stanza, to);
  else if (stanza.isRequest) throw notOffered(stanza);
}

/** An account that offers nothing to the asker answers in the words of one that there is not. */
function alike(iq: Stanza, answer: () => Maybe<void>): Maybe<void> {
  const reword = (error: unknown): never => {
    const refused = error instanceof StanzaError && error.condition === "service-unavailable";
    throw refused ? notOffered(iq) : error;
  };
  try {
    const done = answer();
    return done instanceof Promise ? done.catch(reword) : done;
  } catch (error) {
    return reword(error);
  }
}
