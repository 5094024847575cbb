import { handledCountTooHigh, Stanza, type StanzaKind, StreamError } from "@rookery/protocol";
import { HandledCountTooHigh, SentQueue } from "@rookery/stream";
import type { Timer } from "../../clock.ts";
import type { Leftover, Outlet, Session } from "../../sessions/session.ts";
import { streamStanza } from "../../storage/stanza-codec.ts";
import type { VirtualHost } from "../../virtual-host.ts";
import { Handled } from "./handled.ts";
import type { ManagementServices } from "./services.ts";

/** What a stanza in the queue costs beside its text. */
const ENTRY_BYTES = 100;
/** What waits in the transport of a client that reads; beyond it, a full queue is its fault. */
const READING_BYTES = 65_536;
/** Presence is acknowledged when so many stanzas wait, or with what matters more. */
const ASK_AFTER = 20;
/** Milliseconds after which `<r/>` is answered with what is safe by then (XEP-0198 §4). */
const ANSWER_MS = 500;

/** Answers that wait at once; whoever asks more often is answered for several at a time. */
const MOST_ANSWERS = 8;

const REQUEST = "<r xmlns='urn:xmpp:sm:3'/>";

/** A stanza that was sent and not acknowledged. */
export interface SentStanza {
  /** As on a stream of clients. */
  readonly text: string;
  readonly kind: StanzaKind;
  /** The message is kept for the account by this id. */
  readonly kept: string | undefined;
  readonly bytes: number;
}

/** The stream of a client, as its management sees it. */
export interface ManagedStream {
  readonly queuedBytes: number;
  /** Queues text for the client. */
  sendText(text: string): void;
  flushed(): Promise<void>;
  close(error?: StreamError, options?: { readonly final?: boolean }): void;
  /** Cuts the connection off: nothing of what waits in it is needed. */
  cut(): void;
  /** Settles when nothing of what the client sent is in hand. */
  idle(): Promise<void>;
}

/** How a session goes on from what was stored of it. */
export interface ManagementState {
  readonly handled: number;
  readonly acknowledged: number;
  readonly sent: readonly SentStanza[];
}

/** What makes a session a managed one. */
export interface ManagementOptions {
  readonly session: Session;
  readonly host: VirtualHost;
  /** The SM-ID, for a session that its client may come back to. */
  readonly id: string | undefined;
  /** How long it waits for its client, in seconds. */
  readonly resumeSeconds: number;
  readonly state?: ManagementState;
}

/**
 * Stream management of one session (XEP-0198), over all streams that its client uses for it: it
 * stands between the session and its stream, and outlives the stream.
 */
export class Management implements Outlet {
  readonly id: string | undefined;
  readonly session: Session;
  readonly host: VirtualHost;
  readonly resumeSeconds: number;
  /** What of the client's stanzas is handled. */
  readonly handled: Handled;
  /** Its client has said goodbye: nothing of it need be known any more. */
  endsCleanly = false;
  readonly #services: ManagementServices;
  readonly #queue: SentQueue<SentStanza>;
  #stream: ManagedStream | undefined = undefined;
  /** The stream it goes by, or went by last. */
  #latest: ManagedStream | undefined = undefined;
  /** `asked`: an `<r/>` is on its way; `soon`: it follows what is sent in this turn. */
  #request: "none" | "soon" | "asked" = "none";
  #patience: Timer | undefined = undefined;
  /** The count that is stored, or about to be. */
  #stored: number;
  /** The highest count that is known to be stored. */
  #storedSafely: number;
  /** Who asked last to take the session over. */
  #heir: object | undefined = undefined;
  /** How many `<r/>` wait for the commits that their answers depend on. */
  #answers = 0;
  /** Further ones came; one answer serves all of them. */
  #askedAgain = false;
  /** Someone waits for the client to acknowledge. */
  #room: PromiseWithResolvers<void> | undefined = undefined;
  #ended = false;
  /** Until when it waits for its client, in milliseconds since 1970. */
  #until = 0;

  constructor(options: ManagementOptions, services: ManagementServices) {
    this.id = options.id;
    this.session = options.session;
    this.host = options.host;
    this.resumeSeconds = options.resumeSeconds;
    this.#services = services;
    const { handled, acknowledged, sent } = options.state ?? NEW;
    this.handled = new Handled(services.progress, handled);
    this.#stored = handled;
    this.#storedSafely = handled;
    this.#queue = new SentQueue(acknowledged);
    for (const entry of sent) this.#queue.add(entry);
  }

