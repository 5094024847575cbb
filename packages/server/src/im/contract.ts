import type { Jid, Stanza } from "@rookery/protocol";
import { type Chain, chain, type Flow, flow, type Signal, signal } from "../hooks.ts";
import type { Session } from "../sessions/session.ts";

/** `sent`: from a session of the account; `received`: to the account. */
export type Direction = "sent" | "received";

/** A message on its way through the account that sent it or the account it is for. */
export interface MessageEvent {
  readonly stanza: Stanza;
  /** The bare JID of the account whose rules apply. */
  readonly account: Jid;
  readonly direction: Direction;
  /**
   * The sessions it would be delivered to now (RFC 6121 §8.5); none while it is being sent. Sessions
   * come and go while handlers wait: who has waited asks again.
   */
  readonly targets: () => readonly Session[];
}

/**
 * The way of a message, once for the sender and once for the recipient if they are of this server:
 * refuse it (throw) or drop it, change it, record it, copy it to others, deliver it. Without a
 * handler in `deliver` it goes to its targets, or back as an error if there are none.
 */
export const messageFlow: Flow<MessageEvent, "reject" | "rewrite" | "record" | "copy" | "deliver"> =
  flow("message", ["reject", "rewrite", "record", "copy", "deliver"]);

/** A presence stanza from a session of the account, or to the account. */
export interface PresenceEvent {
  readonly stanza: Stanza;
  readonly account: Jid;
  readonly direction: Direction;
  /** The session that sent it; undefined for one that is received. */
  readonly session: Session | undefined;
}

export const presenceFlow: Flow<PresenceEvent, "reject" | "rewrite" | "record"> = flow("presence", [
  "reject",
  "rewrite",
  "record",
]);

/** An IQ stanza from a session of the account, or to the account or one of its sessions. */
export interface IqEvent {
  readonly stanza: Stanza;
  readonly account: Jid;
  readonly direction: Direction;
}

export const iqFlow: Flow<IqEvent, "reject" | "rewrite"> = flow("iq", ["reject", "rewrite"]);

/** Someone, as an account of this server sees them. */
export interface ContactQuery {
  /** A bare JID. */
  readonly account: Jid;
  /** Any address: of an account, a resource, a room, a domain. */
  readonly other: Jid;
}

/**
 * True if the account has blocked the other (XEP-0191): nothing of the one may reach the other, by
 * no route. Messages, presence and requests to and from the account itself are looked after;
 * whoever sends something in its name beside these, or shows it something that was kept (archive,
 * rooms, nodes), asks here. Nobody answers where there is no blocking.
 */
export const contactBlocked: Chain<ContactQuery, true, "answer"> = chain("contact-blocked", [
  "answer",
]);

/** An account was removed with everything it owned; what is remembered of it is to be forgotten. */
export const accountRemoved: Signal<Jid> = signal("account-removed");
/** A resource was bound. */
export const sessionBegan: Signal<Session> = signal("session-began");
/** The stream of a session is gone; its presence is not broadcast as unavailable yet. */
export const sessionEnded: Signal<Session> = signal("session-ended");
/** A session begins to take messages: it became available with a priority that is not negative. */
export const sessionTakesMessages: Signal<Session> = signal("session-takes-messages");
