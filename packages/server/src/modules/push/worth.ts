import { type Jid, messageParts, NS, type Stanza } from "@rookery/protocol";

const ROOM_USER = "http://jabber.org/protocol/muc#user";
const DIRECT_INVITATION = "jabber:x:conference";
/** OMEMO in its versions, where what has no payload is for clients alone (XEP-0384 §5.3). */
const OMEMO: readonly string[] = [
  "eu.siacs.conversations.axolotl",
  "urn:xmpp:omemo:1",
  "urn:xmpp:omemo:2",
];

/**
 * True for a message that is worth waking somebody: it says something, calls, or invites. Typing,
 * receipts, markers, reactions, what is taken back, and what the account says itself are not.
 */
export function isWorthWaking(message: Stanza, account: Jid): boolean {
  const { type, from } = message;
  if (type === "error" || type === "headline" || from.bare.equals(account)) return false;
  if (isCall(message) || isInvitation(message)) return true;
  const parts = messageParts(message);
  // these have a body too, for clients that know no better
  if (parts.has("reactions") || parts.has("retraction")) return false;
  return parts.has("body") || (parts.has("encrypted") && !isKeyTransport(message));
}

/** It rings, and not for long (XEP-0353, XEP-0482). */
export function isCall(message: Stanza): boolean {
  return (
    message.has("urn:xmpp:jingle-message:0", "propose") ||
    message.has("urn:xmpp:call-invites:0", "invite")
  );
}

function isInvitation(message: Stanza): boolean {
  const room = message.child(ROOM_USER, "x");
  return message.has(DIRECT_INVITATION, "x") || room?.child(ROOM_USER, "invite") !== undefined;
}

function isKeyTransport(message: Stanza): boolean {
  if (message.has(NS.client, "body")) return false;
  return message.payload.some(
    (child) =>
      OMEMO.includes(child.ns) && child.name === "encrypted" && !child.child(child.ns, "payload"),
  );
}
