import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { FRAMING_NS } from "@rookery/stream";
import { WebSocketStage } from "./websocket-stage.test.ts";

const chat = (to: string, body: string): string =>
  `<message xmlns='${NS.client}' type='chat' to='${to}'><body>${body}</body></message>`;

test("RFC 7395 §3.3.2: a stream is opened by <open/>, and every frame is a document of its own", async () => {
  await using stage = await WebSocketStage.start();
  const client = await stage.connect();
  assert.equal(client.ws.protocol, "xmpp");
  assert.equal(client.ws.extensions, "");
  client.open();
  const open = await client.next();
  assert.ok(open.is(FRAMING_NS, "open"));
  assert.equal(open.attr("from"), "example.org");
  assert.equal(open.attr("version"), "1.0");
  assert.ok(open.attr("id"));
  const features = await client.next();
  assert.ok(features.is(NS.streams, "features"));
  assert.ok(features.child(NS.sasl, "mechanisms"));
  // §3.9: TLS is below
  assert.equal(features.child(NS.tls, "starttls"), undefined);
});

test("RFC 7395 §3.7: the stream restarts by <open/>, and stanzas flow both ways", async () => {
  await using stage = await WebSocketStage.start();
  const romeo = await stage.login("romeo");
  const juliet = await stage.login("juliet");
  romeo.send(chat("juliet@example.org/web", "art thou not Romeo?"));
  const message = await juliet.next();
  assert.ok(message.is(NS.client, "message"));
  assert.equal(message.attr("from"), "romeo@example.org/web");
  assert.equal(message.child(NS.client, "body")?.text, "art thou not Romeo?");
  juliet.send(`<iq xmlns='${NS.client}' type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`);
  assert.ok((await juliet.next()).is(NS.client, "iq"));
});

test("RFC 7395 §3.6: <close/> is answered by <close/>, and then the connection is closed", async () => {
  await using stage = await WebSocketStage.start();
  const romeo = await stage.login("romeo");
  romeo.send(chat("romeo@example.org/web", "last words"));
  romeo.send(`<close xmlns='${FRAMING_NS}'/>`);
  assert.equal((await romeo.next()).child(NS.client, "body")?.text, "last words");
  assert.ok((await romeo.next()).is(FRAMING_NS, "close"));
  assert.equal(await romeo.closed, 1000);
  assert.equal(stage.stage.server.sessions.size, 0);
});

test("what was sent before the client closed the WebSocket is handled", async () => {
  await using stage = await WebSocketStage.start();
  const juliet = await stage.login("juliet");
  const romeo = await stage.login("romeo");
  for (let i = 0; i < 100; i++) romeo.send(chat("juliet@example.org/web", String(i)));
  romeo.ws.close();
  for (let i = 0; i < 100; i++) {
    assert.equal((await juliet.next()).child(NS.client, "body")?.text, String(i));
  }
  await romeo.closed;
});

test("RFC 7395 §3.3: what is no frame of XMPP ends the stream with an error", async () => {
  await using stage = await WebSocketStage.start();
  const open = `<open xmlns='${FRAMING_NS}' to='example.org' version='1.0'/>`;
  const wrong: readonly (readonly [string, ...(string | Buffer)[]])[] = [
    ["bad-format", "hello"],
    ["bad-format", " "],
    ["bad-format", `<message xmlns='${NS.client}'/>`],
    ["not-well-formed", `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`],
    ["bad-format", `${open}<presence xmlns='${NS.client}'/>`],
    ["not-well-formed", open, "<iq>"],
    ["bad-format", open, open],
    ["bad-format", Buffer.from(open)],
    ["bad-format", open, Buffer.from("<presence/>")],
    ["not-authorized", open, chat("juliet@example.org", "hello")],
    ["restricted-xml", open, "<!DOCTYPE a>"],
    ["host-unknown", open.replace("example.org", "example.com")],
  ];
  for (const [condition, ...frames] of wrong) {
    const client = await stage.connect();
    for (const frame of frames) client.ws.send(frame);
    assert.equal(await client.error(), condition, String(frames));
    assert.ok((await client.next()).is(FRAMING_NS, "close"));
    assert.equal(await client.closed, 1000);
  }
});

test("RFC 6455 §5.4: a message in fragments is one element", async () => {
  await using stage = await WebSocketStage.start();
  const romeo = await stage.login("romeo");
  const text = chat("romeo@example.org/web", "é".repeat(100));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) {
    romeo.ws.send(bytes.subarray(at, at + 7), { binary: false, fin: at + 7 >= bytes.length });
  }
  assert.equal((await romeo.next()).child(NS.client, "body")?.text, "é".repeat(100));
});

test("a message in too many fragments is refused, however short it is", async () => {
  await using stage = await WebSocketStage.start();
  const romeo = await stage.login("romeo");
  for (let i = 0; i < 1100; i++) romeo.ws.send("<", { fin: false });
  assert.equal(await romeo.closed, 1008);
});

