import assert from "node:assert/strict";
import { test } from "node:test";
import { bindResource, endsWith, plain, RawClient, rosterGet } from "../streams/stage.test.ts";
import { Listening } from "./sockets.test.ts";

const CLEAR = { auth: { requireTls: false, plainWithoutTls: true } } as const;

async function loggedIn(listening: Listening, resource: string): Promise<RawClient> {
  const client = new RawClient(await listening.tcp());
  await client.login("romeo", resource);
  return client;
}

test("the limit connections: one too many is closed at once, and another one comes in for one that goes", async () => {
  await using listening = await Listening.start({ ...CLEAR, limits: { connections: 2 } });
  const first = new RawClient(await listening.tcp());
  await first.open();
  const second = new RawClient(await listening.tcp());
  await second.open();
  const third = new RawClient(await listening.tcp());
  assert.equal(await third.end(), "");
  first.socket.destroy();
  await free(listening);
  second.write(plain("romeo"));
  await second.until("<success");
});

test("the limit connectionsPerAddress holds for real sockets", async () => {
  await using listening = await Listening.start({ ...CLEAR, limits: { connectionsPerAddress: 1 } });
  const first = new RawClient(await listening.tcp());
  await first.open();
  assert.equal(await new RawClient(await listening.tcp()).end(), "");
  first.write("</stream:stream>");
  await first.end();
  await free(listening);
});

test("RFC 6120 §4: a login in segments of one byte over TCP", async () => {
  await using listening = await Listening.start(CLEAR);
  const socket = await listening.tcp();
  socket.setNoDelay(true);
  const client = new RawClient(socket);
  const say = async (text: string): Promise<void> => {
    for (const char of text) {
      client.write(char);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const header =
    "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
  await say(header + plain("romeo"));
  await client.until("<success");
  await say(header + bindResource("b") + rosterGet("p"));
  await client.until("type='result' id='p'");
});

test("the limit sendQueueBytes: a socket that is not read is cut in the end, and others notice nothing", async () => {
  await using listening = await Listening.start({
    ...CLEAR,
    limits: { sendQueueBytes: 1_000_000, c2sBytesPerSecond: 0 },
  });
  const deaf = await loggedIn(listening, "deaf");
  deaf.socket.pause();
  const romeo = await loggedIn(listening, "balcony");
  const message = `<message to='romeo@example.org/deaf'><body>${"x".repeat(50_000)}</body></message>`;
  const delays: number[] = [];
  // what the kernel takes for both ends comes on top of the queue
  for (let i = 0; i < 1000 && listening.server.sessions.size === 2; i++) {
    const asked = performance.now();
    romeo.write(message + rosterGet(`p${i}`));
    await romeo.until(`type='result' id='p${i}'`);
    delays.push(performance.now() - asked);
  }
  assert.equal(listening.server.sessions.size, 1);
  const median = delays.toSorted((a, b) => a - b)[delays.length >> 1] as number;
  assert.ok(median < 50, `${median} ms`);
  listening.clock.advance(2000);
  deaf.socket.resume();
  await deaf.end();
});

test("a reset connection ends its session", async () => {
  await using listening = await Listening.start(CLEAR);
  const socket = await listening.tcp();
  const client = new RawClient(socket);
  await client.login("romeo", "b");
  socket.resetAndDestroy();
  for (let i = 0; i < 500 && listening.server.sessions.size > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(listening.server.sessions.size, 0);
});

test("the last words reach a client that was still sending", async () => {
  await using listening = await Listening.start(CLEAR);
  const client = await loggedIn(listening, "b");
  client.write(`<oops xmlns='urn:example:oops'/>${"x".repeat(5_000_000)}`);
  await endsWith(client, "unsupported-stanza-type", false);
});

/** Waits until a connection has become free. */
async function free(listening: Listening): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const client = new RawClient(await listening.tcp());
    const opened = client.open().then(
      () => true,
      () => false,
    );
    if (await opened) return;
  }
  assert.fail("no connection became free");
}
