import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { domainToAscii } from "@rookery/protocol";
import { SocketTransport, securityOf } from "./socket-transport.ts";

/** Milliseconds without a word after which TCP asks whether the other end is still there. */
const KEEP_ALIVE_MS = 60_000;

/** How TLS comes to a connection: by STARTTLS, from the first byte (XEP-0368), or not at all. */
export type TlsMode = "starttls" | "direct" | "none";

export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  /** The domain that the certificate has to be for. */
  readonly domain: string;
  /** Certificates to trust beside none other, PEM; those that Node knows if left out. */
  readonly ca?: string | readonly string[] | undefined;
  /** Who the client is, for servers that ask (XEP-0178): a certificate and its key, PEM. */
  readonly identity?: ClientIdentity | undefined;
}

export interface ClientIdentity {
  readonly cert: string;
  readonly key: string;
}

/** Connects by TCP; gives up when the signal aborts. @throws Error with the system's `code` */
export async function openTcp(target: TcpTarget, signal: AbortSignal): Promise<SocketTransport> {
  const socket = connectTcp({ host: target.host, port: target.port, noDelay: true });
  await ready(socket, "connect", signal);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const secure = async (plain: Duplex): Promise<TLSSocket> => {
    const secured = connectTls({ ...tlsOptions(target), socket: plain });
    await ready(secured, "secureConnect", signal);
    return secured;
  };
  switch (target.tls) {
    case "none":
      return new SocketTransport(socket);
    case "starttls":
      return new SocketTransport(socket, { secure });
    case "direct": {
      const secured = await secure(socket);
      return new SocketTransport(secured, { security: securityOf(secured) });
    }
  }
}

function tlsOptions({ domain, ca, tls, identity }: TcpTarget): ConnectionOptions {
  const name = isIP(domain) === 0 ? domainToAscii(domain) : domain;
  return {
    host: name,
    minVersion: "TLSv1.2",
    ...(isIP(domain) === 0 && { servername: name }),
    ...(ca !== undefined && { ca: typeof ca === "string" ? ca : [...ca] }),
    ...identity,
    // XEP-0368 §2
    ...(tls === "direct" && { ALPNProtocols: ["xmpp-client"] }),
  };
}

/** Waits for an event; destroys the socket if it fails before or the signal aborts. */
function ready(socket: Duplex, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off(event, succeeded);
      socket.off("error", failed);
      socket.off("close", closed);
      signal.removeEventListener("abort", aborted);
      if (error === undefined) {
        resolve();
        return;
      }
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const succeeded = (): void => settle();
    const failed = (error: Error): void => settle(error);
    const closed = (): void => settle(new Error("the connection was closed"));
    const aborted = (): void => settle(signal.reason as Error);
    socket.once(event, succeeded);
    socket.once("error", failed);
    socket.once("close", closed);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
  });
}
