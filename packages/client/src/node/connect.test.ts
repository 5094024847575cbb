import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { body, discoInfo, Jid, Stanza } from "@rookery/protocol";
import { createServer, type Server } from "@rookery/server";
import { SaslError } from "@rookery/stream";
import { ByteChannel } from "../byte-channel.ts";
import { startClient } from "../client.ts";
import { ClientError } from "../errors.ts";
import { ScriptedServer } from "../scripted-server.test.ts";
import { connectClient, connectComponent } from "./connect.ts";
import { openTcp } from "./tcp.ts";

/** A server on ports of its own, with accounts whose password is "secret". */
async function withServer(
  run: (server: Server, at: { readonly ca: string; readonly host: string }) => Promise<void>,
): Promise<void> {
  const server = await createServer({
    domains: [{ name: "localhost" }],
    storage: "memory",
    auth: { channelBinding: true },
    listen: { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0", http: false, https: false },
  });
  try {
    await server.listen();
    const { accounts } = server.host("localhost");
    for (const name of ["romeo", "juliet"]) {
      await accounts.create(Jid.of(name, "localhost"), "secret");
    }
    const ca = server.certificates.certificate("localhost")?.toString() ?? "";
    await run(server, { ca, host: "127.0.0.1" });
  } finally {
    await server.stop();
  }
}

test("RFC 6120 §5, RFC 9266: two clients log in by STARTTLS and direct TLS, bound to the channel, and talk", () =>
  withServer(async (server, at) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const juliet = await connectClient(
      { ...at, port: server.ports.c2s[0]!, jid: "juliet@localhost/balcony", password: "secret" },
      (client) => client.onMessage((message) => resolve(body.in(message)?.text ?? "")),
    );
    assert.equal(juliet.jid.toString(), "juliet@localhost/balcony");
    await juliet.send({ kind: "presence" });
    const romeo = await connectClient({
      ...at,
      port: server.ports.c2sTls[0]!,
      tls: "direct",
      jid: "romeo@localhost",
      password: "secret",
    });
    assert.notEqual(romeo.jid.resource, "");
    const info = await romeo.request(
      {
        type: "get",
        to: Jid.parse("localhost"),
        payload: discoInfo.write({ identities: [], features: [], forms: [] }),
      },
      discoInfo,
    );
    assert.ok(info.features.includes("urn:xmpp:ping"));
    await romeo.send({
      kind: "message",
      type: "chat",
      to: juliet.jid,
      children: [body.write({ text: "Art thou not Romeo?" })],
    });
    assert.equal(await promise, "Art thou not Romeo?");
    await Promise.all([romeo.close(), juliet.close()]);
    assert.equal(await romeo.ended, undefined);
    assert.equal(server.sessions.size, 0);
  }));

test("RFC 9266 §2: by TLS 1.3 the authentication is bound to the channel", () =>
  withServer(async (server, { ca, host }) => {
    for (const tls of ["starttls", "direct"] as const) {
      const port = server.ports[tls === "direct" ? "c2sTls" : "c2s"][0]!;
      const mechanisms: string[] = [];
      const client = await startClient(
        async (signal) => {
          const target = { host, port, tls, domain: "localhost", ca };
          const channel = new ByteChannel(await openTcp(target, signal));
          const send = channel.send.bind(channel);
          channel.send = (what) => {
            if (!(what instanceof Stanza)) mechanisms.push(what.attr("mechanism") ?? what.name);
            send(what);
          };
          return channel;
        },
        { jid: "romeo@localhost", password: "secret" },
      );
      await client.close();
      const [mechanism] = mechanisms.filter((name) => name.startsWith("SCRAM"));
      assert.match(mechanism ?? "", /^SCRAM-SHA-(?:256|512)-PLUS$/);
      assert.equal(mechanisms.includes("starttls"), tls === "starttls");
    }
  }));

test("a wrong password is refused, and so is a certificate that nobody vouches for", () =>
  withServer(async (server, at) => {
    const login = { ...at, port: server.ports.c2s[0]!, jid: "romeo@localhost", password: "secret" };
    await assert.rejects(
      connectClient({ ...login, password: "wrong" }),
      (error) => error instanceof SaslError && error.condition === "not-authorized",
    );
    const { ca: _, ...unknown } = login;
    await assert.rejects(connectClient(unknown), (error) => {
      assert.equal((error as NodeJS.ErrnoException).code, "DEPTH_ZERO_SELF_SIGNED_CERT");
      return true;
    });
    await assert.rejects(connectClient({ ...login, jid: "romeo@other.example" }), Error);
  }));

test("a port that nobody listens on, and one where nothing is said, are errors in time", async () => {
  const silent = createTcpServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  assert.ok(address !== null && typeof address === "object");
  const { port } = address;
  const login = { host: "127.0.0.1", port, jid: "romeo@localhost", password: "x" };
  const sockets: { destroy(): void }[] = [];
  silent.on("connection", (socket) => sockets.push(socket));
  await assert.rejects(connectClient({ ...login, connectTimeoutMs: 50 }), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.code, "timeout");
    return true;
  });
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, "close");
  await assert.rejects(connectClient(login), (error) => {
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    return true;
  });
});

test("XEP-0114: a component connects by TCP", async () => {
  const listener = createTcpServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  assert.ok(address !== null && typeof address === "object");
  const accepted = once(listener, "connection");
  const started = connectComponent({
    host: "127.0.0.1",
    port: address.port,
    domain: "echo.localhost",
    secret: "s",
  });
  const [socket] = await accepted;
  const server = new ScriptedServer(socket);
  await server.gets("open");
  server.write(
    "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>",
  );
  await server.element();
  server.write("<handshake/>");
  const component = await started;
  assert.ok(component.isConnected);
  const stopped = component.stop();
  await server.gets("close");
  server.write("</stream:stream>");
  await stopped;
  await server.gets("closed");
  listener.close();
  await once(listener, "close");
});
