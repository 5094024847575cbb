import type { Duplex } from "node:stream";
import {
  type Element,
  type ParserLimits,
  type StreamClose,
  type StreamOpen,
  StreamParser,
} from "@rookery/xml";
import type { Clock, Timer } from "../clock.ts";
import type { Connection, TlsFacts } from "./connection.ts";
import type { Flusher } from "./flusher.ts";

/** A peer that does not take our last words is cut off after this many milliseconds. */
const CLOSE_WAIT_MS = 2000;

/** What a byte-stream connection needs from the server. */
export interface StreamConnectionOptions {
  readonly address: string;
  readonly limits: ParserLimits;
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly tls: TlsFacts | undefined;
  /** Puts TLS on the socket, as STARTTLS asks; absent where there is no certificate. */
  secure?(socket: Duplex): Promise<{ readonly socket: Duplex; readonly tls: TlsFacts }>;
}

/** XMPP over a stream of bytes (RFC 6120 §3): TCP, TLS over it, or a pipe in a test. */
export class StreamConnection implements Connection {
  readonly address: string;
  onReadable: () => void = () => {};
  onClose: () => void = () => {};
  onDrain: () => void = () => {};
  heardAt: number;
  receivedBytes = 0;
  tls: TlsFacts | undefined;
  readonly #options: StreamConnectionOptions;
  readonly #parser: StreamParser;
  #socket: Duplex;
  #out = "";
  #flushing = false;
  #closed = false;
  #closeTimer: Timer | undefined = undefined;
  #waiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  constructor(socket: Duplex, options: StreamConnectionOptions) {
    this.address = options.address;
    this.tls = options.tls;
    this.heardAt = options.clock.now();
    this.#options = options;
    this.#parser = new StreamParser(options.limits);
    this.#socket = socket;
    this.#attach(socket);
  }

  get canStartTls(): boolean {
    return this.tls === undefined && this.#options.secure !== undefined;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength + this.#out.length;
  }

  read(): Element | StreamOpen | StreamClose | undefined {
    return this.#parser.next();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  limit(limits: ParserLimits): void {
    this.#parser.limits = limits;
  }

  restart(): void {
    this.#parser.restart();
  }

  send(text: string): void {
    if (this.#closed) return;
    this.#out += text;
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.flusher.soon(this.#flush);
  }

  flushed(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("the connection is closed"));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (!this.#flushing) {
        this.#flushing = true;
        this.#options.flusher.soon(this.#flush);
      }
    });
  }

  async startTls(): Promise<void> {
    const { secure } = this.#options;
    if (secure === undefined) throw new Error("there is no certificate for TLS");
    if (this.#parser.pending) throw new Error("received more in the clear after <starttls/>");
    await this.flushed();
    const plain = this.#socket;
    plain.removeAllListeners("data");
    plain.removeAllListeners("drain");
    const secured = await secure(plain);
    this.tls = secured.tls;
    this.#socket = secured.socket;
    this.#parser.restart({ discard: true });
    this.#attach(secured.socket);
  }

  close(): void {
    if (this.#closed || this.#closeTimer !== undefined) return;
    this.#flush();
    this.#socket.end();
    this.#closeTimer = this.#options.clock.after(CLOSE_WAIT_MS, () => this.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
    this.#gone();
  }

  #attach(socket: Duplex): void {
    socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    socket.on("drain", () => this.onDrain());
    socket.on("error", () => this.destroy());
    socket.on("end", () => this.close());
    socket.on("close", () => this.destroy());
  }

  #received(bytes: Uint8Array): void {
    this.heardAt = this.#options.clock.now();
    this.receivedBytes += bytes.length;
    this.#parser.write(bytes);
    this.onReadable();
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#closed) return;
    const text = this.#out;
    const waiters = this.#waiters;
    this.#out = "";
    if (waiters.length === 0) {
      if (text !== "") this.#socket.write(text, "utf8");
      return;
    }
    this.#waiters = [];
    this.#socket.write(text, "utf8", (error) => {
      for (const waiter of waiters) {
        if (error) waiter.reject(error);
        else waiter.resolve();
      }
    });
  };

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeTimer?.cancel();
    this.#out = "";
    for (const waiter of this.#waiters) waiter.reject(new Error("the connection closed"));
    this.#waiters = [];
    this.onClose();
  }
}
