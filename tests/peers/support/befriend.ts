import type { Peer } from "./peer.ts";

/**
 * Subscribes two available users to each other's presence (RFC 6121 §3.1), each confirming what the
 * other asks for.
 */
export async function befriend(romeo: Peer, juliet: Peer): Promise<void> {
  await subscribe(romeo, "romeo@localhost", juliet, "juliet@localhost");
  await subscribe(juliet, "juliet@localhost", romeo, "romeo@localhost");
}

async function subscribe(
  subscriber: Peer,
  subscriberJid: string,
  contact: Peer,
  contactJid: string,
): Promise<void> {
  await subscriber.call("presence", { type: "subscribe", to: contactJid });
  await contact.next("presence", { from: subscriberJid, type: "subscribe" });
  await contact.call("presence", { type: "subscribed", to: subscriberJid });
  await subscriber.next("presence", { from: contactJid, type: "subscribed" });
}
