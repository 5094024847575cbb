/** As `slow-clients.test.ts`, with the limits as they are by default: it takes half a minute. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "./reply.ts";
import { type RawSocket, WebStage } from "./web-stage.test.ts";

test("500 slow clients are cut off within 30 s as the server is by default, and delay nobody", {
  timeout: 60_000,
}, async () => {
  await using stage = await WebStage.start({ limits: { connectionsPerAddress: 1000 } });
  stage.router.add(undefined, "GET", "/", () => text("hello"));
  stage.router.add(undefined, "POST", "/body", async (request) => {
    await request.body(1000);
    return text("");
  });
  const sockets: RawSocket[] = [];
  const began = performance.now();
  for (let i = 0; i < 500; i++) {
    const socket = await stage.connect();
    sockets.push(socket);
    if (i % 3 === 0) socket.write("GET / HTTP/1.1\r\nHost: exam");
    else if (i % 3 === 1) {
      socket.write("POST /body HTTP/1.1\r\nHost: example.org\r\nContent-Length: 900\r\n\r\n1");
    }
  }
  const closed = new Set<RawSocket>();
  const ended = sockets.map(async (socket) => {
    await socket.all();
    closed.add(socket);
  });
  const drip = setInterval(() => {
    for (const { socket } of sockets) if (!socket.destroyed) socket.write("x");
  }, 1000);
  let longest = 0;
  try {
    while (closed.size < sockets.length && performance.now() - began < 40_000) {
      const asked = performance.now();
      assert.equal(await (await fetch(stage.url("/"))).text(), "hello");
      longest = Math.max(longest, performance.now() - asked);
      await sleep(200);
    }
    await Promise.all(ended);
  } finally {
    clearInterval(drip);
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `all cut off after ${seconds.toFixed(1)} s; others waited ${longest.toFixed(0)} ms at most`,
  );
  assert.ok(seconds <= 30);
  assert.ok(longest < 1000);
});
