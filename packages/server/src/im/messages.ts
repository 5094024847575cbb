import { type Jid, type Stanza, StanzaError, withoutStanzaIds } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Hooks, Maybe } from "../hooks.ts";
import type { Session } from "../sessions/session.ts";
import { type MessageEvent, messageFlow, messageHanded, messageSent } from "./contract.ts";

const NONE: readonly Session[] = [];

/** What message delivery needs. */
export interface MessageServices {
  readonly hooks: Hooks;
  readonly sessions: { of(account: Jid): readonly Session[]; get(full: Jid): Session | undefined };
  readonly accounts: { exists(account: Jid): Maybe<boolean> };
  route(stanza: Stanza): Maybe<void>;
}

/** The rules for messages: RFC 6121 §5 and §8.5. */
export class Messages {
  readonly #services: MessageServices;

  constructor(services: MessageServices) {
    this.#services = services;
  }

  /** Takes a message of a session; without an address it is for the account itself (RFC 6120 §10.3.1). */
  send(session: Session, message: Stanza): Maybe<void> {
    const stanza = message.to === undefined ? message.with({ to: session.jid.bare }) : message;
    const event: MessageEvent = {
      stanza,
      account: session.jid.bare,
      direction: "sent",
      targets: () => NONE,
      session,
      keeping: { kept: undefined },
    };
    const { hooks } = this.#services;
    return after(hooks.lead(messageFlow, event), (passed) => {
      if (passed === undefined) return;
      return after(this.#services.route(passed.stanza), () => hooks.emit(messageSent, passed));
    });
  }

  /**
   * Takes a message once more, after the session that it was given to has ended: it was recorded
   * and copied then, and goes to who is there now. @throws StanzaError
   */
  deliverAgain(message: Stanza, to: Jid): void {
    if (wasForOneSession(message, to.bare)) return;
    const present = this.#targets(message, to);
    for (const session of present) session.send(message);
    if (present.length === 0) refuseMessage(message, to);
  }

  /** Takes a message for an account, or for one of its resources. @throws StanzaError */
  deliver(message: Stanza, to: Jid): Maybe<void> {
    if (this.#services.sessions.of(to).length > 0) return this.#lead(message, to);
    return after(this.#services.accounts.exists(to.bare), (exists) => {
      if (exists) return this.#lead(message, to);
      refuseMessage(message, to); // §8.5.1
    });
  }

  #lead(message: Stanza, to: Jid): Maybe<void> {
    const stanza = withoutForgedIds(message, to.bare);
    const targets = (): readonly Session[] => this.#targets(stanza, to);
    const event: MessageEvent = {
      stanza,
      account: to.bare,
      direction: "received",
      targets,
      session: undefined,
      keeping: { kept: undefined },
    };
    const { hooks } = this.#services;
    return after(hooks.lead(messageFlow, event), (passed) => {
      if (passed === undefined) return;
      const { kept } = event.keeping;
      const sessions = targets();
      if (kept) hooks.emit(messageHanded, { account: event.account, kept, sessions });
      else if (sessions.length === 0) refuseMessage(passed.stanza, to);
      for (const session of sessions) session.send(passed.stanza, kept?.id);
    });
  }

  /** The sessions that a message goes to (RFC 6121 §8.5.2.1.1, §8.5.3.1, §8.5.3.2.1). */
  #targets(message: Stanza, to: Jid): readonly Session[] {
    if (!to.isBare) {
      const session = this.#services.sessions.get(to);
      if (session) return [session];
      if (message.type !== "chat") return NONE; // §8.5.3.2.1: only chat falls back to the account
    }
    switch (message.type) {
      case "normal":
      case "chat":
        return mostAvailable(this.#services.sessions.of(to));
      case "headline":
        return this.#services.sessions.of(to).filter((s) => (s.priority ?? -1) >= 0);
      default: // groupchat and error never go to a bare JID
        return NONE;
    }
  }
}

/**
 * What the account itself says was for the session that had asked: a copy (XEP-0280), a result from
 * the archive (XEP-0313). What is news for everyone, everyone was told.
 */
function wasForOneSession(message: Stanza, account: Jid): boolean {
  return message.type === "headline" || message.from.equals(account);
}

/** The account alone gives stanza-ids in its name (XEP-0359 §4, rule 2). */
function withoutForgedIds(message: Stanza, account: Jid): Stanza {
  const children = withoutStanzaIds(message.children, account);
  return children === message.children ? message : message.with({ children });
}

/**
 * What nobody takes goes back; what expects no answer is dropped (§8.5.1, §8.5.2.1.1). The words
 * are the same whether there is such an account or not.
 */
export function refuseMessage(message: Stanza, to: Jid): void {
  if (message.type === "headline" || message.type === "error") return;
  throw new StanzaError("service-unavailable", `${to} takes no such message now`);
}

/** The available resources of the highest priority, if that is not negative (§8.5.2.1.1). */
function mostAvailable(sessions: readonly Session[]): readonly Session[] {
  let highest = 0;
  for (const { priority } of sessions) {
    if (priority !== undefined && priority > highest) highest = priority;
  }
  return sessions.filter((session) => session.priority === highest);
}
