import type { Duplex } from "node:stream";
import { StreamError } from "@rookery/protocol";
import { elementFraming, type FrameReader, type Framing } from "@rookery/stream";
import type { Element, ParserLimits, StreamClose, StreamOpen } from "@rookery/xml";
import type { WebSocket } from "ws";
import type { Clock, Timer } from "../clock.ts";
import type { Connection, TlsFacts } from "./connection.ts";
import type { Flusher } from "./flusher.ts";

/** A peer that does not answer the closing handshake is cut off after this many milliseconds. */
const CLOSE_WAIT_MS = 2000;
/** What a frame costs beside its payload, at least (RFC 6455 §5.2). */
const FRAME_BYTES = 6;
const NORMAL_CLOSURE = 1000;
/** The connection broke; no closing frame has come (RFC 6455 §7.4.1). */
const ABNORMAL_CLOSURE = 1006;

/** What a WebSocket connection needs from the server. */
export interface WebSocketOptions {
  readonly address: string;
  readonly tls: TlsFacts | undefined;
  readonly limits: ParserLimits;
  readonly clock: Clock;
  readonly flusher: Flusher;
  /** Shared by all connections. */
  readonly reader: FrameReader;
}

/** Someone who waits until what was sent is taken. */
type Waiter = Pick<PromiseWithResolvers<void>, "resolve" | "reject">;

/** A frame as it came; undefined for one that is not text. */
type Frame = Uint8Array | undefined;

/** XMPP over WebSocket (RFC 7395): each message is one element. */
export class WebSocketConnection implements Connection {
  readonly address: string;
  readonly tls: TlsFacts | undefined;
  readonly framing: Framing = elementFraming;
  readonly canStartTls = false;
  readonly since: number;
  onReadable: () => void = nothing;
  onClose: () => void = nothing;
  heardAt: number;
  receivedBytes = 0;
  ended = false;
  readonly #options: WebSocketOptions;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  #limits: ParserLimits;
  /** What came and was not read. */
  #frames: Frame[] = NONE;
  #next = 0;
  /** A stream begins with `<open/>`, and nothing else does. */
  #atStart = true;
  /** `over` when the peer has closed and what it had sent is still being handled. */
  #state: "open" | "over" | "closing" | "closed" = "open";
  #out: string[] = NONE_OUT;
  #outBytes = 0;
  #flushing = false;
  #paused = false;
  #waiters: Waiter[] | undefined = undefined;
  #closeTimer: Timer | undefined = undefined;

