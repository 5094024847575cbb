import assert from "node:assert/strict";
import { test } from "node:test";
import { el, XmlError } from "@rookery/xml";
import { ByteChannel, type ByteTransport, type TransportEvents } from "./byte-channel.ts";
import type { Received } from "./channel.ts";
import { ClientError } from "./errors.ts";

/** A transport that notes what is asked of it. */
class FakeTransport implements ByteTransport {
  security: undefined = undefined;
  queuedBytes = 0;
  events: TransportEvents | undefined = undefined;
  readonly calls: string[] = [];

  start(events: TransportEvents): void {
    this.events = events;
  }

  write(text: string): void {
    this.calls.push(text);
  }

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }

  startTls(): Promise<void> {
    this.calls.push("tls");
    return Promise.resolve();
  }

  end(): void {
    this.calls.push("end");
  }

  destroy(): void {
    this.events?.closed(new Error("destroyed"));
  }

  gets(text: string): void {
    this.events?.received(new TextEncoder().encode(text));
  }
}

const HEADER = "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client'>";
const nameOf = (item: Received | undefined): string | undefined =>
  item && ("event" in item ? item.event : item.name);

test("what comes byte by byte is given as soon as it is whole", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  const names: (string | undefined)[] = [];
  const reader = (async () => {
    for (;;) {
      const item = await channel.next();
      names.push(nameOf(item));
      if (item === undefined) return;
    }
  })();
  for (const char of `${HEADER}<a/><b>x</b></s:stream>`) {
    transport.gets(char);
    await Promise.resolve();
  }
  transport.events?.closed();
  await reader;
  assert.deepEqual(names, ["open", "a", "b", "close", undefined]);
});

test("nothing is taken from the network as long as nobody asks", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  transport.gets(`${HEADER}<a/><b/>`);
  transport.gets("<c/>");
  assert.deepEqual(transport.calls, ["pause", "pause"]);
  const names = [];
  for (let n = 0; n < 4; n++) {
    const item = channel.next();
    assert.ok(!(item instanceof Promise));
    names.push(nameOf(item));
  }
  assert.deepEqual(names, ["open", "a", "b", "c"]);
  assert.deepEqual(transport.calls, ["pause", "pause"]);
  const waiting = channel.next();
  assert.ok(waiting instanceof Promise);
  assert.equal(transport.calls.at(-1), "resume");
  assert.throws(() => channel.next(), /somebody waits/);
  transport.events?.closed();
  assert.equal(await waiting, undefined);
  assert.equal(await channel.next(), undefined);
});

test("what came before the end of the connection is given before it", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  transport.gets(`${HEADER}<a/>`);
  transport.destroy();
  assert.equal(nameOf(await channel.next()), "open");
  assert.equal(nameOf(await channel.next()), "a");
  assert.equal(await channel.next(), undefined);
  assert.equal(channel.error?.message, "destroyed");
});

test("what is sent in one turn is written at once", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  channel.send(el("jabber:client", "a"));
  channel.send(el("urn:x", "b"));
  assert.deepEqual(transport.calls, []);
  assert.equal(channel.queuedBytes, "<a/><b xmlns='urn:x'/>".length);
  await Promise.resolve();
  assert.deepEqual(transport.calls, ["<a/><b xmlns='urn:x'/>"]);
  channel.closeStream();
  channel.send(el("jabber:client", "late"));
  channel.closeStream();
  channel.end();
  assert.deepEqual(transport.calls.slice(1), ["</stream:stream>", "end"]);
});

test("who waits for the queue to drain goes on when it has, or when the connection has ended", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  await channel.drained();
  transport.queuedBytes = 100_000;
  let drained = 0;
  const waits = [channel.drained(), channel.drained()].map((wait) => wait.then(() => drained++));
  transport.events?.drained();
  await Promise.resolve();
  assert.equal(drained, 0);
  transport.queuedBytes = 10;
  transport.events?.drained();
  await Promise.all(waits);
  transport.queuedBytes = 100_000;
  const last = channel.drained();
  transport.destroy();
  await last;
});

test("who waits goes on when the system has taken everything at once, without a word", async () => {
  const channel = new ByteChannel(new FakeTransport());
  channel.send(el("jabber:client", "a", {}, "x".repeat(100_000)));
  assert.ok(channel.queuedBytes > 100_000);
  await channel.drained();
  assert.equal(channel.queuedBytes, 0);
});

test("RFC 6120 §5.4.3.3: what came in the clear after <proceed/> is not taken for what comes by TLS", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  transport.gets(`${HEADER}<proceed/>`);
  await channel.next();
  await channel.next();
  transport.gets("<features>injected");
  await assert.rejects(
    async () => channel.startTls?.(),
    (error) => error instanceof ClientError && error.code === "protocol",
  );
  assert.ok(!transport.calls.includes("tls"));
});

test("what cannot be read is an error for who waits, and for who asks again", async () => {
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport);
  const waiting = channel.next();
  transport.gets("<!DOCTYPE x>");
  await assert.rejects(async () => waiting, XmlError);
  assert.throws(() => channel.next(), XmlError);
});

test("bounds hold for what servers send", async () => {
  const limits = { bytes: 100, depth: 5, elements: 10, attributes: 5, namespaces: 5 };
  const transport = new FakeTransport();
  const channel = new ByteChannel(transport, { limits });
  transport.gets(`${HEADER}<a>${"x".repeat(100)}`);
  assert.equal(nameOf(await channel.next()), "open");
  assert.throws(
    () => channel.next(),
    (error) => error instanceof XmlError && error.condition === "policy-violation",
  );
});
