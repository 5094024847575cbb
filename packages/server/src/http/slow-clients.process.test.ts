/** As `slow-clients.test.ts`, with the limits as they are by default: it takes half a minute. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { slowSockets } from "./slow-sockets.test.ts";
import { type RawSocket, WebStage } from "./web-stage.test.ts";

test("500 slow clients are cut off within 30 s as the server is by default, and delay nobody", {
  timeout: 60_000,
}, async () => {
  await using stage = await WebStage.start({ limits: { connectionsPerAddress: 1000 } });
  const began = performance.now();
  using slow = await slowSockets(stage, { bodyBytes: 900, dripMs: 1000 });
  const { sockets } = slow;
  const closed = new Set<RawSocket>();
  const ended = sockets.map(async (socket) => {
    await socket.all();
    closed.add(socket);
  });
  let longest = 0;
  while (closed.size < sockets.length && performance.now() - began < 40_000) {
    const asked = performance.now();
    assert.equal(await (await fetch(stage.url("/"))).text(), "hello");
    longest = Math.max(longest, performance.now() - asked);
    await sleep(200);
  }
  await Promise.all(ended);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `all cut off after ${seconds.toFixed(1)} s; others waited ${longest.toFixed(0)} ms at most`,
  );
  assert.ok(seconds <= 30);
  assert.ok(longest < 1000);
});
