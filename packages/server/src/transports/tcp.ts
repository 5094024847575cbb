import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import type { ParserLimits } from "@rookery/xml";
import type { Clock } from "../clock.ts";
import type { ListenAddress } from "../config/config.ts";
import type { Log } from "../log.ts";
import type { Connection, TlsFacts } from "./connection.ts";
import type { ConnectionCount } from "./connection-count.ts";
import type { Flusher } from "./flusher.ts";
import { StreamConnection, type StreamConnectionOptions } from "./stream-connection.ts";
import { tlsFacts } from "./tls-facts.ts";

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
      listener.#server.listen(
        { port, backlog: BACKLOG, ...(host !== undefined && { host }) },
        () => {
          listener.#server.off("error", reject);
          listener.#server.on("error", (error) =>
            options.log.error("a listener failed", { error }),
          );
          resolve();
        },
      );
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
    socket.on("error", () => socket.destroy());
    const since = this.#options.clock.now();
    if (!this.#options.directTls) {
      this.#accept(socket, { address, since, tls: undefined });
      return;
    }
    this.#secure(socket).then(
      (secured) => this.#accept(secured.socket, { address, since, tls: secured.tls }),
      () => socket.destroy(),
    );
  }

  #accept(socket: Duplex, facts: Pick<StreamConnectionOptions, "address" | "since" | "tls">): void {
    if (socket.destroyed) return;
    const { limits, clock, flusher, directTls } = this.#options;
    const secure = directTls ? {} : { secure: (plain: Duplex) => this.#secure(plain) };
    this.#options.accept(
      new StreamConnection(socket, { ...facts, limits, clock, flusher, ...secure }),
    );
  }

  /** Does the TLS handshake as the server; rejects if it fails or takes too long. */
  async #secure(plain: Duplex): Promise<Secured> {
    const { clock, log, handshakeSeconds, directTls } = this.#options;
    const socket = new TLSSocket(plain, {
      ...this.#options.tls(directTls),
      isServer: true,
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const closed = (): void => reject(new Error("the connection closed in the TLS handshake"));
    const timer =
      handshakeSeconds > 0
        ? clock.after(handshakeSeconds * 1000, () =>
            reject(new Error("the TLS handshake took too long")),
          )
        : undefined;
    this.#handshakes.add(plain);
    socket.on("error", reject); // stays: an error after the handshake is the connection's to handle
    socket.once("end", closed);
    socket.once("close", closed);
    socket.once("secure", resolve);
    try {
      await promise;
      return { socket, tls: tlsFacts(socket) };
    } catch (error) {
      socket.destroy();
      log.debug("a TLS handshake failed", { address: (plain as Socket).remoteAddress, error });
      throw error;
    } finally {
      this.#handshakes.delete(plain);
      timer?.cancel();
      socket.off("end", closed);
      socket.off("close", closed);
    }
  }
}

/** A socket with TLS on it. */
interface Secured {
  readonly socket: Duplex;
  readonly tls: TlsFacts;
}
