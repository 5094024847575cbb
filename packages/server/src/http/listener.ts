import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocketOptions } from "node:tls";
import type { ListenAddress } from "../config/config.ts";
import type { Limits } from "../config/limits.ts";
import type { Log } from "../log.ts";
import { type AdmissionOptions, admit } from "../transports/admission.ts";
import { tlsHandshake } from "../transports/tls-handshake.ts";
import type { Peer } from "./client-facts.ts";
import type { HttpService } from "./service.ts";

const BACKLOG = 1024;
/** How often it is looked who takes too long. */
const CHECK_MS = 2000;
/** Node takes no more headers of one message than this. */
const MAX_HEADERS = 100;

export interface HttpListenerOptions extends Omit<AdmissionOptions, "seconds" | "waiting"> {
  readonly address: ListenAddress;
  /** Asked for each connection, as certificates change; undefined for HTTP in the clear. */
  readonly tls: (() => TLSSocketOptions) | undefined;
  readonly limits: Limits;
  readonly service: HttpService;
  readonly log: Log;
}

/** Accepts connections of HTTP/1.1, in the clear or with TLS. */
export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server;
  readonly #peers: WeakMap<Duplex, Peer> = new WeakMap();
  /** What is cut off when listening ends. */
  readonly #handshakes: Set<Duplex> = new Set();
  /** Gives a connection to the parser of HTTP. */
  readonly #serve: (socket: Duplex) => void;

  private constructor(options: HttpListenerOptions) {
    this.#options = options;
    const { limits, service } = options;
    this.#server = createServer({
      connectionsCheckingInterval: CHECK_MS,
      headersTimeout: limits.httpHeaderSeconds * 1000,
      insecureHTTPParser: false,
      keepAliveTimeout: limits.httpIdleSeconds * 1000,
      maxHeaderSize: limits.httpHeaderBytes,
      noDelay: true,
      requestTimeout: 0, // bodies have their own clock, as some are large
      requireHostHeader: true,
      shouldUpgradeCallback: (message) => service.upgrades(message),
    });
    this.#server.maxHeadersCount = MAX_HEADERS;
    this.#server.on("request", (message: IncomingMessage, response: ServerResponse) =>
      service.handle(message, response, this.#peerOf(message)),
    );
    this.#server.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Buffer) =>
      service.upgrade(message, socket, head, this.#peerOf(message)),
    );
    // whose connection it is, and TLS, come before HTTP
    const [serve] = this.#server.listeners("connection");
    this.#serve = (socket) => serve?.call(this.#server, socket);
    this.#server.removeAllListeners("connection");
    this.#server.on("connection", (socket: Socket) => this.#connected(socket));
  }

  /** @throws Error (with the system's `code`) if the address cannot be listened on. */
  static async listen(options: HttpListenerOptions): Promise<HttpListener> {
    const listener = new HttpListener(options);
    const server = listener.#server;
    const { host, port } = options.address;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ port, backlog: BACKLOG, ...(host !== undefined && { host }) }, resolve);
    await promise;
    server.off("error", reject);
    server.on("error", (error) => options.log.error("a listener failed", { error }));
    return listener;
  }

  /** The port, also where the system chose it. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  /** Accepts no more. Settles when what was asked is answered and all connections are closed. */
  async close(): Promise<void> {
    for (const socket of this.#handshakes) socket.destroy();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await closed;
  }

  /** Cuts off what is left. */
  destroy(): void {
    this.#server.closeAllConnections();
  }

  #peerOf({ socket }: IncomingMessage): Peer {
    const peer = this.#peers.get(socket);
    if (peer === undefined) throw new Error("a request came on a connection that was not admitted");
    return peer;
  }

  #connected(socket: Socket): void {
    const seconds = this.#options.limits.httpHeaderSeconds;
    const waiting = this.#handshakes;
    admit(socket, { ...this.#options, seconds, waiting }, (address) => {
      if (this.#options.tls === undefined) this.#begin(socket, { address, tls: undefined });
      else void this.#secure(socket, address, this.#options.tls());
    });
  }

  async #secure(plain: Socket, address: string, options: TLSSocketOptions): Promise<void> {
    const { clock, limits, log } = this.#options;
    this.#handshakes.add(plain);
    try {
      const seconds = limits.httpHeaderSeconds;
      const { socket, tls } = await tlsHandshake(plain, options, { clock, seconds });
      this.#begin(socket, { address, tls });
    } catch (error) {
      log.debug("a TLS handshake failed", { address, error });
      plain.destroy();
    } finally {
      this.#handshakes.delete(plain);
    }
  }

  #begin(socket: Socket, peer: Peer): void {
    if (socket.destroyed) return;
    this.#peers.set(socket, peer);
    this.#serve(socket);
    if (socket.isPaused()) socket.resume(); // a PROXY header was read before
  }
}
