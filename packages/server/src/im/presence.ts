import { type Jid, priorityOf, Stanza, StanzaError } from "@rookery/protocol";
import type { Hooks, Maybe } from "../hooks.ts";
import type { Session } from "../sessions/session.ts";
import { type Slot, slot } from "../sessions/slot.ts";
import { type PresenceEvent, presenceFlow, sessionTakesMessages } from "./contract.ts";
import type { Roster, Rosters } from "./roster.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What presence needs. */
export interface PresenceServices {
  readonly hooks: Hooks;
  readonly sessions: { of(account: Jid): readonly Session[]; get(full: Jid): Session | undefined };
  readonly rosters: Rosters;
  readonly subscriptions: Subscriptions;
  /** How many addresses a session may have sent directed presence to; 0 for no bound. */
  readonly maxTargets: number;
  /** True for a domain of this server, whose sessions can be seen here. */
  isLocal(domain: string): boolean;
  route(stanza: Stanza): Maybe<void>;
}

/** Whom a session has sent directed presence to, by address (RFC 6121 §4.6.2). */
const directed: Slot<Map<string, Jid> | undefined> = slot("presence/directed", undefined);

/** The exchange of presence: RFC 6121 §4 and §8.5. */
export class Presence {
  readonly #services: PresenceServices;

  constructor(services: PresenceServices) {
    this.#services = services;
  }

  /** Takes presence of a session. */
  send(session: Session, presence: Stanza): Maybe<void> {
    const event: PresenceEvent = {
      stanza: presence,
      account: session.jid.bare,
      direction: "sent",
      session,
    };
    const led = this.#services.hooks.lead(presenceFlow, event);
    if (led instanceof Promise) return led.then((late) => late && this.#sent(session, late.stanza));
    return led && this.#sent(session, led.stanza);
  }

  /** Takes presence for an account or one of its resources (§8.5.2.1, §8.5.3). */
  deliver(presence: Stanza, to: Jid): Maybe<void> {
    const event: PresenceEvent = {
      stanza: presence,
      account: to.bare,
      direction: "received",
      session: undefined,
    };
    const led = this.#services.hooks.lead(presenceFlow, event);
    if (led instanceof Promise) return led.then((late) => late && this.#received(late.stanza, to));
    return led && this.#received(led.stanza, to);
  }

  /** Says unavailable for a session that is gone (§4.5.2), to everyone who saw it. */
  ended(session: Session): Maybe<void> {
    if (!session.available && session.get(directed) === undefined) return;
    return this.#unavailable(
      session,
      new Stanza({ kind: "presence", type: "unavailable", from: session.jid }),
    );
  }

  #sent(session: Session, presence: Stanza): Maybe<void> {
    switch (presence.type) {
      case "available":
        if (presence.to === undefined) return this.#available(session, presence);
        this.#remember(session, presence.to);
        return this.#services.route(presence);
      case "unavailable":
        if (presence.to === undefined) return this.#unavailable(session, presence);
        session.get(directed)?.delete(presence.to.toString());
        return this.#services.route(presence);
      case "subscribe":
      case "subscribed":
      case "unsubscribe":
      case "unsubscribed":
        return this.#services.subscriptions.send(session, presence);
      default: // a probe is the server's to send (§4.3); an error answers someone
        if (presence.to === undefined) return;
        return this.#services.route(presence);
    }
  }

