import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { slixmpp } from "./clients.ts";
import type { Json, Peer, Tls } from "./peer.ts";
import type { Rookery } from "./rookery.ts";
import { Tunnel } from "./tunnel.ts";

export const JULIET = "juliet@localhost";
export const ROMEO = "romeo@localhost";

/** Someone whose connection goes through a tunnel. */
export interface Person {
  readonly peer: Peer;
  readonly tunnel: Tunnel;
}

/** Logs in with slixmpp and stream management, and becomes available. */
export async function arrives(
  t: TestContext,
  rookery: Rookery,
  jid: string,
  tls: Tls,
): Promise<Person> {
  const target = (): number => (tls === "direct" ? rookery.ports.c2sTls : rookery.ports.c2s);
  const tunnel = await Tunnel.start(t, target);
  const peer = slixmpp(t);
  await peer.login(rookery, jid, tls, { port: tunnel.port, managed: true });
  await peer.next("sm", { what: "enabled" });
  await peer.next("session", { again: [] });
  await peer.call("presence");
  return { peer, tunnel };
}

/** Texts of messages, which are their ids too. */
export function texts(word: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${word} ${n}`);
}

/** Sends messages, one after the other. */
export async function says(peer: Peer, to: string, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await peer.call("message", { to, body, id: body });
}

/** The next messages. */
async function hears(peer: Peer, count: number): Promise<readonly Json[]> {
  const messages: Json[] = [];
  while (messages.length < count) messages.push(await peer.next("message"));
  return messages;
}

/** The next messages are these, in order, and there is no other one. */
export async function hearsJust(peer: Peer, bodies: readonly string[]): Promise<readonly Json[]> {
  const messages = await hears(peer, bodies.length);
  assert.deepEqual(
    messages.map(({ body }) => body),
    bodies,
  );
  assert.deepEqual(await peer.rest("message"), []);
  return messages;
}

/** The server acknowledges all that was sent: so many messages since the client was started. */
export async function acknowledged(peer: Peer, messages: number): Promise<void> {
  assert.equal((await peer.call("settled"))["acked"], messages);
}
