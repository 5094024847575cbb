/**
 * Stream management (XEP-0198) over WebSocket, with libraries for the web.
 *
 * Over BOSH (XEP-0124) a session outlives its connections without it, and Strophe.js 5 does not ask
 * for it there. stanza 12 does, and resumes; but it lets the server hold both requests that it can
 * make (`hold='2'`), so that what it says next may wait for half a minute: it is no use to test.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Agent, createClient } from "stanza";
import { BoshClient as StropheClient } from "./strophe/bosh-client.ts";
import { arrives, hearsJust, JULIET, ROMEO, says, texts } from "./support/conversation.ts";
import type { Peer } from "./support/peer.ts";
import { PASSWORD, Rookery } from "./support/rookery.ts";
import { Tunnel } from "./support/tunnel.ts";

const LIMIT = { timeout: 90_000 };
const WAIT_MS = 20_000;
const LISTEN = {
  c2s: "127.0.0.1:0",
  c2sTls: "127.0.0.1:0",
  http: "127.0.0.1:0",
  https: false,
};

/** A server with WebSocket, romeo on it, and juliet behind what can be cut. */
async function meeting<Client>(
  t: TestContext,
  join: (t: TestContext, tunnel: Tunnel) => Promise<Client>,
): Promise<{ rookery: Rookery; tunnel: Tunnel; romeo: Peer; juliet: Client }> {
  const config = { listen: LISTEN };
  const rookery = await Rookery.start(t, ["romeo", "juliet"], undefined, undefined, config);
  const tunnel = await Tunnel.start(t, () => rookery.ports.http);
  const { peer: romeo } = await arrives(t, rookery, `${ROMEO}/orchard`, "starttls");
  return { rookery, tunnel, romeo, juliet: await join(t, tunnel) };
}

function webSocket(tunnel: Tunnel): string {
  return `ws://127.0.0.1:${tunnel.port}/xmpp-websocket`;
}

