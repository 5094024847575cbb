import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { connect, endsWith, type RawClient, rosterGet, turns } from "./stage.test.ts";

async function loggedIn(stage: TestServer, name: string): Promise<RawClient> {
  await stage.accounts(`${name}@example.org`);
  const client = connect(stage);
  await client.login(name, "x");
  return client;
}

test("a stop writes what is queued before it says system-shutdown", async () => {
  await using stage = await TestServer.start();
  const [romeo, juliet] = [await loggedIn(stage, "romeo"), await loggedIn(stage, "juliet")];
  const body = "x".repeat(10_000);
  for (let i = 0; i < 50; i++) {
    romeo.write(`<message to='juliet@example.org/x' id='${i}'><body>${body}</body></message>`);
  }
  romeo.write(rosterGet("p"));
  await romeo.until("type='result' id='p'");
  await stage.server.stop();
  const text = await juliet.end();
  assert.equal(text.split("<message ").length - 1, 50);
  assert.match(text, /<\/message><stream:error><system-shutdown .*<\/stream:stream>$/);
});

test("a stop waits for what is in hand: it is stored before the data is closed", async () => {
  await using stage = await TestServer.start();
  const romeo = await loggedIn(stage, "romeo");
  const host = stage.server.host("example.org");
  const send = host.send.bind(host);
  const { promise, resolve } = Promise.withResolvers<void>();
  let handled = false;
  host.send = (session, stanza) =>
    promise
      .then(() => send(session, stanza))
      .then(() => {
        handled = true;
      });
  romeo.write("<message to='romeo@example.org' type='chat'><body>hi</body></message>");
  await turns();
  let stopped = false;
  const stop = stage.server.stop().then(() => {
    stopped = true;
  });
  await endsWith(romeo, "system-shutdown", false);
  await turns(50);
  assert.equal(stopped, false);
  resolve();
  await stop;
  assert.equal(handled, true);
});

test("a stop ends within its bound even if a client never closes", async () => {
  await using stage = await TestServer.start();
  const deaf = connect(stage);
  await stage.accounts("romeo@example.org");
  await deaf.login("romeo", "x");
  deaf.socket.removeAllListeners("end");
  deaf.socket.pause();
  const stop = stage.server.stop();
  await turns();
  assert.equal(deaf.peer?.destroyed, false, "there is time to take the last words");
  stage.clock.advance(5000);
  await stop;
  assert.equal(deaf.peer?.destroyed, true);
});

test("a stop takes no new connections, and may be asked for twice", async () => {
  await using stage = await TestServer.start();
  const stop = stage.server.stop();
  const late = connect(stage);
  assert.equal(late.peer?.destroyed, true);
  await Promise.all([stop, stage.server.stop()]);
});