test("a frame is refused by its length before it is there, and logging in raises the bound", async () => {
  await using stage = await WebSocketStage.start({ limits: { stanzaBytes: 50_000 } });
  const early = await stage.connect();
  early.open();
  early.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${"A".repeat(10_000)}</auth>`);
  assert.equal(await early.closed, 1009);
  const inPieces = await stage.connect();
  for (let i = 0; i < 20; i++) inPieces.ws.send("<".padEnd(1000), { fin: false });
  assert.equal(await inPieces.closed, 1009);
  // a header that announces more than is allowed is enough; nothing of it has to come
  const announced = await stage.connect();
  const { _socket } = announced.ws as unknown as { _socket: { write(bytes: Uint8Array): void } };
  _socket.write(Uint8Array.of(0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4));
  assert.equal(await announced.closed, 1009);

  const romeo = await stage.login("romeo");
  romeo.send(chat("romeo@example.org/web", "x".repeat(40_000)));
  assert.equal((await romeo.next()).child(NS.client, "body")?.text.length, 40_000);
  romeo.send(chat("romeo@example.org/web", "x".repeat(50_000)));
  assert.equal(await romeo.closed, 1009);
});

test("RFC 6455 §5.1 and §5.2: frames without mask, with reserved bits or too long for their kind end it", async () => {
  await using stage = await WebSocketStage.start();
  const frames = [
    [0x81, 0x01, 0x3c], // not masked
    [0xc1, 0x81, 0, 0, 0, 0, 0x3c], // RSV1 without an extension
    [0x83, 0x80, 0, 0, 0, 0], // an opcode that there is not
    [0x89, 0xfe, 0, 126, 0, 0, 0, 0], // a ping of more than 125 bytes
    [0x09, 0x80, 0, 0, 0, 0], // a ping in fragments
    [0x80, 0x80, 0, 0, 0, 0], // nothing to continue
  ];
  for (const frame of frames) {
    const client = await stage.connect();
    const { _socket } = client.ws as unknown as { _socket: { write(bytes: Uint8Array): void } };
    _socket.write(Uint8Array.from(frame));
    assert.equal(await client.closed, 1002, String(frame));
  }
  const client = await stage.connect();
  const { _socket } = client.ws as unknown as { _socket: { write(bytes: Uint8Array): void } };
  _socket.write(Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x3c, 0xff));
  assert.equal(await client.closed, 1007); // §8.1: not UTF-8
});

test("RFC 7395 §3.1: the subprotocol is asked for, or the handshake fails", async () => {
  await using stage = await WebSocketStage.start();
  await assert.rejects(stage.connect({}, { protocols: [] }), /400/);
  await assert.rejects(stage.connect({}, { protocols: ["chat", "xmppx"] }), /400/);
  const client = await stage.connect({}, { protocols: ["chat", "xmpp"] });
  assert.equal(client.ws.protocol, "xmpp");
});

test("pages of other origins cannot connect, those of ours and of listed ones can", async () => {
  await using stage = await WebSocketStage.start({ web: { origins: ["https://friend.example"] } });
  const from = async (origin: string): Promise<boolean> => {
    try {
      await stage.connect({ headers: { origin } });
      return true;
    } catch (error) {
      assert.match(String(error), /403/);
      return false;
    }
  };
  const { port } = new URL(stage.url());
  assert.equal(await from("https://evil.example"), false);
  assert.equal(await from("null"), false);
  assert.equal(await from("http://localhost:1"), false);
  assert.equal(await from(`http://localhost:${port}.evil.example`), false);
  assert.equal(await from(`http://localhost:${port}`), true);
  assert.equal(await from("https://friend.example"), true);
});

test("a page that gives its own name to this machine is not taken for one of ours", async () => {
  await using stage = await WebSocketStage.start();
  const headers = { host: "evil.example", origin: "http://evil.example" };
  await assert.rejects(stage.connect({ headers }), /421/);
});

