import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ConnectionOptions, connect, createServer, TLSSocket } from "node:tls";
import { systemClock, systemRandom } from "../clock.ts";
import type { DomainConfig } from "../config/config.ts";
import { type Log, silentLog } from "../log.ts";
import { CertificateError } from "./certificate.ts";
import { Certificates, type TlsUse } from "./context.ts";
import { selfSigned } from "./self-signed.ts";

function load(
  domains: readonly DomainConfig[],
  { now = Date.now, log = silentLog }: { now?: () => number; log?: Log } = {},
): Promise<Certificates> {
  const config = { domains, data: "/nowhere", storage: "memory" } as const;
  return Certificates.load({ config, clock: { ...systemClock, now }, random: systemRandom, log });
}

/** What a client saw of one handshake. */
interface Seen {
  readonly authorized: boolean;
  readonly name: string | undefined;
  readonly protocol: string | null;
  readonly alpn: string | false | null;
  readonly cipher: string;
  readonly curve: string | undefined;
  readonly reused: boolean;
  readonly session: Buffer | undefined;
}

/** Shakes hands with a server that takes plain sockets to TLS as STARTTLS does. */
async function handshake(
  certificates: Certificates,
  client: ConnectionOptions,
  use: TlsUse = {},
): Promise<Seen> {
  const server = createTcpServer((socket) => {
    const secure = new TLSSocket(socket, { isServer: true, ...certificates.tlsOptions(use) });
    secure.on("error", () => socket.destroy());
    secure.on("secure", () => secure.end("."));
    socket.on("error", () => {});
  });
  try {
    return await meet(server.listen(0, "127.0.0.1"), client);
  } finally {
    server.close();
  }
}

async function meet(
  server: ReturnType<typeof createTcpServer>,
  client: ConnectionOptions,
): Promise<Seen> {
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...client });
  let session: Buffer | undefined;
  socket.on("session", (ticket) => {
    session = ticket;
  });
  try {
    await once(socket, "secureConnect");
    const info = socket.getEphemeralKeyInfo() as { readonly name?: string };
    const seen = {
      authorized: socket.authorized,
      name: socket.getPeerX509Certificate()?.subject,
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
      cipher: socket.getCipher().standardName,
      curve: info.name,
      reused: socket.isSessionReused(),
    };
    socket.resume();
    await once(socket, "end"); // tickets of TLS 1.3 come after the handshake
    return { ...seen, session };
  } finally {
    socket.destroy();
  }
}

const TWO = [{ name: "example.org" }, { name: "example.com" }] as const;

test("the certificate follows the name in SNI, also for services below a domain", async () => {
  const certificates = await load(TWO);
  const name = async (servername: string, use?: TlsUse): Promise<string | undefined> =>
    (await handshake(certificates, { servername }, use)).name;
  assert.equal(await name("example.org"), "CN=example.org");
  assert.equal(await name("EXAMPLE.com"), "CN=example.com");
  assert.equal(await name("conference.example.com"), "CN=example.com");
  assert.equal(await name("other.example"), "CN=example.org");
  assert.equal(await name("example.org", { domain: "example.com" }), "CN=example.org");
});

test("without SNI the certificate is that of the stream's domain, else of the main one", async () => {
  const certificates = await load(TWO);
  const name = async (use: TlsUse): Promise<string | undefined> =>
    (await handshake(certificates, { servername: "" }, use)).name;
  assert.equal(await name({ domain: "example.com" }), "CN=example.com");
  assert.equal(await name({ domain: "other.example" }), "CN=example.org");
  assert.equal(await name({}), "CN=example.org");
});

test("a very long name in SNI costs no time and gets the main certificate", async () => {
  const certificates = await load(TWO);
  const { SNICallback } = certificates.tlsOptions();
  const started = performance.now();
  SNICallback("a.".repeat(200_000), (error, context) => {
    assert.equal(error, null);
    assert.equal(context, undefined);
  });
  assert.ok(performance.now() - started < 100);
});

test("a client that was told to trust the self-made certificate is satisfied", async () => {
  const certificates = await load([{ name: "localhost" }]);
  const ca = certificates.certificate("localhost")?.toString() ?? "";
  assert.equal((await handshake(certificates, { ca, servername: "localhost" })).authorized, true);
  const strict = { ca, rejectUnauthorized: true, servername: "localhost" };
  assert.equal((await handshake(certificates, strict)).authorized, true);
});

