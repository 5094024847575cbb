import {
  carbonsPrivate,
  hintsOf,
  type MessagePart,
  messageParts,
  type Stanza,
} from "@rookery/protocol";
import type { Direction } from "../../im/contract.ts";

/** What instant messaging is made of, whatever the type of the message. */
const INSTANT: readonly MessagePart[] = [
  "chat-state",
  "receipt-request",
  "receipt",
  "markable",
  "marker",
  "correction",
  "reactions",
  "retraction",
  "encrypted",
];

const DIRECT_INVITATION = "jabber:x:conference";
const ROOM_USER = "http://jabber.org/protocol/muc#user";

/**
 * The rules of XEP-0280 §6.1, but for errors: they are copied if what they answer was (see
 * `Answerable`).
 */
export function isEligible(message: Stanza, direction: Direction): boolean {
  const { type } = message;
  if (type === "groupchat" || type === "error") return false;
  if (message.has(carbonsPrivate.ns, carbonsPrivate.name)) return false;
  if (hintsOf(message).has("no-copy")) return false; // XEP-0334 §4.3
  const room = message.child(ROOM_USER, "x");
  if (room?.child(ROOM_USER, "invite") || message.has(DIRECT_INVITATION, "x")) return true;
  // the room tells each client of its occupant by itself
  if (room && direction === "received" && !message.from.isBare) return false;
  if (type === "chat") return true;
  const parts = messageParts(message);
  return (type === "normal" && parts.has("body")) || INSTANT.some((part) => parts.has(part));
}
