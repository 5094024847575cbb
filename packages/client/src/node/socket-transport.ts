import { hash } from "node:crypto";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { type ChannelBindings, endPointHash } from "@rookery/stream";
import type { ByteTransport, TransportEvents } from "../byte-channel.ts";
import type { Security } from "../channel.ts";

/** An end that the other side does not take is made short after this many milliseconds. */
const END_MS = 5000;

export interface SocketOptions {
  /** What protects the socket already. */
  readonly security?: Security | undefined;
  /** Puts TLS on the socket, as STARTTLS asks; absent where that cannot be. */
  readonly secure?: ((socket: Duplex) => Promise<TLSSocket>) | undefined;
}

/** Bytes over a socket of Node, or anything else that is a `Duplex`. */
export class SocketTransport implements ByteTransport {
  security: Security | undefined;
  readonly startTls?: () => Promise<void>;
  #socket: Duplex;
  #events: TransportEvents | undefined = undefined;
  #error: Error | undefined = undefined;
  #closed = false;
  #endTimer: NodeJS.Timeout | undefined = undefined;

  constructor(socket: Duplex, { security, secure }: SocketOptions = {}) {
    this.#socket = socket;
    this.security = security;
    if (secure !== undefined) this.startTls = () => this.#startTls(secure);
    // an error before start() must not end the process
    socket.on("error", (error) => {
      this.#error ??= error;
    });
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#attach(this.#socket);
    if (this.#socket.destroyed) queueMicrotask(() => this.#ended());
  }

  write(text: string): void {
    this.#socket.write(text, "utf8");
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#closed || this.#endTimer !== undefined) return;
    this.#socket.end();
    // what still comes is of no interest, but the end of it is
    this.#socket.resume();
    this.#endTimer = setTimeout(() => this.#socket.destroy(), END_MS).unref();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#ended();
  }

  async #startTls(secure: (socket: Duplex) => Promise<TLSSocket>): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners("data");
    plain.removeAllListeners("drain");
    const socket = await secure(plain);
    this.#socket = socket;
    this.security = securityOf(socket);
    this.#attach(socket);
  }

  #attach(socket: Duplex): void {
    socket.on("data", (bytes: Uint8Array) => this.#events?.received(bytes));
    socket.on("drain", () => this.#events?.drained());
    socket.on("error", (error) => {
      this.#error ??= error;
      this.destroy();
    });
    socket.on("end", () => {
      // not that of a socket that TLS was put on
      if (socket !== this.#socket) return;
      this.end();
      this.#tell();
    });
    socket.on("close", () => this.#ended());
  }

  #ended(): void {
    this.#closed = true;
    clearTimeout(this.#endTimer);
    this.#tell();
  }

  /** Nothing more will come. */
  #tell(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.closed(this.#error);
  }
}

/** What TLS gives to a client. */
export function securityOf(socket: TLSSocket): Security {
  return { bindings: bindingsOf(socket) };
}

/** RFC 9266 §2. */
const EXPORTER_LABEL = "EXPORTER-Channel-Binding";
const EXPORTER_BYTES = 32;

/**
 * RFC 9266 §4.2: before TLS 1.3 the exporter is unique only under conditions not checked here; there
 * is `tls-unique` instead.
 */
function bindingsOf(socket: TLSSocket): ChannelBindings {
  const unique = socket.getProtocol() === "TLSv1.3" ? "tls-exporter" : "tls-unique";
  const endPoint = endPointOf(socket);
  return {
    types: endPoint === undefined ? [unique] : [unique, "tls-server-end-point"],
    data(type) {
      switch (type) {
        case "tls-exporter":
          return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
        case "tls-unique":
          return there(firstFinished(socket));
        case "tls-server-end-point":
          return there(endPoint);
      }
    },
  };
}

/** RFC 5929 §3.1: the first Finished message is the client's, in a resumed session the server's. */
function firstFinished(socket: TLSSocket): Uint8Array | undefined {
  return socket.isSessionReused() ? socket.getPeerFinished() : socket.getFinished();
}

/** RFC 5929 §4.1; undefined for a certificate that has no such binding. */
function endPointOf(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getPeerX509Certificate();
  const name = certificate && endPointHash(certificate.raw);
  return name && hash(name.replace("-", "").toLowerCase(), certificate.raw, "buffer");
}

function there(data: Uint8Array | undefined): Uint8Array {
  if (data === undefined) throw new Error("the connection has no such channel binding");
  return data;
}
