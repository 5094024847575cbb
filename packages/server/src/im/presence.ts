import { type Jid, priorityOf, Stanza, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Hooks, Maybe } from "../hooks.ts";
import type { Log } from "../log.ts";
import type { Session } from "../sessions/session.ts";
import { seemsBlocked } from "./blocked.ts";
import { type PresenceEvent, presenceFlow, sessionTakesMessages } from "./contract.ts";
import { directed } from "./directed.ts";
import type { Roster, Rosters } from "./roster.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What presence needs. */
export interface PresenceServices {
  readonly hooks: Hooks;
  readonly log: Log;
  readonly sessions: { of(account: Jid): readonly Session[]; get(full: Jid): Session | undefined };
  readonly rosters: Rosters;
  readonly subscriptions: Subscriptions;
  /** How many addresses a session may have sent directed presence to; 0 for no bound. */
  readonly maxTargets: number;
  /** True for a domain of this server, whose sessions can be seen here. */
  readonly isLocal: (domain: string) => boolean;
  /** Made by `presenceRoute`. */
  route(stanza: Stanza): Maybe<void>;
}

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
    return after(this.#services.hooks.lead(presenceFlow, event), (passed) => {
      // one that ended meanwhile has said that it is unavailable, and says nothing more
      if (passed && this.#isBound(session)) return this.#sent(session, passed.stanza);
    });
  }

  /** Takes presence for an account or one of its resources (§8.5.2.1, §8.5.3). */
  deliver(presence: Stanza, to: Jid): Maybe<void> {
    const event: PresenceEvent = {
      stanza: presence,
      account: to.bare,
      direction: "received",
      session: undefined,
    };
    return after(
      this.#services.hooks.lead(presenceFlow, event),
      (passed) => passed && this.#received(passed.stanza, to),
    );
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
    return after(this.#services.rosters.get(session.jid.bare), (roster) => {
      if (!this.#isBound(session)) return;
      const initial = !session.available;
      const tookMessages = (session.priority ?? -1) >= 0;
      session.presence = presence;
      session.priority = priority;
      const done = this.#broadcast(session, presence, roster);
      if (initial) this.#begin(session, roster);
      if (!tookMessages && priority >= 0) this.#services.hooks.emit(sessionTakesMessages, session);
      return done;
    });
  }

  #unavailable(session: Session, presence: Stanza): Maybe<void> {
    return after(this.#services.rosters.get(session.jid.bare), (roster) => {
      const wasAvailable = session.available;
      const done = wasAvailable ? this.#broadcast(session, presence, roster) : undefined;
      const others: Jid[] = [];
      for (const target of session.get(directed)?.values() ?? []) {
        // a full JID need not be an available resource, which the broadcast would reach
        const covered = wasAvailable && target.isBare && roster.isSubscriber(target);
        if (!covered) others.push(target);
      }
      session.presence = undefined;
      session.priority = undefined;
      session.set(directed, undefined);
      return together([done, this.#toEach(others, presence)]);
    });
  }

  /** To the contacts who may see it, and to the account's own available resources (§4.2.2, §4.4.2). */
  #broadcast(session: Session, presence: Stanza, roster: Roster): Maybe<void> {
    const done = this.#toEach(roster.subscribers(), presence);
    const own = presence.with({ to: session.jid.bare });
    for (const other of this.#services.sessions.of(session.jid)) {
      if (other.available) other.send(own);
    }
    return done;
  }

  /** Settles when all of it is handled here, so that nothing later overtakes it (RFC 6120 §10.1). */
  #toEach(targets: readonly Jid[], presence: Stanza): Maybe<void> {
    const waiting: Promise<void>[] = [];
    for (const to of targets) {
      const done = this.#services.route(presence.with({ to }));
      if (done instanceof Promise) waiting.push(done);
    }
    return together(waiting);
  }

  #isBound(session: Session): boolean {
    return this.#services.sessions.get(session.jid) === session;
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
    for (const request of roster.pendingRequests()) this.#remind(session, request);
  }

  /** Shows a request that waits for an answer, unless its sender was blocked since. */
  #remind(session: Session, request: Stanza): void {
    const query = { account: session.jid.bare, other: request.from };
    const { hooks, log } = this.#services;
    void after(seemsBlocked(query, hooks, log), (isBlocked) => {
      if (!isBlocked) session.send(request);
    });
  }

  // ── what others ask ────────────────────────────────────────────────────────

  /** Answers a probe (§4.3.2). */
  #probed(probe: Stanza, to: Jid): Maybe<void> {
    return after(this.#hearsNothing(probe, to), (nothing) => {
      if (nothing) return;
      return after(this.#services.rosters.get(to.bare), (roster) => this.#tell(probe, to, roster));
    });
  }

  /**
   * True for an asker of this server who is to hear nothing: a subscriber, for whom it means that
   * the contact is offline (so the rosters of all who are need not be read), and one whose request
   * waits, who must not take `unsubscribed` for the answer. All others are answered alike, whether
   * the contact is online, offline, or no account at all.
   */
  #hearsNothing({ from }: Stanza, to: Jid): Maybe<boolean> {
    const { sessions, rosters, isLocal } = this.#services;
    if (!isLocal(from.domain)) return false;
    return after(rosters.get(from.bare), (roster) => {
      if (roster.get(to.bare)?.ask) return true;
      const online = sessions.of(to).some((session) => session.available);
      return !online && roster.isSubscribedTo(to.bare);
    });
  }

  #tell(probe: Stanza, to: Jid, roster: Roster): Maybe<void> {
    const asker = probe.from;
    if (!roster.isSubscriber(asker.bare) && !asker.bare.equals(to.bare)) {
      return this.#answer({ type: "unsubscribed", from: to.bare, to: asker });
    }
    let answered = false;
    for (const session of this.#services.sessions.of(to)) {
      if (!session.presence || (!to.isBare && !session.jid.equals(to))) continue;
      answered = true;
      void this.#services.route(session.presence.with({ to: asker }));
    }
    if (!answered) return this.#answer({ type: "unavailable", from: to, to: asker });
  }

  #answer(fields: {
    readonly type: "unavailable" | "unsubscribed";
    from: Jid;
    to: Jid;
  }): Maybe<void> {
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
}

/** Settles when all of them are done; none of them rejects. */
function together(all: readonly Maybe<void>[]): Maybe<void> {
  const waiting = all.filter((one) => one instanceof Promise);
  return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => {});
}
