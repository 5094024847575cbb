import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { connect, endsWith, type RawClient, rosterGet, turns } from "./stage.test.ts";

const KB = 1024;
const BIG = `<message to='juliet@example.org/chamber'><body>${"x".repeat(10 * KB)}</body></message>`;

async function people(stage: TestServer, ...names: readonly string[]): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (const name of names) {
    await stage.accounts(`${name}@example.org`);
    const client = connect(stage);
    await client.login(name, name === "juliet" ? "chamber" : "balcony");
    clients.push(client);
  }
  return clients;
}

async function answered(client: RawClient, id: string): Promise<void> {
  client.write(rosterGet(id));
  await client.until(`type='result' id='${id}'`);
}

test("RFC 6120 §4.9.3.17, the limit sendQueueBytes: who does not read what others send is disconnected", async () => {
  await using stage = await TestServer.start({
    config: { limits: { sendQueueBytes: 300 * KB, c2sBytesPerSecond: 0 } },
  });
  const [romeo, juliet] = (await people(stage, "romeo", "juliet")) as [RawClient, RawClient];
  juliet.socket.pause();
  for (let i = 0; i < 20; i++) {
    romeo.write(BIG);
    await answered(romeo, `p${i}`);
  }
  assert.equal(stage.server.sessions.size, 2, "what fits into the queue is kept");
  for (let i = 20; i < 60; i++) {
    romeo.write(BIG);
    await answered(romeo, `p${i}`);
  }
  assert.equal(stage.server.sessions.size, 1);
  juliet.socket.resume();
  const text = await juliet.end();
  assert.ok(text.length < 600 * KB, "what waits is bounded");
  assert.match(text, /<\/message><stream:error><resource-constraint .*<\/stream:stream>$/);
});

test("a client that reads slowly gets everything in order", async () => {
  await using stage = await TestServer.start({ config: { limits: { c2sBytesPerSecond: 0 } } });
  const [romeo, juliet] = (await people(stage, "romeo", "juliet")) as [RawClient, RawClient];
  for (let i = 0; i < 100; i++) {
    juliet.socket.pause();
    romeo.write(BIG.replace("<message", `<message id='${i}'`));
    await answered(romeo, `p${i}`);
    juliet.socket.resume();
  }
  const text = await juliet.until("<message id='99'");
  const ids = [...text.matchAll(/<message id='(\d+)'/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    ids,
    Array.from({ length: 100 }, (_, i) => i),
  );
});

for (const sendQueueBytes of [64 * KB, 4096 * KB]) {
  test(`who asks and does not read the answers is slowed, not disconnected (${sendQueueBytes})`, async () => {
    await using stage = await TestServer.start({
      config: { limits: { sendQueueBytes, c2sBytesPerSecond: 0 } },
    });
    const [romeo] = (await people(stage, "romeo")) as [RawClient];
    romeo.socket.pause();
    const count = 20_000;
    const question = `<iq type='get' id='q' to='example.org'><query xmlns='urn:example:unknown'/></iq>`;
    romeo.write(question.repeat(count) + rosterGet("last"));
    await turns(100);
    assert.ok(romeo.socket.readableLength < 2 * sendQueueBytes + 200 * KB);
    romeo.socket.resume();
    const text = await romeo.until("type='result' id='last'");
    assert.equal(text.split("<service-unavailable").length - 1, count);
  });
}

test("the limits c2sBytesPerSecond and c2sBurstBytes slow a flood, and nobody else", async () => {
  await using stage = await TestServer.start({
    config: { limits: { c2sBytesPerSecond: 10_000, c2sBurstBytes: 20_000 } },
  });
  const [romeo, juliet] = (await people(stage, "romeo", "juliet")) as [RawClient, RawClient];
  const bytes = BIG.length;
  for (let i = 0; i < 10; i++) {
    romeo.write(BIG.replace("<message", `<message id='${i}'`));
    await turns();
  }
  await turns(20);
  const arrived = (): number => juliet.text.split("<message ").length - 1;
  const first = arrived();
  assert.ok(first >= 1 && first <= 4, `${first} came at once`);
  await answered(juliet, "j");
  let last = arrived();
  for (let seconds = 0; seconds < 12; seconds++) {
    stage.clock.advance(1000);
    await turns(20);
    assert.ok(arrived() * bytes <= 60_000 + (seconds + 1) * 10_000 + 2 * bytes);
    last = arrived();
  }
  assert.equal(last + first > 0, true);
  await juliet.until("<message id='9'");
  assert.equal(romeo.closed, false);
  await answered(romeo, "r");
});

test("RFC 6120 §10.1: while a stanza waits for storage, later ones wait and little is read", async () => {
  await using stage = await TestServer.start({ config: { limits: { c2sBytesPerSecond: 0 } } });
  const [romeo, juliet] = (await people(stage, "romeo", "juliet")) as [RawClient, RawClient];
  const { promise, resolve } = Promise.withResolvers<void>();
  const host = stage.server.host("example.org");
  const original = host.send.bind(host);
  let first = true;
  host.send = (session, stanza) => {
    if (stanza.kind !== "message" || !first) return original(session, stanza);
    first = false;
    return promise.then(() => original(session, stanza));
  };
  for (let i = 0; i < 500; i++) romeo.write(BIG.replace("<message", `<message id='${i}'`));
  await turns(50);
  assert.equal(juliet.text, "");
  assert.ok(romeo.socket.writableLength > 4000 * KB, "most of it stays with the client");
  await answered(juliet, "j");
  resolve();
  const text = await juliet.until("<message id='499'");
  const ids = [...text.matchAll(/<message id='(\d+)'/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    ids,
    Array.from({ length: 500 }, (_, i) => i),
  );
});

test("what a client sends after its stream has ended is dropped, not kept", async () => {
  await using stage = await TestServer.start();
  const [romeo] = (await people(stage, "romeo")) as [RawClient];
  romeo.socket.removeAllListeners("end");
  romeo.write("<oops xmlns='urn:example:oops'/>");
  await romeo.until("</stream:stream>");
  for (let i = 0; i < 100; i++) {
    romeo.write("x".repeat(10 * KB));
    await turns(2);
  }
  assert.equal(romeo.socket.writableLength, 0, "it is taken from the network");
  assert.equal(romeo.peer?.destroyed, false);
  stage.clock.advance(2000);
  assert.equal(romeo.peer?.destroyed, true, "and not for ever");
});

test("a resource-constraint reaches a client that reads again in time", async () => {
  await using stage = await TestServer.start({
    config: { limits: { sendQueueBytes: 64 * KB, c2sBytesPerSecond: 0 } },
  });
  const [romeo, juliet] = (await people(stage, "romeo", "juliet")) as [RawClient, RawClient];
  juliet.socket.pause();
  for (let i = 0; i < 20; i++) romeo.write(BIG);
  await answered(romeo, "p");
  juliet.socket.resume();
  await juliet.until("</message><stream:error>");
  juliet.text = `<stream:error>${juliet.text}`;
  await endsWith(juliet, "resource-constraint", false);
});
