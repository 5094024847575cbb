import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocketOptions } from "node:tls";
import type { ParserLimits } from "@rookery/xml";
import type { ListenAddress } from "../config/config.ts";
import type { Log } from "../log.ts";
import { type AdmissionOptions, admit } from "./admission.ts";
import type { Connection } from "./connection.ts";
import type { Flusher } from "./flusher.ts";
import { StreamConnection, type StreamConnectionOptions } from "./stream-connection.ts";
import { type Secured, tlsHandshake } from "./tls-handshake.ts";

const BACKLOG = 1024;

export interface TcpOptions extends Omit<AdmissionOptions, "seconds" | "waiting"> {
  readonly address: ListenAddress;
  /** TLS from the first byte (XEP-0368) instead of STARTTLS. */
  readonly directTls: boolean;
  /** What TLS needs on the server's side. */
  tls(directTls: boolean): TLSSocketOptions;
  /** Bounds until the client has logged in. */
  readonly limits: ParserLimits;
  readonly handshakeSeconds: number;
  readonly log: Log;
  readonly flusher: Flusher;
  accept(connection: Connection): void;
}

/** Accepts connections of clients over TCP (RFC 6120 §3). */
export class TcpListener {
  readonly #server: Server;
  readonly #options: TcpOptions;
  /** What is cut off when listening ends. */
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
    const since = this.#options.clock.now();
    admit(socket, this.#admission, (address) => {
      if (!this.#options.directTls) {
        this.#accept(socket, { address, since, tls: undefined });
        return;
      }
      this.#secure(socket).then(
        (secured) => this.#accept(secured.socket, { address, since, tls: secured.tls }),
        () => socket.destroy(),
      );
    });
  }

  get #admission(): AdmissionOptions {
    const seconds = this.#options.handshakeSeconds;
    return { ...this.#options, seconds, waiting: this.#handshakes };
  }

  #accept(socket: Duplex, facts: Pick<StreamConnectionOptions, "address" | "since" | "tls">): void {
    if (socket.destroyed) return;
    const { limits, clock, flusher, directTls } = this.#options;
    const secure = directTls ? {} : { secure: (plain: Duplex) => this.#secure(plain) };
    const connection = new StreamConnection(socket, {
      ...facts,
      limits,
      clock,
      flusher,
      ...secure,
    });
    if (socket.isPaused()) socket.resume(); // a PROXY header was read before
    this.#options.accept(connection);
  }

  /** Does the TLS handshake as the server; rejects if it fails or takes too long. */
  async #secure(plain: Duplex): Promise<Secured> {
    const { clock, log, handshakeSeconds, directTls } = this.#options;
    this.#handshakes.add(plain);
    try {
      const tls = this.#options.tls(directTls);
      return await tlsHandshake(plain, tls, { clock, seconds: handshakeSeconds });
    } catch (error) {
      log.debug("a TLS handshake failed", { address: (plain as Socket).remoteAddress, error });
      throw error;
    } finally {
      this.#handshakes.delete(plain);
    }
  }
}
