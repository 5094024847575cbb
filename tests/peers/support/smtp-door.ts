/**
 * A door to a server's SASL for programs that speak SMTP (RFC 4954) and no XMPP, such as `gsasl`. TLS
 * ends here, on the server's side, by the server's own code; only the lines around the messages of SASL
 * are others.
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import type { TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import { Flusher, type Server, StreamConnection, systemClock } from "@rookery/server";
import { tlsFacts } from "../../../packages/server/src/transports/tls-facts.ts";

const HEADER =
  "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** Opens the door; it closes with the test. @returns its port */
export async function openDoor(t: TestContext, server: Server): Promise<number> {
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    void serve(socket, server).catch(() => socket.destroy());
  }).listen(0, "127.0.0.1");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function serve(plain: Socket, server: Server): Promise<void> {
  const said = new Text(plain);
  plain.write("220 localhost ESMTP\r\n");
  for (;;) {
    const line = await said.until("\r\n", "\n");
    if (/^STARTTLS/i.test(line)) break;
    plain.write(/^EHLO/i.test(line) ? "250-localhost\r\n250 STARTTLS\r\n" : "502 no\r\n");
  }
  said.stop();
  plain.write("220 go on\r\n");
  const options = { ...server.certificates.tlsOptions({ clients: true }), isServer: true };
  const socket = new TLSSocket(plain, options);
  socket.on("error", () => plain.destroy());
  await once(socket, "secure");
  await serveSecured(socket, server);
}

async function serveSecured(socket: TLSSocket, server: Server): Promise<void> {
  const [client, peer] = duplexPair();
  server.accept(
    new StreamConnection(peer, {
      address: "127.0.0.1",
      limits: server.preAuthLimits,
      clock: systemClock,
      flusher: new Flusher(),
      tls: tlsFacts(socket),
    }),
  );
  const said = new Text(socket);
  const answers = new Text(client);
  client.write(HEADER);
  const features = await answers.until("</stream:features>");
  const own = /<mechanisms[^>]*>(.*)<\/mechanisms>/.exec(features)?.[1] ?? "";
  const names = [...own.matchAll(/<mechanism>([^<]+)</g)].map(([, name]) => name);
  for (;;) {
    const line = (await said.until("\r\n", "\n")).trim();
    const [, mechanism, initial = ""] = /^AUTH (\S+) ?(\S*)$/i.exec(line) ?? [];
    if (/^EHLO/i.test(line)) {
      socket.write(`250-localhost\r\n250 AUTH ${names.join(" ")}\r\n`);
      continue;
    }
    if (/^QUIT/i.test(line)) {
      socket.end("221 bye\r\n");
      client.destroy();
      return;
    }
    client.write(
      mechanism === undefined
        ? `<response xmlns='${SASL}'>${line}</response>`
        : `<auth xmlns='${SASL}' mechanism='${mechanism}'>${initial}</auth>`,
    );
    const answer = await answers.until("</challenge>", "</success>", "</failure>", "'/>");
    const data = />([^<]*)<\//.exec(answer)?.[1] ?? "";
    if (answer.startsWith("<challenge")) socket.write(`334 ${data}\r\n`);
    else if (answer.startsWith("<success")) {
      // RFC 4954 §4: what the mechanism says last is a challenge, and its answer empty
      if (data !== "") {
        socket.write(`334 ${data}\r\n`);
        await said.until("\r\n", "\n");
      }
      socket.write("235 welcome\r\n");
    } else socket.write(`535 ${answer.replaceAll(/[<>]/g, " ")}\r\n`);
  }
}

/** What a stream says, up to one of several ends. */
class Text {
  readonly #stream: Duplex;
  #text = "";
  #wake: () => void = () => {};
  readonly #onData = (bytes: Uint8Array): void => {
    this.#text += Buffer.from(bytes).toString("utf8");
    this.#wake();
  };

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", this.#onData);
  }

  /** Reads no more; nothing that came is lost. */
  stop(): void {
    this.#stream.pause();
    this.#stream.off("data", this.#onData);
  }

  async until(...ends: readonly string[]): Promise<string> {
    for (;;) {
      const [at = -1, length = 0] =
        ends
          .map((end) => [this.#text.indexOf(end), end.length] as const)
          .filter(([index]) => index >= 0)
          .toSorted(([a], [b]) => a - b)[0] ?? [];
      if (at >= 0) {
        const found = this.#text.slice(0, at + length);
        this.#text = this.#text.slice(at + length);
        return found;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
