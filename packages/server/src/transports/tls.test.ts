import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { bindResource, endsWith, plain, RawClient, rosterGet } from "../streams/stage.test.ts";
import { authenticate, exporter, Listening, secured, type TlsClient } from "./sockets.test.ts";

const HASHES = ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"];
const PLUS = HASHES.map((name) => `${name}-PLUS`);
const STARTTLS = `<starttls xmlns='${NS.tls}'/>`;

/** Goes on after authentication up to a request that is answered. */
async function works({ client }: TlsClient): Promise<void> {
  await client.open();
  client.write(bindResource("balcony"));
  await client.until("<jid>romeo@example.org/balcony</jid>");
  client.write(rosterGet("p"));
  await client.until("type='result' id='p'");
}

const WAYS = ["direct", "starttls"] as const;

for (const way of WAYS) {
  test(`RFC 5802, RFC 7677, RFC 9266: every mechanism logs in by ${way}, and the server proves itself`, async () => {
    await using listening = await Listening.start();
    for (const mechanism of [...HASHES, ...PLUS, "PLAIN"]) {
      const secure = await listening[way]();
      const features = await secure.client.open();
      assert.ok(features.includes(`<mechanism>${mechanism}</mechanism>`), mechanism);
      const bindings = mechanism.endsWith("-PLUS") ? exporter(secure.socket) : undefined;
      await authenticate(secure.client, mechanism, { bindings });
      await works(secure);
      secure.client.write("</stream:stream>");
      assert.match(await secure.client.end(), /<\/stream:stream>$/);
    }
    assert.equal(listening.server.sessions.size, 0);
  });

  test(`RFC 9266 §4.2: with TLS 1.2 by ${way} tls-exporter is not announced, and login works`, async () => {
    await using listening = await Listening.start();
    const secure = await listening[way]({ maxVersion: "TLSv1.2" });
    assert.equal(secure.socket.getProtocol(), "TLSv1.2");
    assert.doesNotMatch(await secure.client.open(), /tls-exporter|-EXPR/);
    await authenticate(secure.client, "SCRAM-SHA-256");
    await works(secure);
  });

  test(`a whole session pipelined in one record by ${way} is handled in order`, async () => {
    await using listening = await Listening.start();
    const { client } = await listening[way]();
    const header = `<stream:stream to='example.org' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`;
    client.socket.end(`${header}${plain("romeo")}${header}${bindResource("b")}${rosterGet("p")}`);
    assert.match(await client.end(), /<success.*<jid>.*type='result' id='p'.*<\/stream:stream>$/);
  });

  test(`a client that is cut, by ${way}, leaves no session and no connection`, async () => {
    await using listening = await Listening.start({ limits: { connections: 1 } });
    for (let i = 0; i < 3; i++) {
      const secure = await listening[way]();
      await secure.client.open();
      await authenticate(secure.client, "PLAIN");
      await works(secure);
      secure.socket.destroy();
      await until(() => listening.server.sessions.size === 0);
      await turn(20);
    }
  });
}

test("RFC 5802 §6: a binding to another connection is refused", async () => {
  await using listening = await Listening.start();
  const [one, other] = [await listening.direct(), await listening.direct()];
  await one.client.open();
  await assert.rejects(
    authenticate(one.client, "SCRAM-SHA-256-PLUS", { bindings: exporter(other.socket) }),
    /not-authorized/,
  );
});

test("RFC 5802 §6: a client that was told of no channel binding, although it is offered, is refused", async () => {
  await using listening = await Listening.start();
  const { client, socket } = await listening.direct();
  await client.open();
  // to this client only the mechanism without -PLUS was shown, and it could have bound the channel
  await assert.rejects(
    authenticate(client, "SCRAM-SHA-256", { bindings: exporter(socket) }),
    /not-authorized/,
  );
});

