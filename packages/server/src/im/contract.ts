import type { Jid, Stanza } from "@rookery/protocol";
import { type Chain, chain, type Flow, flow, type Signal, signal } from "../hooks.ts";
import type { Session } from "../sessions/session.ts";
import { flag, type Slot } from "../sessions/slot.ts";

/** `sent`: from a session of the account; `received`: to the account. */
export type Direction = "sent" | "received";

/** As what a message is kept for its recipient until a client has it. */
export interface Kept {
  /** Its stanza-id (XEP-0359), unique for the account. */
  readonly id: string;
  /** When it was kept, in milliseconds since 1970. */
  readonly at: number;
}

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
  /** The session that sent it; undefined for one that is received. */
  readonly session: Session | undefined;
  /** Set by who keeps it for the account that receives it, in `record` or `keep`. */
  readonly keeping: { kept: Kept | undefined };
}

/**
 * The way of a message, once for the sender and once for the recipient if they are of this server:
 * refuse it (throw) or drop it, change it, record it (the archive), keep it until a client has it
 * if nothing recorded it, copy it to others, deliver it. Without a handler in `deliver` it goes to
 * its targets; if there are none and nobody keeps it, it goes back as an error.
 */
export const messageFlow: Flow<
  MessageEvent,
  "reject" | "rewrite" | "record" | "keep" | "copy" | "deliver"
> = flow("message", ["reject", "rewrite", "record", "keep", "copy", "deliver"]);

/** A message that an account sent was handed on: all that happens here because of it has begun. */
export const messageSent: Signal<MessageEvent> = signal("message-sent");

/** A message that is kept for an account was handed to sessions, itself or as a copy. */
export interface HandedMessage {
  readonly account: Jid;
  readonly kept: Kept;
  readonly sessions: readonly Session[];
}
export const messageHanded: Signal<HandedMessage> = signal("message-handed");

/** Messages that are kept for the account of a session, by their ids. */
export interface KeptMessages {
  readonly session: Session;
  readonly ids: readonly string[];
}
/** The client has them: it said so (XEP-0198), or the network took them where it says nothing. */
export const messagesTaken: Signal<KeptMessages> = signal("messages-taken");
/** The session ended without its client having shown that it has them. */
export const messagesLeft: Signal<KeptMessages> = signal("messages-left");

/** What an archive keeps of what an account received, in order. */
export interface KeptQuery {
  /** A bare JID. */
  readonly account: Jid;
  /**
   * Only what came after this; where that is not there any more, what came from its time on; with
   * an empty id, what came after its time.
   */
  readonly after: Kept | undefined;
  /** Or only these. */
  readonly ids?: readonly string[];
  readonly limit: number;
}
export interface KeptMessage extends Kept {
  /** As it was delivered: with its stanza-id. */
  readonly stanza: Stanza;
}
/** Asks for what is archived, of messages that are not read from elsewhere; nobody answers where there is no archive. */
export const archivedMessages: Chain<KeptQuery, readonly KeptMessage[], "answer"> = chain(
  "archived-messages",
  ["answer"],
);

/**
 * The client of a session asked the archive before it became available: it fetches what it missed
 * there, and is not handed it as well (XEP-0313 §8).
 */
export const archiveAware: Slot<boolean> = flag("archive/aware");

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

/** A request to see an account's presence, from someone who does not see it yet. */
export interface SubscriptionRequest {
  /** A bare JID. */
  readonly account: Jid;
  /** Who asks, a bare JID. */
  readonly contact: Jid;
  /** The presence of type `subscribe`. */
  readonly stanza: Stanza;
}

/**
 * True if the account has agreed to a request beforehand (XEP-0379): it is granted, and the account
 * asks for the contact's presence in return. Otherwise the request waits for the user.
 */
export const subscriptionGranted: Chain<SubscriptionRequest, true, "answer"> = chain(
  "subscription-granted",
  ["answer"],
);

/** An account was removed with everything it owned; what is remembered of it is to be forgotten. */
export const accountRemoved: Signal<Jid> = signal("account-removed");
/** What an account proved who it is by counts no more. */
export interface AccountChange {
  readonly account: Jid;
  /** It has another password, or nobody may log in as it any more. */
  readonly why: "password" | "disabled" | "expired";
  /** The session that asked for it itself, and goes on. */
  readonly by: Session | undefined;
}

/** The streams of the account end, and then its tokens, but for those of the session that asked. */
export const accountChanged: Signal<AccountChange> = signal("account-changed");
/** A resource was bound. */
export const sessionBegan: Signal<Session> = signal("session-began");
/** The stream of a session is gone and its client may come back (XEP-0198 §5); it stays available. */
export const sessionHibernates: Signal<Session> = signal("session-hibernates");
/** The client has come back to its session, on another stream. */
export const sessionResumed: Signal<Session> = signal("session-resumed");
/** A session ended for good; its presence is not broadcast as unavailable yet. */
export const sessionEnded: Signal<Session> = signal("session-ended");
/** A session begins to take messages: it became available with a priority that is not negative. */
export const sessionTakesMessages: Signal<Session> = signal("session-takes-messages");
