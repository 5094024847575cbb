import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { NS } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import type { ConfigInput } from "../config/config.ts";

const LINE = "PROXY TCP4 192.0.2.7 192.0.2.2 56324 5222\r\n";
const OPEN = `<stream:stream to='example.org' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`;

/** A server behind a proxy on this machine, and the addresses it sees. */
async function behind(config: ConfigInput): Promise<{ server: TestServer; seen: string[] }> {
  const listen = { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0" };
  const server = await TestServer.start({ config: { ...config, listen } });
  const seen: string[] = [];
  const accept = server.server.accept.bind(server.server);
  server.server.accept = (connection) => {
    seen.push(connection.address);
    accept(connection);
  };
  await server.server.listen();
  return { server, seen };
}

async function says(port: number | undefined, text: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: port ?? 0 });
  socket.on("error", () => {});
  socket.write(text);
  return socket;
}

const PROXIES = { trusted: ["127.0.0.1"], protocol: ["c2s", "c2sTls"] } as const;

test("a proxy of ours begins with the client's address, and what follows is the stream", async () => {
  const { server, seen } = await behind({ proxies: PROXIES });
  await using _ = server;
  const socket = await says(server.server.ports.c2s[0], LINE + OPEN);
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.match(answer.toString(), /<stream:stream /);
  assert.deepEqual(seen, ["192.0.2.7"]);
  socket.destroy();
});

test("TLS may follow in the same packet", async () => {
  const { server, seen } = await behind({ proxies: PROXIES });
  await using _ = server;
  const plain = connect({ host: "127.0.0.1", port: server.server.ports.c2sTls[0] ?? 0 });
  plain.cork();
  plain.write(LINE);
  const socket = connectTls({
    socket: plain,
    rejectUnauthorized: false,
    servername: "example.org",
  });
  setImmediate(() => plain.uncork());
  await once(socket, "secureConnect");
  socket.write(OPEN);
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.match(answer.toString(), /<stream:stream /);
  assert.deepEqual(seen, ["192.0.2.7"]);
  socket.destroy();
});

test("a proxy that does not begin with it, or begins wrongly, is cut off", async () => {
  const { server, seen } = await behind({ proxies: PROXIES });
  await using _ = server;
  for (const text of [OPEN, "PROXY TCP4 here there 1 2\r\n", "PROXY ".padEnd(200, "x")]) {
    const socket = await says(server.server.ports.c2s[0], text);
    socket.resume();
    await once(socket, "close");
  }
  // one that says nothing has as long as others have for TLS
  const socket = await says(server.server.ports.c2s[0], "PROXY ");
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.clock.advance(server.server.config.limits.streamOpenSeconds * 1000);
  await once(socket, "close");
  assert.deepEqual(seen, []);
});

test("who says nothing does not keep the server from stopping", async () => {
  const { server } = await behind({ proxies: PROXIES });
  const socket = await says(server.server.ports.c2s[0], "PROXY ");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = once(socket, "close");
  socket.resume();
  await server.server.stop();
  await closed;
});

test("where it is not configured, or from others, it is not understood", async () => {
  for (const proxies of [
    { trusted: ["127.0.0.1"] },
    { trusted: ["10.0.0.1"], protocol: ["c2s"] },
  ] as const) {
    const { server, seen } = await behind({ proxies });
    await using _ = server;
    const socket = await says(server.server.ports.c2s[0], LINE + OPEN);
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(answer.toString(), /not-well-formed/);
    assert.deepEqual(seen, ["127.0.0.1"]);
    socket.destroy();
  }
});

test("a proxy that asks whether we are there is answered as itself", async () => {
  const { server, seen } = await behind({ proxies: PROXIES });
  await using _ = server;
  const socket = await says(server.server.ports.c2s[0], `PROXY UNKNOWN\r\n${OPEN}`);
  await once(socket, "data");
  assert.deepEqual(seen, ["127.0.0.1"]);
  socket.destroy();
});