  #received(presence: Stanza, to: Jid): Maybe<void> {
    switch (presence.type) {
      case "available":
      case "unavailable":
        this.#hand(presence, to);
        return;
      case "error":
        if (!to.isBare) this.#services.sessions.get(to)?.send(presence);
        return;
      case "probe":
        return this.#probed(presence, to);
      default:
        return this.#services.subscriptions.receive(presence, to.bare);
    }
  }

  #hand(presence: Stanza, to: Jid): void {
    if (!to.isBare) {
      this.#services.sessions.get(to)?.send(presence);
      return;
    }
    for (const session of this.#services.sessions.of(to)) {
      if (session.available) session.send(presence);
    }
  }

  // ── what a session says of itself ──────────────────────────────────────────

  #available(session: Session, presence: Stanza): Maybe<void> {
    const priority = priorityOf(presence);
    return this.#withRoster(session.jid.bare, (roster) => {
      if (this.#services.sessions.get(session.jid) !== session) return;
      const initial = !session.available;
      const tookMessages = (session.priority ?? -1) >= 0;
      session.presence = presence;
      session.priority = priority;
      this.#broadcast(session, presence, roster);
      if (initial) this.#begin(session, roster);
      if (!tookMessages && priority >= 0) this.#services.hooks.emit(sessionTakesMessages, session);
    });
  }

  #unavailable(session: Session, presence: Stanza): Maybe<void> {
    return this.#withRoster(session.jid.bare, (roster) => {
      const wasAvailable = session.available;
      if (wasAvailable) this.#broadcast(session, presence, roster);
      for (const target of session.get(directed)?.values() ?? []) {
        const covered = wasAvailable && roster.isSubscriber(target.bare);
        if (!covered) void this.#services.route(presence.with({ to: target }));
      }
      session.presence = undefined;
      session.priority = undefined;
      session.set(directed, undefined);
    });
  }

  /** To the contacts who may see it, and to the account's own available resources (§4.2.2, §4.4.2). */
  #broadcast(session: Session, presence: Stanza, roster: Roster): void {
    for (const contact of roster.subscribers()) {
      void this.#services.route(presence.with({ to: contact }));
    }
    const own = presence.with({ to: session.jid.bare });
    for (const other of this.#services.sessions.of(session.jid)) {
      if (other.available) other.send(own);
    }
  }

  /** What a resource learns when it becomes available (§4.2.2, §4.3.1, §3.1.3). */
  #begin(session: Session, roster: Roster): void {
    for (const other of this.#services.sessions.of(session.jid)) {
      if (other !== session && other.presence) {
        session.send(other.presence.with({ to: session.jid }));
      }
    }
    for (const contact of roster.subscriptions()) {
      void this.#services.route(
        new Stanza({ kind: "presence", type: "probe", from: session.jid, to: contact }),
      );
    }
    for (const request of roster.pendingRequests()) session.send(request);
  }

  // ── what others ask ────────────────────────────────────────────────────────

  /** Answers a probe (§4.3.2). */
  #probed(probe: Stanza, to: Jid): Maybe<void> {
    const online = this.#services.sessions.of(to).some((session) => session.available);
    // Someone of this server who hears nothing knows that the contact is offline.
    if (!online && this.#services.isLocal(probe.from.domain)) return;
    return this.#withRoster(to.bare, (roster) => {
      const from = to.bare;
      if (!roster.isSubscriber(probe.from.bare) && !probe.from.bare.equals(from)) {
        return this.#answer({ type: "unsubscribed", from, to: probe.from });
      }
      let answered = false;
      for (const session of this.#services.sessions.of(to)) {
        if (!session.presence || (!to.isBare && !session.jid.equals(to))) continue;
        answered = true;
        void this.#services.route(session.presence.with({ to: probe.from }));
      }
      if (!answered) return this.#answer({ type: "unavailable", from, to: probe.from });
    });
  }

  #answer(fields: { readonly type: "unavailable" | "unsubscribed"; from: Jid; to: Jid }): Maybe<void> {
    return this.#services.route(new Stanza({ kind: "presence", ...fields }));
  }

  // ── directed presence ──────────────────────────────────────────────────────

  #remember(session: Session, to: Jid): void {
    const targets = session.get(directed) ?? new Map<string, Jid>();
    const { maxTargets } = this.#services;
    if (maxTargets > 0 && targets.size >= maxTargets && !targets.has(to.toString())) {
      throw new StanzaError(
        "resource-constraint",
        `presence was sent to ${maxTargets} addresses already`,
      );
    }
    session.set(directed, targets.set(to.toString(), to));
  }

  #withRoster(account: Jid, work: (roster: Roster) => Maybe<void>): Maybe<void> {
    const roster = this.#services.rosters.get(account);
    return roster instanceof Promise ? roster.then(work) : work(roster);
  }
}
