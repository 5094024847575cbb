import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import type { ParserLimits } from "@rookery/xml";
import type { Clock } from "../clock.ts";
import type { ListenAddress } from "../config/config.ts";
import type { Log } from "../log.ts";
import type { Connection, TlsFacts } from "./connection.ts";
import { tlsFacts } from "./tls-facts.ts";
import type { ConnectionCount } from "./connection-count.ts";
import type { Flusher } from "./flusher.ts";
import { StreamConnection } from "./stream-connection.ts";

const BACKLOG = 1024;

export interface TcpOptions {
  readonly address: ListenAddress;
  /** TLS from the first byte (XEP-0368) instead of STARTTLS. */
  readonly directTls: boolean;
  /** What TLS needs on the server's side. */
  tls(directTls: boolean): TLSSocketOptions;
  /** Bounds until the client has logged in. */
  readonly limits: ParserLimits;
  readonly handshakeSeconds: number;
  readonly count: ConnectionCount;
  readonly clock: Clock;
  readonly log: Log;
  readonly flusher: Flusher;
  accept(connection: Connection): void;
}

/** Accepts connections of clients over TCP (RFC 6120 §3). */
export class TcpListener {
  readonly #server: Server;
  readonly #options: TcpOptions;
  readonly #handshakes: Set<Duplex> = new Set();

  private constructor(options: TcpOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#connected(socket));
  }

  /** @throws Error (with the system's `code`) if the address cannot be listened on. */
  static async listen(options: TcpOptions): Promise<TcpListener> {
    const listener = new TcpListener(options);
    const { host, port } = options.address;
    await new Promise<void>((resolve, reject) => {
      listener.#server.once("error", reject);
      listener.#server.listen({ port, backlog: BACKLOG, ...(host !== undefined && { host }) }, () => {
        listener.#server.off("error", reject);
        listener.#server.on("error", (error) => options.log.error("a listener failed", { error }));
        resolve();
      });
    });
    return listener;
  }

  /** The port, also where the system chose it. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  /** Accepts no more; connections that are open stay. */
  close(): void {
    this.#server.close();
    for (const socket of this.#handshakes) socket.destroy();
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress;
    const release = address === undefined ? undefined : this.#options.count.take(address);
    if (address === undefined || release === undefined) {
      socket.destroy();
      return;
    }
    socket.once("close", release);
    if (!this.#options.directTls) {
      this.#accept(socket, address, undefined);
      return;
    }
    this.#secure(socket).then(
      (secured) => this.#accept(secured.socket, address, secured.tls),
      () => socket.destroy(),
    );
  }

  #accept(socket: Duplex, address: string, tls: TlsFacts | undefined): void {
    const { limits, clock, flusher, directTls } = this.#options;
    const secure = directTls ? {} : { secure: (plain: Duplex) => this.#secure(plain) };
    this.#options.accept(
      new StreamConnection(socket, { address, limits, clock, flusher, tls, ...secure }),
    );
  }

  /** Does the TLS handshake as the server; rejects if it fails or takes too long. */
  #secure(plain: Duplex): Promise<{ readonly socket: Duplex; readonly tls: TlsFacts }> {
    const { clock, handshakeSeconds, directTls } = this.#options;
    const socket = new TLSSocket(plain as Socket, {
      ...this.#options.tls(directTls),
      isServer: true,
    });
    this.#handshakes.add(plain);
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        done();
        socket.destroy();
        reject(error);
      };
      const closed = (): void => failed(new Error("the connection closed in the TLS handshake"));
      const timer =
        handshakeSeconds > 0
          ? clock.after(handshakeSeconds * 1000, () => failed(new Error("the TLS handshake took too long")))
          : undefined;
      const done = (): void => {
        this.#handshakes.delete(plain);
        timer?.cancel();
        socket.off("error", failed);
        socket.off("close", closed);
        socket.on("error", () => {}); // the connection's own handler follows
      };
      socket.once("error", failed);
      socket.once("close", closed);
      socket.once("secure", () => {
        done();
        resolve({ socket, tls: tlsFacts(socket) });
      });
    });
  }
}