test("RFC 6120 §5.3.1: where TLS is required it is offered alone and as required, and SASL is refused", async () => {
  await using listening = await Listening.start();
  const client = new RawClient(await listening.tcp());
  const features = await client.open();
  assert.match(
    features,
    new RegExp(
      `<stream:features><starttls xmlns='${NS.tls}'><required/></starttls></stream:features>$`,
    ),
  );
  client.write(plain("romeo"));
  assert.match(await client.until("</failure>"), /<encryption-required\/>/);
});

test("RFC 6120 §5.4.3.3: after TLS the old stream is forgotten, and STARTTLS is not offered again", async () => {
  await using listening = await Listening.start();
  const { client } = await listening.starttls();
  assert.doesNotMatch(await client.open(), /starttls/);
  client.write(STARTTLS);
  assert.equal(await client.end(), `<failure xmlns='${NS.tls}'/></stream:stream>`);
});

test("RFC 6120 §4.3.3: a SASL exchange that was begun in the clear cannot be ended within TLS", async () => {
  await using listening = await Listening.start({ auth: { requireTls: false } });
  const socket = await listening.tcp();
  const before = new RawClient(socket);
  await before.open();
  before.write(
    `<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-1'>${Buffer.from("n,,n=romeo,r=abcdefgh").toString("base64")}</auth>`,
  );
  await before.until("</challenge>");
  before.write(STARTTLS);
  await before.until("<proceed");
  socket.removeAllListeners("data");
  const { client } = await secured(socket);
  await client.open();
  client.write(`<response xmlns='${NS.sasl}'>AAAA</response>`);
  assert.match(await client.until("</failure>"), /<malformed-request\/>.*came before/);
});