/** Waits until something holds. */
async function until(holds: () => boolean, what: () => string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited for ${what()}`);
    await pause(20);
  }
}

/** A client of stanza: what it has heard, and what it could not say. */
interface Juliet {
  readonly agent: Agent;
  readonly heard: readonly string[];
  readonly unsaid: readonly string[];
  /** How often it has begun a session, and gone on with one. */
  readonly counts: { started: number; resumed: number };
}

async function stanza(t: TestContext, tunnel: Tunnel): Promise<Juliet> {
  const agent = createClient({
    jid: `${JULIET}/balcony`,
    password: PASSWORD,
    server: "localhost",
    transports: {
      websocket: webSocket(tunnel),
      bosh: false,
    },
    useStreamManagement: true,
    autoReconnect: true,
    maxReconnectBackoff: 1,
  });
  t.after(() => agent.disconnect());
  const heard: string[] = [];
  const unsaid: string[] = [];
  const counts = { started: 0, resumed: 0 };
  agent.on("chat", ({ body }) => heard.push(body ?? ""));
  agent.on("message:failed", ({ id }) => unsaid.push(id ?? ""));
  agent.on("session:started", () => {
    counts.started++;
    agent.sendPresence();
  });
  agent.on("stream:management:resumed", () => {
    counts.resumed++;
  });
  agent.connect();
  await until(
    () => counts.started === 1 && agent.sm.started,
    () => "a session",
  );
  await agent.ping("localhost");
  return { agent, heard, unsaid, counts };
}

function stanzaSays({ agent }: Juliet, bodies: readonly string[]): void {
  for (const body of bodies) agent.sendMessage({ to: ROMEO, type: "chat", id: body, body });
}

/** It has heard this, in order, and nothing else. */
async function stanzaHeard({ agent, heard }: Juliet, bodies: readonly string[]): Promise<void> {
  await until(
    () => heard.length >= bodies.length,
    () => `${bodies.length} messages, heard ${heard.join()}`,
  );
  await agent.ping("localhost");
  assert.deepEqual(heard, bodies);
}

// once each: stanza 12 does not remember what it says again, so that a second loss is its own
for (const loss of ["both", "down", "up"] as const) {
  test(
    `stanza over WebSocket comes back after it was cut off (lost: ${loss}) in the middle of a conversation`,
    LIMIT,
    async (t) => {
      const { tunnel, romeo, juliet } = await meeting(t, stanza);
      const [his, hers] = [texts("his", 15), texts("hers", 15)];
      await says(romeo, JULIET, his.slice(0, 5));
      stanzaSays(juliet, hers.slice(0, 5));
      tunnel.swallow(loss);
      await says(romeo, JULIET, his.slice(5, 10));
      stanzaSays(juliet, hers.slice(5, 10));
      await romeo.call("ping", { to: "localhost" });
      tunnel.cut();
      await says(romeo, JULIET, his.slice(10));
      stanzaSays(juliet, hers.slice(10));
      await until(
        () => juliet.counts.resumed === 1,
        () => `the session, began ${juliet.counts.started}`,
      );
      await stanzaHeard(juliet, his);
      await hearsJust(romeo, hers);
      assert.deepEqual([juliet.counts.started, juliet.unsaid], [1, []]);
    },
  );
}

for (const [signal, what] of [
  ["SIGTERM", "its session goes on when the server runs again"],
  ["SIGKILL", "a new session, and everything is there"],
] as const) {
  test(`stanza over WebSocket, ${signal}: ${what}`, LIMIT, async (t) => {
    const { rookery, tunnel, romeo, juliet } = await meeting(t, stanza);
    const [away, hers] = [texts("away", 5), texts("hers", 5)];
    tunnel.cut("away");
    await says(romeo, JULIET, away);
    await romeo.call("settled");
    await rookery.stop(signal);
    await rookery.start();
    if (signal === "SIGKILL") {
      await romeo.next("session");
      await romeo.call("presence");
    }
    tunnel.open();
    const { counts } = juliet;
    await until(
      () => (signal === "SIGTERM" ? counts.resumed === 1 : counts.started === 2),
      () => `its session, began ${counts.started}, resumed ${counts.resumed}`,
    );
    stanzaSays(juliet, hers);
    await stanzaHeard(juliet, away);
    await hearsJust(romeo, hers);
  });
}

/** Strophe.js over WebSocket; it has to be told to come back. */
async function strophe(t: TestContext, tunnel: Tunnel): Promise<StropheClient> {
  const client = await StropheClient.load(webSocket(tunnel), { enableStreamManagement: true });
  t.after(() => client.end());
  client.connect(`${JULIET}/balcony`, PASSWORD);
  await client.status("CONNECTED");
  client.send(client.$pres());
  await client.next("presence");
  assert.ok(client.managed);
  return client;
}

function stropheSays(client: StropheClient, bodies: readonly string[]): void {
  for (const body of bodies) {
    client.send(client.$msg({ to: ROMEO, type: "chat", id: body }).c("body", {}, body));
  }
}

/** It hears this, in order, and nothing else. */
async function stropheHears(client: StropheClient, bodies: readonly string[]): Promise<void> {
  const heard: (string | undefined)[] = [];
  const hear = async (): Promise<void> => {
    const message = await client.next("message");
    heard.push(message.getElementsByTagName("body")[0]?.textContent);
  };
  while (heard.length < bodies.length) await hear();
  await client.ask(
    client.$iq({ type: "get", to: "localhost" }).c("ping", { xmlns: "urn:xmpp:ping" }),
  );
  assert.deepEqual(heard, bodies);
}

async function stropheComesBack(client: StropheClient): Promise<void> {
  await client.status("DISCONNECTED");
  client.connect(JULIET, PASSWORD);
  await client.status("CONNECTED");
}

test(
  "Strophe.js over WebSocket comes back after it was cut off in the middle of a conversation",
  LIMIT,
  async (t) => {
    const { tunnel, romeo, juliet } = await meeting(t, strophe);
    const [his, hers] = [texts("his", 45), texts("hers", 30)];
    for (let round = 0; round < 3; round++) {
      const at = round * 15;
      await says(romeo, JULIET, his.slice(at, at + 5));
      stropheSays(juliet, hers.slice(round * 10, round * 10 + 5));
      await pause(100);
      // what is said now does not arrive, in one direction or in both
      tunnel.swallow((["both", "down", "up"] as const)[round] ?? "both");
      await says(romeo, JULIET, his.slice(at + 5, at + 10));
      stropheSays(juliet, hers.slice(round * 10 + 5, round * 10 + 10));
      await pause(100);
      await romeo.call("ping", { to: "localhost" });
      tunnel.cut();
      await says(romeo, JULIET, his.slice(at + 10, at + 15));
      await stropheComesBack(juliet);
      assert.ok(juliet.resumed);
    }
    await stropheHears(juliet, his);
    await hearsJust(romeo, hers);
  },
);

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(
    `Strophe.js over WebSocket, ${signal}: what was said meanwhile is there when it comes back`,
    LIMIT,
    async (t) => {
      const { rookery, tunnel, romeo, juliet } = await meeting(t, strophe);
      const [away, hers] = [texts("away", 5), texts("hers", 5)];
      tunnel.swallow("both");
      await says(romeo, JULIET, away);
      stropheSays(juliet, hers);
      await romeo.call("settled");
      await pause(500);
      await rookery.stop(signal);
      await rookery.start();
      if (signal === "SIGTERM") await romeo.next("sm", { what: "resumed" });
      else await romeo.next("session");
      await romeo.call("presence");
      await stropheComesBack(juliet);
      assert.equal(juliet.resumed, signal === "SIGTERM");
      juliet.send(juliet.$pres());
      await stropheHears(juliet, away);
      await hearsJust(romeo, hers);
    },
  );
}