test("passwords are taken by wss, from this machine, and from a proxy that says it had TLS; nowhere else", async () => {
  const offered = async (
    stage: WebSocketStage,
    options: { headers?: { [name: string]: string } } = {},
    scheme: "ws" | "wss" = "ws",
  ): Promise<boolean> => {
    const client = await stage.connect(options, { scheme });
    client.open();
    await client.next();
    return (await client.next()).child(NS.sasl, "mechanisms") !== undefined;
  };
  {
    await using stage = await WebSocketStage.start();
    assert.equal(await offered(stage), true);
    assert.equal(await offered(stage, {}, "wss"), true);
    // who comes as from elsewhere, as through a proxy that nobody told us about
    assert.equal(await offered(stage, { headers: { host: "example.org" } }), false);
    const claims = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" };
    assert.equal(await offered(stage, { headers: claims }), false);
  }
  await using stage = await WebSocketStage.start({ proxies: { trusted: ["127.0.0.1", "::1"] } });
  const via = (proto: string): { headers: { [name: string]: string } } => ({
    headers: { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": proto, host: "example.org" },
  });
  assert.equal(await offered(stage, via("https")), true);
  assert.equal(await offered(stage, via("http")), false);
  assert.equal(await offered(stage), false);
});

test("RFC 9266: over wss there is something to bind to, behind a proxy there is not", async () => {
  await using stage = await WebSocketStage.start({
    auth: { requireTls: true, channelBinding: true },
  });
  for (const [scheme, bound] of [
    ["wss", true],
    ["ws", false],
  ] as const) {
    const client = await stage.connect({}, { scheme });
    client.open();
    await client.next();
    const names = (await client.next()).child(NS.sasl, "mechanisms")?.elements() ?? [];
    assert.ok(names.length > 0);
    assert.equal(
      names.some(({ text }) => text.endsWith("-PLUS")),
      bound,
      scheme,
    );
  }
});

test("RFC 7395 §3.8: pings are answered and count as signs of life", async () => {
  await using stage = await WebSocketStage.start({
    limits: { idleSeconds: 100, idleAnswerSeconds: 50 },
  });
  const romeo = await stage.login("romeo");
  for (let i = 0; i < 10; i++) {
    stage.stage.clock.advance(60_000);
    romeo.ws.ping("hello");
    const [data] = (await once(romeo.ws, "pong")) as [Buffer];
    assert.equal(data.toString(), "hello");
  }
  assert.deepEqual(romeo.frames, []); // nothing had to be asked
});

test("a client that does not read is not read from, and cut off when too much waits", async () => {
  await using stage = await WebSocketStage.start({
    limits: { sendQueueBytes: 100_000, c2sBytesPerSecond: 0 },
  });
  const deaf = await stage.login("deaf");
  const romeo = await stage.login("romeo");
  deaf.ws.pause();
  const body = "x".repeat(20_000);
  const deadline = Date.now() + 20_000;
  while (stage.stage.server.sessions.size === 2 && Date.now() < deadline) {
    romeo.send(chat("deaf@example.org/web", body));
    await new Promise(setImmediate);
  }
  assert.equal(stage.stage.server.sessions.size, 1);
  romeo.send(chat("romeo@example.org/web", "nobody else notices"));
  for (;;) if ((await romeo.next()).attr("type") === "chat") break;
});

test("what is asked faster than the answers are read is not read for long", async () => {
  await using stage = await WebSocketStage.start({
    limits: { sendQueueBytes: 100_000, c2sBytesPerSecond: 0 },
  });
  const romeo = await stage.login("romeo");
  romeo.ws.pause();
  const question = `<iq xmlns='${NS.client}' type='get' id='${"i".repeat(1000)}' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>`;
  for (let i = 0; i < 20_000; i++) romeo.send(question);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(romeo.ws.bufferedAmount > 1_000_000, String(romeo.ws.bufferedAmount));
  assert.equal(stage.stage.server.sessions.size, 1);
});

test("pings that are not read the answers of do not fill the memory", async () => {
  await using stage = await WebSocketStage.start({ limits: { c2sBytesPerSecond: 0 } });
  const romeo = await stage.login("romeo");
  romeo.ws.pause();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 200_000; i++) {
    romeo.ws.ping("x".repeat(125));
    if (i % 1000 === 0) await new Promise(setImmediate);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(romeo.ws.bufferedAmount > 5_000_000, String(romeo.ws.bufferedAmount));
  assert.ok(process.memoryUsage().rss - before < 200_000_000);
});

test("when the server stops, clients are told and closed", async () => {
  const stage = await WebSocketStage.start();
  const romeo = await stage.login("romeo");
  const idle = await stage.connect();
  const stopped = stage.stage.server.stop();
  assert.equal(await romeo.error(), "system-shutdown");
  assert.equal(await romeo.closed, 1000);
  await idle.closed;
  await stopped;
});

test("a request without upgrade is told what is spoken there", async () => {
  await using stage = await WebSocketStage.start();
  const answer = await fetch(stage.url().replace("ws:", "http:"));
  assert.equal(answer.status, 426);
  const { port } = new URL(stage.url());
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  socket.write(
    "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n",
  );
  const [data] = (await once(socket, "data")) as [Buffer];
  assert.match(data.toString(), /^HTTP\/1\.1 404 /);
  socket.destroy();
});

test("XEP-0156 §3: browsers are told where to connect, in XML and in JSON", async () => {
  await using stage = await WebSocketStage.start();
  const base = stage.url("ws", "").replace("ws:", "http:");
  const links = async (): Promise<unknown> => {
    const answer = await fetch(`${base}/.well-known/host-meta.json`);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*"); // §4
    return ((await answer.json()) as { links: { rel: string; href: string }[] }).links.find(
      ({ rel }) => rel === "urn:xmpp:alt-connections:websocket",
    )?.href;
  };
  assert.equal(await links(), stage.url("ws"));
  const xrd = await fetch(`${base}/.well-known/host-meta`);
  assert.equal(xrd.headers.get("content-type"), "application/xrd+xml");
  assert.ok((await xrd.text()).includes(`href='${stage.url("ws")}'`));
  await using other = await WebSocketStage.start({ web: { url: "https://chat.example.org/im" } });
  const told = await fetch(`${other.url("ws", "").replace("ws:", "http:")}/.well-known/host-meta`);
  assert.ok((await told.text()).includes("href='wss://chat.example.org/im/xmpp-websocket'"));
});
