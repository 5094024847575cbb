import { NS, Stanza } from "@rookery/protocol";
import {
  type Maybe,
  STREAM_PREFIXES,
  type StreamHeaderFields,
  toClientNs,
  writeStreamHeader,
} from "@rookery/stream";
import { type Element, type ParserLimits, StreamParser, serialize } from "@rookery/xml";
import type { Channel, Received, Security } from "./channel.ts";
import { ClientError } from "./errors.ts";

/** What a {@link ByteTransport} tells. */
export interface TransportEvents {
  /** Bytes that nobody changes afterwards. */
  received(bytes: Uint8Array): void;
  /** What was queued is sent. */
  drained(): void;
  /** The connection has ended, with an error or not. Called once, and nothing after it. */
  closed(error?: Error): void;
}

/** Bytes in both directions, in order: TCP, TLS, a pipe. */
export interface ByteTransport {
  /** What protects it; undefined in the clear. */
  readonly security: Security | undefined;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Called once, before anything else; nothing is told before. */
  start(events: TransportEvents): void;
  write(text: string): void;
  /** Takes nothing more from the network; what is on its way may still be told. */
  pause(): void;
  resume(): void;
  /** Does a TLS handshake as the client; rejects if it fails. */
  startTls?(): Promise<void>;
  /** Ends when all is sent. */
  end(): void;
  /** Ends at once; `closed` is told. */
  destroy(): void;
}

export interface ByteChannelOptions {
  /** `jabber:client` if left out. */
  readonly contentNs?: string | undefined;
  /** Bounds on what the server sends; {@link RECEIVE_LIMITS} if left out. */
  readonly limits?: ParserLimits | undefined;
}

/** Servers are trusted with more than clients are, but not with all the memory there is. */
export const RECEIVE_LIMITS: ParserLimits = {
  bytes: 4_000_000,
  depth: 200,
  elements: 50_000,
  attributes: 200,
  namespaces: 400,
};

/** Above this many bytes a sender should wait, below it may go on. */
const LOW_BYTES = 64 * 1024;

/** A stream of XML over bytes (RFC 6120 §4). */
export class ByteChannel implements Channel {
  readonly #transport: ByteTransport;
  readonly #parser: StreamParser;
  readonly #contentNs: string;
  #waiter: PromiseWithResolvers<Received | undefined> | undefined = undefined;
  #drain: PromiseWithResolvers<void> | undefined = undefined;
  #out = "";
  #paused = false;
  #streamClosed = false;
  /** What still comes is of no interest. */
  #ending = false;
  #ended = false;
  error: Error | undefined = undefined;
  /** Present where the transport can do it. */
  readonly startTls?: () => Promise<void>;

  constructor(transport: ByteTransport, options: ByteChannelOptions = {}) {
    this.#transport = transport;
    this.#contentNs = options.contentNs ?? NS.client;
    this.#parser = new StreamParser(options.limits ?? RECEIVE_LIMITS);
    if (transport.startTls !== undefined) this.startTls = () => this.#startTls();
    transport.start({
      received: (bytes) => this.#received(bytes),
      drained: () => this.#drained(),
      closed: (error) => this.#closed(error),
    });
  }

  get security(): Security | undefined {
    return this.#transport.security;
  }

  get queuedBytes(): number {
    return this.#transport.queuedBytes + this.#out.length;
  }

  open(header: Omit<StreamHeaderFields, "contentNs">): void {
    this.#parser.restart();
    this.#write(writeStreamHeader({ ...header, contentNs: this.#contentNs }));
  }

  next(): Maybe<Received | undefined> {
    if (this.#waiter !== undefined) throw new Error("somebody waits for this channel already");
    const item = this.#read();
    if (item !== undefined || this.#ended) return item;
    if (this.#paused) {
      this.#paused = false;
      this.#transport.resume();
    }
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  send(what: Element | Stanza): void {
    if (this.#streamClosed) return;
    this.#write(
      what instanceof Stanza ? what.toXml() : serialize(what, NS.client, STREAM_PREFIXES),
    );
  }

  drained(): Promise<void> {
    if (this.#ended || this.queuedBytes <= LOW_BYTES) return Promise.resolve();
    this.#drain ??= Promise.withResolvers();
    return this.#drain.promise;
  }

  closeStream(): void {
    if (this.#streamClosed) return;
    this.#write("</stream:stream>");
    this.#streamClosed = true;
  }

  end(): void {
    this.#ending = true;
    this.#flush();
    this.#transport.end();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #startTls(): Promise<void> {
    // RFC 6120 §5.4.3.3: what came in the clear must not be taken for what comes by TLS
    if (this.#parser.pending) {
      throw new ClientError("protocol", "the server sent more in the clear after <proceed/>");
    }
    this.#flush();
    await this.#transport.startTls?.();
    this.#parser.restart({ discard: true });
  }

  #read(): Received | undefined {
    const item = this.#parser.next();
    return item === undefined || "event" in item ? item : toClientNs(item, this.#contentNs);
  }

  #received(bytes: Uint8Array): void {
    if (this.#ending) return;
    this.#parser.write(bytes);
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#paused = true;
      this.#transport.pause();
      return;
    }
    try {
      const item = this.#read();
      if (item === undefined) return;
      this.#waiter = undefined;
      waiter.resolve(item);
    } catch (error) {
      this.#waiter = undefined;
      waiter.reject(error);
    }
  }

  #drained(): void {
    if (!this.#ended && this.queuedBytes > LOW_BYTES) return;
    this.#drain?.resolve();
    this.#drain = undefined;
  }

  #closed(error: Error | undefined): void {
    this.error = error;
    this.#ended = true;
    this.#streamClosed = true;
    this.#out = "";
    this.#waiter?.resolve(undefined);
    this.#waiter = undefined;
    this.#drained();
  }

  #write(text: string): void {
    if (this.#ended) return;
    if (this.#out === "") queueMicrotask(() => this.#flush());
    this.#out += text;
  }

  #flush(): void {
    if (this.#out === "" || this.#ended) return;
    const text = this.#out;
    this.#out = "";
    this.#transport.write(text);
    // what the system took at once never drains
    this.#drained();
  }
}
