import { CARBONS_NS, carbonReceived, carbonSent, Jid, NS, Stanza } from "@rookery/protocol";
import type { Holdable } from "./options.ts";

const CHAT_STATES = "http://jabber.org/protocol/chatstates";
const RECEIPTS = "urn:xmpp:receipts";
const MARKERS = "urn:xmpp:chat-markers:0";
const ROOM_USER = "http://jabber.org/protocol/muc#user";

/** What is beside something else in a message, and says nothing by itself. */
const BESIDE: ReadonlySet<string> = new Set([
  "urn:xmpp:hints",
  "urn:xmpp:sid:0",
  "urn:xmpp:delay",
  "urn:xmpp:occupant-id:0",
]);

/** Why a stanza may wait. */
export interface Unimportant {
  readonly kind: Holdable;
  /** A later stanza with the same key says all that this one says; undefined if none does. */
  readonly key: string | undefined;
}

/**
 * Tells whether a stanza may wait while nobody looks at the client, undefined for one that may not:
 * all that a person or a program waits for, and all that is not known. Bodies, whatever is
 * encrypted, calls, invitations, requests, answers and errors are among them.
 *
 * @param account the bare JID of the client.
 */
export function unimportant(stanza: Stanza, account: Jid): Unimportant | undefined {
  switch (stanza.kind) {
    case "presence":
      return isPassing(stanza) ? { kind: "presence", key: `presence ${stanza.from}` } : undefined;
    case "message":
      return unimportantMessage(original(stanza, account));
    case "iq":
      return undefined;
  }
}

/** Someone comes, goes or changes, and it is not about the client's own place in a room. */
function isPassing(presence: Stanza): boolean {
  if (presence.type !== "available" && presence.type !== "unavailable") return false;
  const room = presence.child(ROOM_USER, "x");
  // XEP-0045 §7.2.2: who joins a room waits for it
  return !room?.elements().some((child) => child.name === "status" && child.attr("code") === "110");
}

function unimportantMessage(message: Stanza): Unimportant | undefined {
  if (message.type === "error") return undefined;
  if (message.type === "headline") {
    const isToRead = message.has(NS.client, "body") || message.has(NS.client, "subject");
    return isToRead ? undefined : { kind: "notifications", key: undefined };
  }
  let kind: Holdable | undefined;
  for (const { ns, name } of message.payload) {
    if (ns === CHAT_STATES) kind ??= "chat-states";
    else if (isReceipt(ns, name)) kind = "receipts";
    else if (!BESIDE.has(ns) && !(ns === NS.client && name === "thread")) return undefined;
  }
  if (kind === undefined) return undefined;
  return { kind, key: kind === "chat-states" ? `state ${message.from} ${message.to}` : undefined };
}

function isReceipt(ns: string, name: string): boolean {
  return (ns === RECEIPTS && name === "received") || (ns === MARKERS && name !== "markable");
}

/** What is inside a copy (XEP-0280), which is as important as that. */
function original(message: Stanza, account: Jid): Stanza {
  if (!message.has(CARBONS_NS) || !message.from.equals(account)) return message;
  const { stanza } = carbonReceived.in(message) ?? carbonSent.in(message) ?? {};
  const from = Jid.tryParse(stanza?.attr("from") ?? "");
  return stanza && from ? Stanza.read(stanza, from) : message;
}