  /** Size of what waits for its acknowledgement. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  get maxQueuedBytes(): number {
    return this.#services.limits.sendQueueBytes;
  }

  /** Until when it waits for a client that is away, in milliseconds since 1970. */
  get until(): number {
    return this.#until;
  }

  // ── the streams of the session ─────────────────────────────────────────────

  /** The session goes by this stream from now on. */
  attach(stream: ManagedStream): void {
    this.#stream = stream;
    this.#latest = stream;
    this.#request = "none";
    this.#patience?.cancel();
  }

  /**
   * Takes the session from the stream that it goes by, for another one (§5): the former is closed,
   * and what it had in hand is handled and safe.
   *
   * @param heir who asks; if several do, the last one gets it.
   * @returns how many stanzas of the client are handled; undefined if the session has ended, or
   * someone else asked since.
   */
  async takeOver(heir: object): Promise<number | undefined> {
    this.#heir = heir;
    this.#stream?.close(new StreamError("conflict", "the session goes on on another stream"));
    await this.#latest?.idle();
    const { progress } = this.#services;
    this.#store(this.handled.count);
    await progress.whenSettled(progress.asked);
    return this.#ended || this.#heir !== heir ? undefined : this.#known();
  }

  /** The client has come back: it has not got these, and gets them again, in order (§5). */
  replay(): void {
    const wasAway = this.session.hibernating;
    this.session.hibernating = false;
    for (const { text } of this.#queue.waiting()) this.#stream?.sendText(text);
    if (this.#queue.size > 0) this.#ask();
    this.#services.moved(this);
    if (wasAway) this.host.resumed(this.session);
  }

  /** A stream is gone. The session waits for its client, unless another stream took it over. */
  lost(stream: ManagedStream): void {
    if (this.#stream !== stream || this.#ended) return;
    this.#stream = undefined;
    this.#request = "none";
    this.#giveUpRoom();
    if (this.id === undefined || this.resumeSeconds === 0) return this.end();
    this.hibernate();
    this.host.hibernates(this.session);
  }

  /** Waits for the client to come back (§5). */
  hibernate(seconds: number = this.resumeSeconds): void {
    const { clock } = this.#services;
    this.session.hibernating = true;
    this.#until = clock.now() + seconds * 1000;
    this.#patience = clock.after(seconds * 1000, () => this.end());
    this.#services.moved(this);
  }

  /** The server stops, and has stored what is to be known of the session. */
  rest(): void {
    this.#patience?.cancel();
  }

  /** The session ends; what its client has not acknowledged is given back. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#patience?.cancel();
    this.#giveUpRoom();
    this.session.hibernating = false;
    this.#services.ended(this);
    this.host.ended(this.session);
  }

  /** Ends the session for good, whatever its stream says. */
  close(error?: StreamError): void {
    if (this.#stream) this.#stream.close(error, { final: true });
    else this.end();
  }

  /** Settles when the network took what was sent, and the client has acknowledged most of it. */
  async flushed(): Promise<void> {
    await (this.#stream?.flushed() ?? Promise.reject(away()));
    if (this.#stream === undefined) throw away();
    if (this.#hasRoom()) return;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  #hasRoom(): boolean {
    return this.#queue.bytes <= this.#services.limits.unackedBytes / 2;
  }

  /** Nobody waits any longer for the client to acknowledge. */
  #giveUpRoom(): void {
    this.#room?.promise.catch(() => {});
    this.#room?.reject(away());
    this.#room = undefined;
  }

  // ── what is sent ───────────────────────────────────────────────────────────

  send(stanza: Stanza, kept?: string): void {
    if (this.#ended) return;
    const text = stanza.toXml();
    const bytes = Buffer.byteLength(text) + ENTRY_BYTES;
    this.#queue.add({ text, kind: stanza.kind, kept, bytes });
    // on a stream that takes the session over nothing comes before `<resumed/>`, nor twice (§5)
    if (this.#stream === undefined || this.session.hibernating) {
      this.#services.moved(this);
      if (this.#queue.bytes > this.#services.limits.unackedBytes) this.#endSoon();
      return;
    }
    this.#stream.sendText(text);
    if (stanza.kind !== "presence" || this.#queue.size >= ASK_AFTER) this.#askSoon();
    if (this.#queue.bytes > this.#services.limits.unackedBytes) this.#parkIfStuck(this.#stream);
  }

  /** Who does not read, or does not acknowledge, is not sent more: it may come back for it. */
  #parkIfStuck(stream: ManagedStream): void {
    const reads = stream.queuedBytes <= READING_BYTES;
    if (reads && this.#queue.bytes <= this.maxQueuedBytes) return;
    this.#services.log.info("a client does not read; its session is parked", {
      jid: this.session.jid.toString(),
      unackedBytes: this.#queue.bytes,
    });
    stream.cut();
  }

  /** Not at once: whoever sends is in the middle of something. */
  #endSoon(): void {
    setImmediate(() => {
      if (this.#stream === undefined) this.end();
    });
  }

  /** How many stanzas the client says to have handled. @throws StreamError if that cannot be (§6). */
  acknowledge(h: number): void {
    this.#request = "none";
    try {
      const taken: string[] = [];
      for (const { kept } of this.#queue.acknowledge(h)) if (kept !== undefined) taken.push(kept);
      if (taken.length > 0) this.host.taken(this.session, taken);
    } catch (error) {
      if (!(error instanceof HandledCountTooHigh)) throw error;
      throw new StreamError("undefined-condition", error.message, {
        specific: handledCountTooHigh(error.handled, error.sent),
      });
    }
    if (this.#room !== undefined && this.#hasRoom()) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (this.#stream !== undefined && this.#queue.size > 0) this.#askSoon();
  }

  #askSoon(): void {
    if (this.#request !== "none") return;
    this.#request = "soon";
    setImmediate(() => {
      if (this.#request === "soon" && this.#queue.size > 0) this.#ask();
      else if (this.#request === "soon") this.#request = "none";
    });
  }

  #ask(): void {
    this.#request = "asked";
    this.#stream?.sendText(REQUEST);
  }

  /** Asks the client for a sign of life. */
  ask(): void {
    this.#ask();
  }

  // ── what is received ───────────────────────────────────────────────────────

  /**
   * Answers an `<r/>` (§4), once what was handled before it is safe: at once if it is, otherwise
   * after the commit, in which the count is stored too.
   */
  answer(): void {
    if (this.#answers >= MOST_ANSWERS) {
      this.#askedAgain = true;
      return;
    }
    const { progress, clock } = this.#services;
    const { count } = this.handled;
    this.#store(count);
    if (progress.settled >= progress.asked && this.#storedSafely === count) {
      this.#tell(count);
      return;
    }
    this.#answers++;
    const late = clock.after(ANSWER_MS, () => this.#tell(this.#known()));
    void progress.whenSettled(progress.asked).then(() => {
      late.cancel();
      this.#answers--;
      if (this.#ended) return;
      this.#tell(this.#known());
      if (!this.#askedAgain) return;
      this.#askedAgain = false;
      this.answer();
    });
  }

  /** How many are safe and will be known after a crash. */
  #known(): number {
    return this.id === undefined ? this.handled.safe : this.#storedSafely;
  }

  #tell(h: number): void {
    this.#stream?.sendText(`<a xmlns='urn:xmpp:sm:3' h='${h}'/>`);
  }

  /** Stores the count, behind the writes of all that is counted. */
  #store(count: number): void {
    if (this.id === undefined) this.#storedSafely = this.#stored = count;
    if (count === this.#stored) return;
    this.#stored = count;
    this.#services.store(this, count).then(
      () => {
        this.#storedSafely = count;
      },
      (error: unknown) => {
        if (this.#stored === count) this.#stored = this.#storedSafely;
        this.#services.log.error("how much a client had said could not be stored", { error });
      },
    );
  }

  // ── what is left ───────────────────────────────────────────────────────────

  /** What was sent and not acknowledged. */
  waiting(): readonly SentStanza[] {
    return this.#queue.waiting();
  }

  /** How many of those sent were acknowledged. */
  get acknowledged(): number {
    return this.#queue.acknowledged;
  }

  leftovers(): Iterable<Leftover> {
    return this.#queue.clear().map(({ text, kept }) => ({
      kept,
      stanza: (): Stanza => streamStanza(text),
    }));
  }
}

function away(): Error {
  return new Error("the client is away");
}

const NEW: ManagementState = { handled: 0, acknowledged: 0, sent: [] };
