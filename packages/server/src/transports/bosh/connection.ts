import { StreamError, type StreamErrorCondition } from "@rookery/protocol";
import type { Framing } from "@rookery/stream";
import type { Element, ParserLimits, StreamClose, StreamOpen, XmlError } from "@rookery/xml";
import type { Connection, TlsFacts } from "../connection.ts";
import { boshFraming, streamErrorIn } from "./framing.ts";
import { Outbox } from "./outbox.ts";

/** What a client says, as a stream reads it. */
export type Said = Element | StreamOpen | StreamClose | XmlError;

/** What a connection tells the session that carries it. */
export interface Carrier {
  /** There is something to send, or to close after. */
  changed(): void;
  /** All that was received is handled, and more may come. */
  ready(): void;
  /** The stream lets go of the connection, without a word. */
  destroyed(): void;
}

export interface BoshConnectionOptions {
  readonly address: string;
  readonly tls: TlsFacts | undefined;
  readonly limits: ParserLimits;
  /** By the server's clock. */
  readonly now: number;
  readonly carrier: Carrier;
}

/**
 * What a stream sees of a session over HTTP (XEP-0206). Requests put into it what they bring;
 * responses take from its outbox.
 */
export class BoshConnection implements Connection {
  readonly address: string;
  readonly tls: TlsFacts | undefined;
  readonly canStartTls = false;
  readonly framing: Framing = boshFraming;
  readonly since: number;
  readonly outbox: Outbox = new Outbox();
  onReadable: () => void = () => {};
  onClose: () => void = () => {};
  heardAt: number;
  readonly ended = false;
  receivedBytes = 0;
  /** Bounds on the stanzas of the next request. */
  limits: ParserLimits;
  /** Bytes of responses that the network has not taken. */
  flying = 0;
  /** The stream error that was sent. */
  error: StreamErrorCondition | undefined = undefined;
  readonly #carrier: Carrier;
  #inbox: Said[] = [];
  #next = 0;
  #state: "open" | "closing" | "closed" = "open";
  /** A stream header is what comes next, not a stanza. */
  #atStart = true;

  constructor({ address, tls, limits, now, carrier }: BoshConnectionOptions) {
    this.address = address;
    this.tls = tls;
    this.limits = limits;
    this.since = now;
    this.heardAt = now;
    this.#carrier = carrier;
  }

  get queuedBytes(): number {
    return this.outbox.bytes + this.flying;
  }

  /** The stream has said its last words. */
  get closing(): boolean {
    return this.#state === "closing";
  }

  // ── the session's side ─────────────────────────────────────────────────────

  /** A request came, of so many bytes. */
  heard(bytes: number, now: number): void {
    this.receivedBytes += bytes;
    this.heardAt = now;
  }

  /** Gives the stream what a request brings. */
  receive(said: readonly Said[]): void {
    if (this.#state !== "open") return;
    for (const item of said) this.#inbox.push(item);
    this.onReadable();
  }

  /** The session is over. */
  gone(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#inbox = [];
    this.outbox.drop();
    this.onClose();
  }

  // ── the stream's side ──────────────────────────────────────────────────────

  read(): Element | StreamOpen | StreamClose | undefined {
    const item = this.#inbox[this.#next++];
    if (item === undefined) {
      this.#inbox = [];
      this.#next = 0;
      return undefined;
    }
    if (item instanceof Error) throw item;
    if ("event" in item && item.event === "open") {
      if (!this.#atStart) throw notNow();
      this.#atStart = false;
    }
    return item;
  }

  /** Nothing to do: requests wait unanswered until `resume`, and few may wait. */
  pause(): void {}

  resume(): void {
    this.#carrier.ready();
  }

  limit(limits: ParserLimits): void {
    this.limits = limits;
  }

  restart(): void {
    this.#atStart = true;
  }

  send(text: string): void {
    if (this.#state !== "open") return;
    if (text === "") return;
    this.error ??= streamErrorIn(text);
    this.outbox.add(text);
    this.#carrier.changed();
  }

  flushed(): Promise<void> {
    if (this.#state !== "open") return Promise.reject(new Error("the connection is closed"));
    this.#carrier.changed();
    return this.outbox.flushed();
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error("TLS is HTTP's over BOSH (XEP-0206 §2)"));
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#carrier.changed();
  }

  destroy(): void {
    if (this.#state === "closed") return;
    this.#carrier.destroyed();
  }
}

function notNow(): StreamError {
  return new StreamError(
    "policy-violation",
    "a stream restarts after authentication only (XEP-0206 §5)",
  );
}
