import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { connect, createServer, type SecureVersion, type TLSSocket } from "node:tls";
import type { ChannelBindings } from "@rookery/stream";
import { systemRandom } from "../clock.ts";
import { serverBindings } from "./channel-bindings.ts";
import { selfSigned } from "./self-signed.ts";

const PAIR = selfSigned("example.org", Date.now(), systemRandom);

interface Ends {
  readonly bindings: ChannelBindings;
  readonly client: TLSSocket;
}

/** Does a handshake, or two of which the second resumes the session of the first. */
async function handshake(
  version: SecureVersion,
  { resumed }: { readonly resumed: boolean },
  look: (ends: Ends) => void,
): Promise<void> {
  const server = createServer({ ...PAIR, maxVersion: version }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const sockets: TLSSocket[] = [];
  let session: Buffer | undefined;
  const open = async (): Promise<Ends> => {
    const accepted = once(server, "secureConnection");
    const client = connect({
      port: address.port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ...(session && { session }),
    });
    sockets.push(client);
    client.on("session", (ticket: Buffer) => {
      session = ticket;
    });
    const heard = once(client, "data");
    const [socket] = (await accepted) as [TLSSocket];
    socket.write("x"); // with it come the tickets of TLS 1.3
    await heard;
    if (session === undefined) await once(client, "session");
    return { bindings: serverBindings(socket), client };
  };
  try {
    let ends = await open();
    if (resumed) ends = await open();
    assert.equal(ends.client.isSessionReused(), resumed);
    look(ends);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
}

for (const resumed of [false, true]) {
  const how = resumed ? "a session that is resumed" : "a new session";

  test(`RFC 9266 §2: ${how} of TLS 1.3 has tls-exporter and no tls-unique`, () =>
    handshake("TLSv1.3", { resumed }, ({ bindings, client }) => {
      assert.deepEqual(bindings.types, ["tls-exporter", "tls-server-end-point"]);
      const data = client.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
      assert.deepEqual(Buffer.from(bindings.data("tls-exporter")), data);
    }));

  test(`RFC 5929 §3.1: ${how} of TLS 1.2 is bound by the first Finished message`, () =>
    handshake("TLSv1.2", { resumed }, ({ bindings, client }) => {
      assert.deepEqual(bindings.types, ["tls-unique", "tls-server-end-point"]);
      const first = resumed ? client.getPeerFinished() : client.getFinished();
      assert.deepEqual(Buffer.from(bindings.data("tls-unique")), first);
    }));
}

test("RFC 5929 §4.1: tls-server-end-point is the hash of the certificate that the client sees", () =>
  handshake("TLSv1.3", { resumed: false }, ({ bindings, client }) => {
    const { raw } = client.getPeerCertificate();
    const hash = createHash("sha256").update(raw).digest();
    assert.deepEqual(Buffer.from(bindings.data("tls-server-end-point")), hash);
  }));
