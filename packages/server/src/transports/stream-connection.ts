import type { Duplex } from "node:stream";
import { StreamError } from "@rookery/protocol";
import { documentFraming, type Framing } from "@rookery/stream";
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
  /** When the peer connected; now if left out. */
  readonly since?: number;
  /** Puts TLS on the socket, as STARTTLS asks; absent where there is no certificate. */
  secure?(socket: Duplex): Promise<{ readonly socket: Duplex; readonly tls: TlsFacts }>;
}

/** Someone who waits until what was sent is taken. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** XMPP over a stream of bytes (RFC 6120 §3): TCP, TLS over it, or a pipe in a test. */
export class StreamConnection implements Connection {
  readonly address: string;
  readonly since: number;
  readonly framing: Framing = documentFraming;
  onReadable: () => void = () => {};
  onClose: () => void = () => {};
  heardAt: number;
  ended = false;
  receivedBytes = 0;
  tls: TlsFacts | undefined;
  readonly #options: StreamConnectionOptions;
  readonly #parser: StreamParser;
  #socket: Duplex;
  /**
   * `securing` from `<proceed/>` to the end of the TLS handshake, when nothing may be sent; `closing`
   * when the last words are written: what comes then is dropped.
   */
  #state: "open" | "securing" | "closing" | "closed" = "open";
  #out = "";
  #flushing = false;
  #paused = false;
  #closeTimer: Timer | undefined = undefined;
  #waiters: Waiter[] = [];

  constructor(socket: Duplex, options: StreamConnectionOptions) {
    this.address = options.address;
    this.tls = options.tls;
    this.heardAt = options.clock.now();
    this.since = options.since ?? this.heardAt;
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
    if (this.#paused || this.#state !== "open") return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  limit(limits: ParserLimits): void {
    this.#parser.limits = limits;
  }

  restart(): void {
    this.#parser.restart();
  }

  send(text: string): void {
    if (this.#state !== "open") return;
    this.#out += text;
    this.#flushSoon();
  }

  flushed(): Promise<void> {
    if (this.#state !== "open") return Promise.reject(new Error("the connection is closed"));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#flushSoon();
    });
  }

  async startTls(proceed: string): Promise<void> {
    const options = this.#options;
    if (options.secure === undefined) throw new Error("there is no certificate for TLS");
    // White space may follow, as between any two elements.
    if (this.#parser.next() !== undefined || this.#parser.pending) {
      throw new StreamError("policy-violation", "more came in the clear after <starttls/>");
    }
    // What comes from now on belongs to the handshake, not to the parser.
    this.pause();
    this.send(proceed);
    const sent = this.flushed();
    this.#state = "securing";
    try {
      await sent;
      this.#detach(this.#socket);
      const secured = await options.secure(this.#socket);
      this.#secured(secured.socket, secured.tls);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  close(): void {
    if (this.#state === "securing") this.destroy();
    if (this.#state !== "open") return;
    this.#flush();
    this.#state = "closing";
    this.#socket.end();
    this.resume(); // or the peer's end would not be noticed
    this.#closeTimer = this.#options.clock.after(CLOSE_WAIT_MS, () => this.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
    this.#gone();
  }

  #secured(socket: Duplex, tls: TlsFacts): void {
    if (this.#state !== "securing") {
      socket.destroy();
      throw new Error("the connection closed in the TLS handshake");
    }
    this.#state = "open";
    this.#paused = false;
    this.tls = tls;
    this.#socket = socket;
    this.#parser.restart({ discard: true });
    this.#attach(socket);
  }

  #attach(socket: Duplex): void {
    // The peer may end first and still get its answers.
    socket.allowHalfOpen = true;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onGone);
    socket.on("close", this.#onGone);
  }

  /** A socket below TLS says nothing more, but may still break. */
  #detach(socket: Duplex): void {
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
  }

  readonly #onData = (bytes: Uint8Array): void => {
    if (this.#state !== "open") return;
    this.heardAt = this.#options.clock.now();
    this.receivedBytes += bytes.length;
    this.#parser.write(bytes);
    this.onReadable();
  };

  readonly #onEnd = (): void => {
    if (this.#state !== "open") return;
    this.ended = true;
    this.onReadable();
  };

  readonly #onGone = (): void => this.destroy();

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.flusher.soon(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
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
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closeTimer?.cancel();
    this.#out = "";
    for (const waiter of this.#waiters) waiter.reject(new Error("the connection closed"));
    this.#waiters = [];
    this.onClose();
  }
}
