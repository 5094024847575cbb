import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { text } from "./reply.ts";
import { slowSockets } from "./slow-sockets.test.ts";
import { WebStage } from "./web-stage.test.ts";

const LIMITS = {
  httpHeaderSeconds: 1,
  httpBodySeconds: 1,
  httpIdleSeconds: 1,
  httpSendSeconds: 1,
  connectionsPerAddress: 1000,
};

/** Each waits for seconds to pass, so they run side by side. */
describe("slow clients", { concurrency: true }, () => {
  it("500 slow clients are cut off in time, and nobody else is kept waiting meanwhile", async () => {
    await using stage = await WebStage.start({ limits: LIMITS });
    using slow = await slowSockets(stage, { bodyBytes: 9, dripMs: 400 });
    const began = performance.now();
    assert.equal(await (await fetch(stage.url("/"))).text(), "hello");
    assert.ok(performance.now() - began < 1000);
    await Promise.all(slow.sockets.map((socket) => socket.all()));
    assert.ok(performance.now() - began < 10_000);
  });

  it("a connection that says nothing more is closed", async () => {
    await using stage = await WebStage.start({ limits: LIMITS });
    stage.router.add(undefined, "GET", "/", () => text("hello"));
    const socket = await stage.connect();
    socket.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    assert.match(await socket.all(), /hello$/);
  });

  it("a large body that comes too slowly is refused, and one that its reader keeps waiting is not", async () => {
    await using stage = await WebStage.start({
      limits: { ...LIMITS, httpBodyBytesPerSecond: 1000 },
    });
    let patience = 0;
    stage.router.add(undefined, "PUT", "/", async (request) => {
      let bytes = 0;
      for await (const chunk of request.stream(10_000_000)) {
        bytes += (chunk as Buffer).length;
        if (patience > 0) await new Promise((resolve) => setTimeout(resolve, patience));
        patience = 0;
      }
      return text(`${bytes} bytes`);
    });
    const slow = await stage.connect();
    slow.write("PUT / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 1000000\r\n\r\n1");
    assert.match(await slow.all(), /^HTTP\/1\.1 408 /);
    patience = 2500;
    const answer = await fetch(stage.url("/"), { method: "PUT", body: Buffer.alloc(1_000_000) });
    assert.equal(await answer.text(), "1000000 bytes");
  });

  it("a client that does not take its answer is cut off", async () => {
    await using stage = await WebStage.start({ limits: LIMITS });
    const sent = Promise.withResolvers<boolean>();
    stage.router.add(undefined, "GET", "/", () => ({
      ...text("x".repeat(20_000_000)),
      sent: sent.resolve,
    }));
    const socket = await stage.connect();
    socket.socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    assert.equal(await sent.promise, false);
  });

  it("a handler that thinks for long is not a slow client", async () => {
    await using stage = await WebStage.start({ limits: LIMITS });
    stage.router.add(undefined, "POST", "/", async (request) => {
      await request.body(10);
      await new Promise((resolve) => setTimeout(resolve, 3500));
      return text("at last");
    });
    const answer = await fetch(stage.url("/"), { method: "POST", body: "a" });
    assert.equal(await answer.text(), "at last");
  });

  it("one address has so many connections and no more; a proxy of ours has those of many", async () => {
    const limits = { ...LIMITS, httpHeaderSeconds: 60, connectionsPerAddress: 2 };
    {
      await using stage = await WebStage.start({ limits });
      await stage.connect();
      await stage.connect();
      assert.equal(await (await stage.connect()).all(), "");
    }
    await using stage = await WebStage.start({ limits, proxies: { trusted: ["127.0.0.1"] } });
    stage.router.add(undefined, "GET", "/", () => text("hello"));
    for (let i = 0; i < 4; i++) await stage.connect();
    assert.equal((await fetch(stage.url("/"))).status, 200);
  });
});
