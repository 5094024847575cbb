/** What tests with real sockets share: a server on free ports of the loopback, and clients with TLS. */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { Jid, NS } from "@rookery/protocol";
import { type ChannelBindings, chooseMechanism, decodeBase64, encodeBase64 } from "@rookery/stream";
import { PASSWORD, VirtualClock } from "@rookery/testkit";
import { nodeCrypto } from "../accounts/node-crypto.ts";
import type { ConfigInput } from "../config/config.ts";
import { createServer, type Server } from "../server.ts";
import { RawClient } from "../streams/stage.test.ts";

const LOOPBACK = "127.0.0.1";

/** A server with an account, romeo@example.org, on real ports, with a clock that tests own. */
export class Listening implements AsyncDisposable {
  readonly server: Server;
  readonly clock: VirtualClock;
  readonly #sockets: Socket[] = [];

  private constructor(server: Server, clock: VirtualClock) {
    this.server = server;
    this.clock = clock;
  }

  static async start(config: ConfigInput = {}): Promise<Listening> {
    const clock = new VirtualClock(Date.now()); // certificates are valid now
    const server = await createServer(
      {
        domains: [{ name: "example.org" }],
        storage: "memory",
        ...config,
        auth: { channelBinding: true, ...config.auth },
        listen: { c2s: `${LOOPBACK}:0`, c2sTls: `${LOOPBACK}:0`, http: false, https: false },
      },
      { clock },
    );
    await server.listen();
    await server.host("example.org").accounts.create(Jid.parse("romeo@example.org"), PASSWORD);
    return new Listening(server, clock);
  }

  /** A TCP connection to the port for STARTTLS, or to that for direct TLS. */
  async tcp(port: "c2s" | "c2sTls" = "c2s"): Promise<Socket> {
    const socket = connectTcp({ host: LOOPBACK, port: this.server.ports[port][0] ?? 0 });
    this.#sockets.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  }

  /** A client on direct TLS (XEP-0368). */
  async direct(options: ConnectionOptions = {}): Promise<TlsClient> {
    const socket = await this.tcp("c2sTls");
    return secured(socket, { ALPNProtocols: ["xmpp-client"], ...options });
  }

  /** A client that has done STARTTLS (RFC 6120 §5). */
  async starttls(options: ConnectionOptions = {}): Promise<TlsClient> {
    const socket = await this.tcp();
    const plain = new RawClient(socket);
    await plain.open();
    plain.write(`<starttls xmlns='${NS.tls}'/>`);
    await plain.until(`<proceed xmlns='${NS.tls}'/>`);
    socket.removeAllListeners("data");
    socket.removeAllListeners("end");
    return secured(socket, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.server.stop();
  }
}

export interface TlsClient {
  readonly client: RawClient;
  readonly socket: TLSSocket;
}

/** Does the TLS handshake as a client. */
export async function secured(plain: Socket, options: ConnectionOptions = {}): Promise<TlsClient> {
  const socket = connectTls({
    socket: plain,
    servername: "example.org",
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, "secureConnect");
  return { client: new RawClient(socket), socket };
}

/** RFC 9266, from the client's end of TLS. */
export function exporter(socket: TLSSocket): ChannelBindings {
  return {
    types: ["tls-exporter"],
    data: () => socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
  };
}

/** Authenticates by one mechanism as a careful client does, with the check of the server's signature. */
export async function authenticate(
  client: RawClient,
  mechanism: string,
  options: { readonly bindings?: ChannelBindings | undefined; readonly password?: string } = {},
): Promise<void> {
  const chosen = chooseMechanism([mechanism], {
    crypto: nodeCrypto,
    username: "romeo",
    password: options.password ?? PASSWORD,
    bindings: options.bindings,
    allowPlain: true,
  });
  if (chosen?.name !== mechanism) throw new Error(`${mechanism} cannot be used`);
  const first = chosen.start();
  client.write(
    `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${first ? encodeBase64(first) : ""}</auth>`,
  );
  for (;;) {
    const answer = await client.until(`${NS.sasl}'`);
    const rest = answer.includes("<challenge") ? await client.until("</challenge>") : "";
    if (rest !== "") {
      const data = await chosen.respond(decodeBase64(contentOf(rest)) ?? new Uint8Array());
      client.write(`<response xmlns='${NS.sasl}'>${encodeBase64(data)}</response>`);
    } else if (answer.includes("<success")) {
      const tail = await client.until(">");
      const data =
        tail === "/>" ? undefined : decodeBase64(contentOf(await client.until("</success>")));
      await chosen.finish(data);
      return;
    } else {
      throw new Error(`not authenticated: ${await client.until("</failure>")}`);
    }
  }
}

/** What stands before the end tag. */
function contentOf(xml: string): string {
  return xml.slice(0, xml.lastIndexOf("</")).replace(/^>/, "");
}
