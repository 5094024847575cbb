import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { TestServer } from "@rookery/testkit";
import type { ConfigInput } from "../config/config.ts";
import { defineModule } from "../host.ts";
import { text } from "./reply.ts";

const ANYWHERE = "127.0.0.1:0";
const DOMAINS = [{ name: "example.org" }, { name: "example.com" }];

/** A server for two domains that listens for the web. */
async function web(config: ConfigInput = {}): Promise<TestServer> {
  const listen = { http: ANYWHERE, https: ANYWHERE };
  const server = await TestServer.start({ config: { domains: DOMAINS, ...config, listen } });
  await server.server.listen();
  return server;
}

async function tls({ server }: TestServer, options: ConnectionOptions): Promise<TLSSocket> {
  const port = server.ports.https[0] ?? 0;
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
}

async function asks(socket: TLSSocket, host: string, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let answer = "";
  socket.on("data", (bytes: Buffer) => {
    answer += bytes.toString();
  });
  await once(socket, "close");
  return answer;
}

test("https has the certificate of the domain that is asked, and speaks HTTP/1.1", async () => {
  await using server = await web();
  for (const { name } of DOMAINS) {
    const socket = await tls(server, { servername: name, ALPNProtocols: ["h2", "http/1.1"] });
    const { fingerprint256 } = socket.getPeerCertificate();
    assert.equal(fingerprint256, server.server.certificates.certificate(name)?.fingerprint256);
    assert.equal(socket.alpnProtocol, "http/1.1");
    assert.match(await asks(socket, name, "/.well-known/host-meta"), /^HTTP\/1\.1 200 /);
  }
  await assert.rejects(tls(server, { servername: "example.org", ALPNProtocols: ["xmpp-client"] }));
});

test("what is asked by https is secure; a connection that does no TLS is cut off", async () => {
  await using server = await web();
  server.server.http.add(undefined, "GET", "/", ({ secure, url }) => text(`${secure} ${url}`));
  const socket = await tls(server, { servername: "example.org" });
  assert.match(await asks(socket, "example.org", "/"), /true https:\/\/example\.org\/$/);
  const plain = connectTcp({ host: "127.0.0.1", port: server.server.ports.https[0] ?? 0 });
  plain.on("error", () => {});
  plain.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  plain.resume();
  await once(plain, "close");
});

test("a module answers for its domain, until it is unloaded", async () => {
  await using server = await web();
  const { modules } = server.server.host("example.com");
  const module = defineModule({
    name: "hello",
    implements: [],
    setup(host) {
      host.http("GET", "/hello", () => text(`hello from ${host.webUrl("/hello")}`));
    },
  });
  await modules.load(module, {});
  const port = server.server.ports.https[0];
  const ask = async (host: string): Promise<string> =>
    asks(await tls(server, { servername: host }), host, "/hello");
  assert.ok((await ask("example.com")).endsWith(`hello from https://example.com:${port}/hello`));
  assert.match(await ask("example.org"), /^HTTP\/1\.1 404 /);
  modules.unload("hello");
  assert.match(await ask("example.com"), /^HTTP\/1\.1 404 /);
});