test("TLS is 1.3 or 1.2 with forward secrecy, and nothing older (RFC 9325)", async () => {
  const certificates = await load(TWO);
  const newest = await handshake(certificates, {});
  assert.equal(newest.protocol, "TLSv1.3");
  assert.equal(newest.cipher, "TLS_AES_128_GCM_SHA256");
  const older = await handshake(certificates, { maxVersion: "TLSv1.2" });
  assert.equal(older.protocol, "TLSv1.2");
  assert.match(older.cipher, /^TLS_ECDHE_ECDSA_WITH_.*(GCM|POLY1305)/);
  const old = { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;
  await assert.rejects(handshake(certificates, old));
  const cbc = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256" } as const;
  await assert.rejects(handshake(certificates, cbc));
});

test("a port with direct TLS agrees on xmpp-client by ALPN and on nothing else (XEP-0368)", async () => {
  const certificates = await load(TWO);
  const use = { alpn: "xmpp-client" } as const;
  const agree = async (ALPNProtocols: string[]): Promise<Seen["alpn"]> =>
    (await handshake(certificates, { ALPNProtocols }, use)).alpn;
  assert.equal(await agree(["xmpp-client"]), "xmpp-client");
  assert.equal(await agree(["h2", "xmpp-client"]), "xmpp-client");
  await assert.rejects(agree(["h2"]), /no application protocol/i);
  assert.equal((await handshake(certificates, {}, use)).alpn, false);
});

test("after STARTTLS, ALPN plays no part", async () => {
  const certificates = await load(TWO);
  const seen = await handshake(certificates, { ALPNProtocols: ["xmpp-client"] });
  assert.equal(seen.alpn, false);
});

test("the same options serve a listening TLS server", async () => {
  const certificates = await load(TWO);
  const server = createServer(certificates.tlsOptions({ alpn: "xmpp-client" }), (socket) => {
    socket.end(".");
  });
  try {
    const client = { servername: "example.com", ALPNProtocols: ["xmpp-client"] };
    const seen = await meet(server.listen(0, "127.0.0.1"), client);
    assert.equal(seen.name, "CN=example.com");
    assert.equal(seen.alpn, "xmpp-client");
  } finally {
    server.close();
  }
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a client comes back with its session ticket for a day (${version})`, async () => {
    let now = Date.now();
    const certificates = await load(TWO, { now: () => now });
    const client = { servername: "example.com", maxVersion: version };
    const { session, reused } = await handshake(certificates, client);
    assert.equal(reused, false);
    assert.ok(session);
    assert.equal((await handshake(certificates, { ...client, session })).reused, true);
    now += 25 * 3_600_000; // by then the keys of the tickets are others
    assert.equal((await handshake(certificates, { ...client, session })).reused, false);
  });
}

/** Calls `use` with the certificate files of example.org in a folder of its own. */
async function withFiles(
  use: (files: { readonly cert: string; readonly key: string }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-tls-"));
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  try {
    await writePair(files, "example.org");
    await use(files);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writePair(
  files: { readonly cert: string; readonly key: string },
  domain: string,
): Promise<void> {
  const { cert, key } = selfSigned(domain, Date.now(), systemRandom);
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
}

test("reloading takes up new files; broken ones leave the old in force", async () => {
  await withFiles(async (tls) => {
    const certificates = await load([{ name: "example.org", tls }]);
    const before = certificates.certificate("example.org")?.fingerprint256;
    const { SNICallback } = certificates.tlsOptions();
    await writePair(tls, "example.org");
    await certificates.reload();
    const after = certificates.certificate("example.org")?.fingerprint256;
    assert.notEqual(after, before);
    SNICallback("example.org", (_error, context) => {
      assert.equal(context, certificates.tlsOptions().secureContext);
    });
    await writeFile(tls.key, "broken");
    await assert.rejects(certificates.reload(), CertificateError);
    assert.equal(certificates.certificate("example.org")?.fingerprint256, after);
  });
});

test("a file that is missing is named with the option it stands in", async () => {
  await withFiles(async ({ cert }) => {
    const tls = { cert, key: "/nowhere/key.pem" };
    const loading = load([{ name: "example.org", tls }]);
    await assert.rejects(
      loading,
      /"\/nowhere\/key\.pem", tls\.key of example\.org: .*no such file/,
    );
  });
});

test("a certificate for another name is used, and warned of", async () => {
  await withFiles(async (tls) => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (text) => warnings.push(text) };
    await load([{ name: "example.com", tls }], { log });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /does not name example\.com/);
  });
});

test("a domain that is not served has no certificate", async () => {
  assert.equal((await load(TWO)).certificate("other.example"), undefined);
});