test("RFC 6120 §5.3.1: once authenticated in the clear, TLS is neither offered nor begun", async () => {
  await using listening = await Listening.start({
    auth: { requireTls: false, plainWithoutTls: true },
  });
  const client = new RawClient(await listening.tcp());
  assert.match(await client.open(), /<starttls xmlns='[^']+'\/>/);
  client.write(plain("romeo"));
  await client.until("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  assert.doesNotMatch(await client.open(), /starttls/);
  client.write(STARTTLS);
  assert.match(
    await client.end(),
    /<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'\/><\/stream:stream>$/,
  );
});

test("RFC 6120 §5.4.3.3: what is pipelined in the clear behind <starttls/> ends the stream", async () => {
  await using listening = await Listening.start();
  for (const injected of [plain("romeo"), "<a", "x"]) {
    const client = new RawClient(await listening.tcp());
    await client.open();
    client.write(STARTTLS + injected);
    const text = await client.end();
    assert.doesNotMatch(text, /<proceed/);
    assert.match(text, /^<stream:error>/);
  }
});

test("RFC 6120 §5.4.3.3: what comes in the clear after <proceed/> is no part of a stream", async () => {
  await using listening = await Listening.start();
  const client = new RawClient(await listening.tcp());
  await client.open();
  client.write(STARTTLS);
  client.write(plain("romeo"));
  const text = await client.end();
  assert.doesNotMatch(text, /<success|<failure|<stream:error><(?!policy-violation)/);
});

test("white space behind <starttls/> is harmless", async () => {
  await using listening = await Listening.start();
  const client = new RawClient(await listening.tcp());
  await client.open();
  client.write(`${STARTTLS}\n`);
  await client.until("<proceed");
});

test("RFC 6120 §5.4.3.2: a failed handshake ends the connection without a word, and nothing else", async () => {
  await using listening = await Listening.start();
  const bystander = await listening.direct();
  await bystander.client.open();
  for (const garbage of [
    "GET / HTTP/1.1\r\n\r\n",
    "\u0016\u0003\u0001\u0000\u0005hello",
    "\0".repeat(20_000),
  ]) {
    const direct = await listening.tcp("c2sTls");
    direct.resume().write(garbage);
    await closed(direct);

    const client = new RawClient(await listening.tcp());
    await client.open();
    client.write(STARTTLS);
    await client.until("/>");
    client.write(garbage);
    assert.doesNotMatch(await client.end(), /stream/);
  }
  await authenticate(bystander.client, "PLAIN");
});

test("the limit streamOpenSeconds cuts handshakes that stall, and streams that do not open", async () => {
  await using listening = await Listening.start({
    limits: { streamOpenSeconds: 10, connections: 4 },
  });
  const silent = await listening.tcp("c2sTls");
  const stalled = await listening.tcp("c2sTls");
  stalled.write(Uint8Array.of(0x16, 0x03, 0x01));
  const upgrading = new RawClient(await listening.tcp());
  await upgrading.open();
  upgrading.write(STARTTLS);
  await upgrading.until("/>");
  const mute = await listening.direct();
  await turn();
  listening.clock.advance(9_999);
  await turn();
  for (const socket of [silent, stalled, upgrading.socket, mute.socket])
    assert.equal(socket.destroyed, false);
  listening.clock.advance(5_000);
  silent.resume();
  stalled.resume();
  await Promise.all([closed(silent), closed(stalled), upgrading.end()]);
  await endsWith(mute.client, "connection-timeout", true);
  assert.equal(upgrading.text, "");
  // all four places are free again
  const again = await Promise.all([1, 2, 3, 4].map(() => listening.direct()));
  await Promise.all(again.map(({ client }) => client.open()));
});

test("a client that goes away within the handshake is forgotten at once", async () => {
  await using listening = await Listening.start({
    limits: { connections: 1, streamOpenSeconds: 0 },
  });
  for (const leave of [
    (socket: Awaited<ReturnType<Listening["tcp"]>>) => socket.end(),
    (socket: Awaited<ReturnType<Listening["tcp"]>>) => socket.resetAndDestroy(),
    (socket: Awaited<ReturnType<Listening["tcp"]>>) => socket.destroy(),
  ]) {
    for (const begin of ["", "\u0016\u0003\u0001"]) {
      const socket = await listening.tcp("c2sTls");
      socket.resume();
      if (begin !== "") socket.write(Buffer.from(begin, "latin1"));
      await turn(20);
      leave(socket);
      await closed(socket);
      await turn(20);
    }
  }
  const { client } = await listening.direct();
  await client.open();
});

test("a client that ends its side of TLS gets its answers, then the end of ours", async () => {
  await using listening = await Listening.start();
  const { client, socket } = await listening.direct();
  await client.open();
  await authenticate(client, "PLAIN");
  await client.open();
  client.socket.end(bindResource("b") + rosterGet("p"));
  assert.match(await client.end(), /type='result' id='p'.*<\/stream:stream>$/);
  assert.equal(socket.readableEnded, true, "by close_notify");
  assert.equal(listening.server.sessions.size, 0);
});

test("XEP-0368 §3: direct TLS agrees on xmpp-client, takes clients without ALPN, and refuses others", async () => {
  await using listening = await Listening.start();
  assert.equal((await listening.direct()).socket.alpnProtocol, "xmpp-client");
  const without = await listening.direct({ ALPNProtocols: [] });
  await without.client.open();
  await assert.rejects(listening.direct({ ALPNProtocols: ["h2"] }));
});

test("TLS 1.1 is refused", async () => {
  await using listening = await Listening.start();
  await assert.rejects(listening.direct({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }));
});

test("RFC 6120 §13.7: a second handshake on the same connection is not possible", async () => {
  await using listening = await Listening.start();
  const { client, socket } = await listening.direct({ maxVersion: "TLSv1.2" });
  await client.open();
  const refused = new Promise((resolve) => socket.once("error", resolve));
  socket.renegotiate({ rejectUnauthorized: false }, () => {});
  assert.match(String(await refused), /no renegotiation/);
});

async function closed(socket: { closed: boolean } & NodeJS.EventEmitter): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

async function turn(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function until(there: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !there(); i++) await turn(1);
  assert.ok(there());
}