  /** @param socket what the WebSocket is on. */
  constructor(ws: WebSocket, socket: Duplex, options: WebSocketOptions) {
    const { address, tls, limits, clock } = options;
    this.address = address;
    this.tls = tls;
    this.since = clock.now();
    this.heardAt = this.since;
    this.#options = options;
    this.#ws = ws;
    this.#socket = socket;
    this.#limits = limits;
    ws.on("message", this.#onMessage);
    ws.on("ping", this.#onPing);
    ws.on("pong", this.#onPong);
    ws.on("close", this.#onClosed);
    ws.on("error", nothing); // "close" follows
  }

  get queuedBytes(): number {
    return this.#ws.bufferedAmount + this.#outBytes;
  }

  read(): Element | StreamOpen | StreamClose | undefined {
    if (this.#next >= this.#frames.length) return undefined;
    const frame = this.#frames[this.#next++];
    if (this.#next === this.#frames.length) {
      this.#frames = NONE;
      this.#next = 0;
    }
    if (frame === undefined) {
      throw new StreamError("bad-format", "frames are text here (RFC 7395 §3.2)");
    }
    const item = this.#options.reader.read(frame, this.#limits);
    const opens = "event" in item && item.event === "open";
    if (opens !== this.#atStart && !("event" in item && item.event === "close")) {
      const text = opens
        ? "the stream is open already"
        : "a stream begins with <open/> (RFC 7395 §3.4)";
      throw new StreamError("bad-format", text);
    }
    this.#atStart = false;
    return item;
  }

  pause(): void {
    if (this.#paused || this.#state !== "open") return;
    this.#paused = true;
    this.#ws.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#ws.resume();
  }

  limit(limits: ParserLimits): void {
    this.#limits = limits;
    allowPayload(this.#ws, limits.bytes);
  }

  restart(): void {
    this.#atStart = true;
  }

  send(text: string): void {
    if (this.#state !== "open") return;
    if (this.#out.length === 0) this.#out = [text];
    else this.#out.push(text);
    this.#outBytes += text.length;
    this.#flushSoon();
  }

  flushed(): Promise<void> {
    if (this.#state !== "open") return Promise.reject(new Error("the connection is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters ??= [];
    this.#waiters.push({ resolve, reject });
    this.#flushSoon();
    return promise;
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error("TLS is below WebSocket, not in it (RFC 7395 §3.9)"));
  }

  close(): void {
    if (this.#state === "over") this.#gone();
    if (this.#state !== "open") return;
    this.#flush();
    this.#state = "closing";
    this.resume(); // or the peer's closing frame would not be noticed
    this.#ws.close(NORMAL_CLOSURE);
    this.#closeTimer = this.#options.clock.after(CLOSE_WAIT_MS, () => this.destroy());
  }

  destroy(): void {
    this.#ws.terminate();
    this.#gone();
  }

  #heard(bytes: number): void {
    this.heardAt = this.#options.clock.now();
    this.receivedBytes += bytes + FRAME_BYTES;
  }

  readonly #onMessage = (data: unknown, isBinary: boolean): void => {
    if (this.#state !== "open") return;
    const frame = data as Buffer;
    this.#heard(frame.length);
    if (this.#frames.length === 0) this.#frames = [isBinary ? undefined : frame];
    else this.#frames.push(isBinary ? undefined : frame);
    this.onReadable();
  };

  /** Answered here and not by the library, which would queue without a bound. */
  readonly #onPing = (data: Buffer): void => {
    if (this.#state !== "open") return;
    this.#heard(data.length);
    this.#ws.pong(data);
    this.onReadable();
  };

  readonly #onPong = (data: Buffer): void => {
    this.#heard(data.length);
    if (this.#state === "open") this.onReadable();
  };

  readonly #onClosed = (code: number): void => {
    if (this.#state !== "open" || code === ABNORMAL_CLOSURE) return this.#gone();
    // what it sent before it closed counts, as on TCP
    this.#state = "over";
    this.ended = true;
    this.#refuseWaiters();
    this.onReadable();
  };

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.flusher.soon(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#state !== "open") return;
    const out = this.#out;
    const waiters = this.#waiters;
    this.#out = NONE_OUT;
    this.#outBytes = 0;
    this.#waiters = undefined;
    this.#socket.cork();
    for (const text of out) this.#ws.send(text);
    if (waiters !== undefined) this.#socket.write("", (error) => settle(waiters, error));
    this.#socket.uncork();
  };

  #refuseWaiters(): void {
    const waiters = this.#waiters ?? [];
    this.#waiters = undefined;
    settle(waiters, new Error("the connection closed"));
  }

  #gone(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closeTimer?.cancel();
    this.#frames = NONE;
    this.#out = NONE_OUT;
    this.#refuseWaiters();
    this.onClose();
  }
}

/** Empty lists that idle connections share; never written to. */
const NONE: Frame[] = [];
const NONE_OUT: string[] = [];

function nothing(): void {}

function settle(waiters: readonly Waiter[], error: Error | null | undefined): void {
  for (const waiter of waiters) {
    if (error) waiter.reject(error);
    else waiter.resolve();
  }
}

/**
 * Raises what the library takes in one message, which it knows only when a connection begins: a
 * client that has logged in may send more than one that has not.
 */
function allowPayload(ws: WebSocket, bytes: number): void {
  const { _receiver: receiver } = ws as unknown as { _receiver?: { [MAX_PAYLOAD]: number } };
  if (receiver !== undefined) receiver[MAX_PAYLOAD] = bytes;
}

const MAX_PAYLOAD = "_maxPayload";
