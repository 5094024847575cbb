import { hintsOf, type MessagePart, messageParts, NS, type Stanza } from "@rookery/protocol";

/** What makes a message one to come back to; typing, and wishes for receipts, do not. */
const CONTENT: readonly MessagePart[] = [
  "body",
  "subject",
  "encrypted",
  "correction",
  "reactions",
  "retraction",
  "receipt",
  "marker",
];

const HINTS = "urn:xmpp:hints";

/** Invitations into rooms, direct (XEP-0249) and by the room (XEP-0045 §7.8.2). */
const DIRECT_INVITATION = "jabber:x:conference";
const ROOM_USER = "http://jabber.org/protocol/muc#user";

/**
 * True for a message that belongs into the archives of its sender and its recipient (XEP-0313
 * §6.1.1): conversation, and what is said about it. Headlines only if their sender asks for it
 * (XEP-0334 §4.4), groupchat and errors never; a hint against it counts more than any content.
 */
export function isWorthArchiving(message: Stanza): boolean {
  const { type } = message;
  if (type === "error" || type === "groupchat") return false;
  if (type !== "headline" && isPlain(message)) return true;
  const hints = hintsOf(message);
  if (hints.has("no-store") || hints.has("no-permanent-store")) return false;
  if (hints.has("store")) return true;
  if (type === "headline") return false;
  const parts = messageParts(message);
  return CONTENT.some((part) => parts.has(part)) || isInvitation(message);
}

/** What most messages are: they say something, and no more about how. Nothing is allocated for it. */
function isPlain({ children }: Stanza): boolean {
  let says = false;
  for (const node of children) {
    if (typeof node === "string") continue;
    if (node.ns === HINTS) return false;
    says ||= node.is(NS.client, "body");
  }
  return says;
}

/** For a resource that is gone, only chat falls back to the account; it is refused (RFC 6121 §8.5.3.2.1). */
export function needsItsResource(message: Stanza): boolean {
  return message.type !== "chat" && message.to?.isBare === false;
}

function isInvitation(message: Stanza): boolean {
  return (
    message.has(DIRECT_INVITATION, "x") ||
    message.child(ROOM_USER, "x")?.child(ROOM_USER, "invite") !== undefined
  );
}
