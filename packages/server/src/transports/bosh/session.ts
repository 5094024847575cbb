import type { StreamErrorCondition } from "@rookery/protocol";
import type { AttributeValues, Element } from "@rookery/xml";
import type { Clock, Timer } from "../../clock.ts";
import type { HttpReply } from "../../http/reply.ts";
import type { Flusher } from "../flusher.ts";
import { Activity } from "./activity.ts";
import { isRestart, isTerminate, readCount, readPause, readRid } from "./attributes.ts";
import { type BindingCondition, BindingError } from "./binding-error.ts";
import type { BoshBody } from "./body-reader.ts";
import { type BodyContent, NO_CONTENT, writeBody } from "./body-writer.ts";
import { BoshConnection, type BoshConnectionOptions, type Said } from "./connection.ts";
import { Held } from "./held.ts";
import { KeySequence } from "./key-sequence.ts";
import { type Given, Replay } from "./replay.ts";
import { bodyReply, endReply } from "./replies.ts";
import { RequestOrder } from "./request-order.ts";
import { announce, type Settings, streamOpen } from "./settings.ts";

/** One response carries no more than so much, or one element if that is larger. */
const RESPONSE_BYTES = 262_144;

/** A request that is repeated more often ends its session (XEP-0124 §14.3). */
const MOST_REPEATS = 10;

/** A response that was not acknowledged after so many milliseconds is asked about (§9.2). */
const REPORT_MS = 1000;

export interface SessionOptions extends Omit<BoshConnectionOptions, "carrier" | "now"> {
  readonly sid: string;
  /** It began over TLS, so that all of it has to (XEP-0124 §18.1). */
  readonly secure: boolean;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly flusher: Flusher;
  /** Told once, when the session is forgotten. */
  forget(): void;
}

/**
 * A session of BOSH (XEP-0124): puts the requests of a client in order, hands what they bring to a
 * stream, and answers them with what it says.
 *
 * A request is answered when all it brought is handled. As few may be unanswered at once, a client
 * is slowed as on any other connection.
 */
export class BoshSession {
  readonly secure: boolean;
  readonly connection: BoshConnection;
  readonly #options: SessionOptions;
  readonly #settings: Settings;
  readonly #keys: KeySequence = new KeySequence();
  readonly #activity: Activity;
  readonly #replay: Replay;
  /** The request that began the session. */
  readonly #first: Element;
  readonly #order: RequestOrder;
  /** Requests in order that have no response. */
  #held: Held[] = [];
  /** The client asked for a pause of so many seconds (§10). */
  #pause: number | undefined = undefined;
  /** A response to ask the client about (§9.2). */
  #report: { readonly rid: number; readonly at: number } | undefined = undefined;
  /** The last response, where no request waits for it. */
  #lastWords: HttpReply | undefined = undefined;
  #over = false;
  #flushing = false;
  #waiting: Timer | undefined = undefined;
  #inactive: Timer | undefined = undefined;

  /** @param first the request that begins the session. */
  constructor(first: BoshBody, options: SessionOptions) {
    const { settings, clock } = options;
    this.secure = options.secure;
    this.#options = options;
    this.#settings = settings;
    this.#activity = new Activity(settings);
    this.#replay = new Replay(settings.requests + 1);
    this.#first = first.header;
    this.#order = new RequestOrder(readRid(first.header));
    this.connection = new BoshConnection({
      ...options,
      now: clock.now(),
      carrier: {
        changed: () => this.#flushSoon(),
        ready: () => this.#ready(),
        destroyed: () => this.end("remote-connection-failed"),
      },
    });
  }

  /**
   * Takes a request.
   * @param signal aborted when the client no longer waits for the response.
   */
  receive(body: BoshBody, signal: AbortSignal): Promise<HttpReply> {
    const now = this.#options.clock.now();
    if (this.#over) return Promise.resolve(this.#takeLastWords());
    this.#heard();
    this.connection.heard(body.bytes, now);
    signal.addEventListener("abort", () => this.#flushSoon(), { once: true });
    this.#flushSoon();
    try {
      const rid = readRid(body.header);
      const known = this.#order.find(rid) ?? this.#held.find((held) => held.rid === rid);
      if (known !== undefined) return this.#again(known, body, signal);
      if (rid <= this.#order.newest) return Promise.resolve(this.#replayed(rid, body));
      const held = new Held(rid, body, now);
      const reply = held.wait(signal);
      this.#admit(held);
      this.#accept();
      return reply;
    } catch (error) {
      if (!(error instanceof BindingError)) throw error;
      this.end("other-request");
      return Promise.resolve(this.#ending(error.condition));
    }
  }

  /** Ends the session without a word of its stream, and tells requests that wait why. */
  end(condition: BindingCondition): void {
    if (this.#over) return;
    const ending = this.#ending(condition);
    for (const held of this.#unanswered()) held.respond(ending);
    this.#close();
    this.#options.forget();
  }

  // ── requests ───────────────────────────────────────────────────────────────

  /** Lets a new request wait for its turn. @throws BindingError */
  #admit(held: Held): void {
    const { header } = held.body;
    if (header.attr("stream") !== undefined) {
      throw new BindingError("item-not-found", "a session has one stream here (XEP-0124 §16)");
    }
    // One more to leave, or to be away for a while (XEP-0124 §11).
    const leaves = isTerminate(header) || readPause(header) !== undefined;
    this.#order.add(held, this.#held.length, this.#settings.requests + (leaves ? 1 : 0));
  }

  /** Handles what has come as far as it is in order. @throws BindingError */
  #accept(): void {
    for (let held = this.#order.take(); held !== undefined; held = this.#order.take()) {
      this.#held.push(held);
      const { body, at } = held;
      if (!this.#keys.accept(body.header)) {
        throw new BindingError("item-not-found", "the key does not follow the one before (§15)");
      }
      if (!this.#activity.accept(body, at, this.#held.length)) {
        throw new BindingError("policy-violation", "the client asks too often for nothing (§11)");
      }
      this.#acknowledged(held);
      this.#pause = this.#pauseOf(body);
      this.connection.receive(this.#said(body));
    }
  }

  #said({ header, payload, error }: BoshBody): readonly Said[] {
    if (error !== undefined) return [error];
    // What comes with a new stream is not part of it (XEP-0206 §5).
    if (header === this.#first || isRestart(header)) return [streamOpen(header, this.#first)];
    return isTerminate(header) ? [...payload, { event: "close" }] : payload;
  }

  #pauseOf({ header }: BoshBody): number | undefined {
    const pause = readPause(header);
    if (pause === undefined || pause <= this.#settings.maxPause) return pause;
    throw new BindingError("policy-violation", "the pause is longer than the session's maxpause");
  }

  /** XEP-0124 §9.2: which responses the client has got. */
  #acknowledged({ rid, body, at }: Held): void {
    if (!this.#settings.acknowledges || body.header === this.#first) return;
    const ack = readCount(body.header, "ack", Number.MAX_SAFE_INTEGER) ?? rid;
    this.#replay.acknowledged(ack);
    const missed = this.#replay.find(ack + 1);
    const late = missed !== undefined && at - missed.at >= REPORT_MS;
    this.#report = late ? { rid: missed.rid, at: missed.at } : undefined;
  }

  /** A request that has no response yet came again. @throws BindingError */
  #again(held: Held, body: BoshBody, signal: AbortSignal): Promise<HttpReply> {
    checkSame(held.body.digest, body.digest);
    if (++held.repeats > MOST_REPEATS) throw tooOften();
    held.respond(this.#reply(writeBody({ type: "error" }, NO_CONTENT)));
    held.at = this.#options.clock.now();
    return held.wait(signal);
  }

  /** A request that has a response came again. @throws BindingError */
  #replayed(rid: number, body: BoshBody): HttpReply {
    const given = this.#replay.find(rid);
    if (given === undefined) {
      throw new BindingError("item-not-found", "the response is no longer there");
    }
    checkSame(given.digest, body.digest);
    if (++given.repeats > MOST_REPEATS) throw tooOften();
    return this.#replyWith(given);
  }

  // ── responses ──────────────────────────────────────────────────────────────

  #ready(): void {
    for (const held of this.#held) held.taken = true;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.flusher.soon(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#over) return;
    const { outbox } = this.connection;
    if (this.connection.closing) {
      this.#finish();
      return;
    }
    for (let oldest = this.#held[0]; oldest !== undefined; oldest = this.#held[0]) {
      if (!this.#due(oldest)) break;
      this.#held.shift();
      this.#respond(oldest);
    }
    outbox.delivered(this.#replay.delivered(outbox.taken));
    this.#watch();
  };

  /** The oldest request is answered now (XEP-0124 §8). */
  #due(oldest: Held): boolean {
    const { outbox } = this.connection;
    const sends = oldest.attached && !outbox.empty;
    // What the stream waits for goes even to a request that it has not handled for that.
    if (!oldest.taken) return sends && outbox.urgent && !pauses(oldest);
    if (sends || oldest.body.header === this.#first || this.#report !== undefined) return true;
    if (this.#held.length > this.#settings.hold || this.#pause !== undefined) return true;
    return this.#options.clock.now() >= this.#waitsUntil(oldest);
  }

  #waitsUntil(held: Held): number {
    return held.at + this.#settings.wait * 1000;
  }

  #respond(held: Held): void {
    const { rid, body } = held;
    const at = this.#options.clock.now();
    // A client that went away asks again (§14.3), and what waits may go to a request that is there.
    const before = this.connection.outbox.taken;
    const fed = held.attached && !pauses(held);
    const content = fed ? this.connection.outbox.take(RESPONSE_BYTES) : NO_CONTENT;
    const text = writeBody(this.#attributes(held, at), content);
    const given: Given = {
      rid,
      digest: body.digest,
      body: text,
      before,
      at,
      repeats: 0,
      delivered: content.text === "",
    };
    this.#replay.add(given);
    this.#activity.responded(content.text !== "");
    held.respond(held.attached ? this.#replyWith(given) : this.#reply(text));
  }

  /** A response of which it is of interest whether it arrives. */
  #replyWith(given: Given): HttpReply {
    const { connection } = this;
    const bytes = Buffer.byteLength(given.body);
    connection.flying += bytes;
    const sent = (delivered: boolean): void => {
      connection.flying -= bytes;
      given.delivered ||= delivered;
      this.#flushSoon();
    };
    return { ...this.#reply(given.body), sent };
  }

  #attributes({ rid, body }: Held, at: number): AttributeValues {
    if (body.header === this.#first) {
      return announce(this.#options.sid, this.#first, this.#settings);
    }
    const report = this.#report;
    this.#report = undefined;
    const { newest } = this.#order;
    return {
      ack: newest === rid ? undefined : `${newest}`,
      report: report && `${report.rid}`,
      time: report && `${at - report.at}`,
    };
  }

  #reply(text: string): HttpReply {
    return bodyReply(text, this.#settings.contentType);
  }

  #ending(condition: BindingCondition | undefined, content?: BodyContent): HttpReply {
    const { version, contentType } = this.#settings;
    return endReply({ condition, versioned: version !== undefined, contentType }, content);
  }

  // ── time ───────────────────────────────────────────────────────────────────

  /** The client is there. */
  #heard(): void {
    this.#inactive?.cancel();
    this.#inactive = undefined;
  }

  /** Sees to what happens when nothing does. */
  #watch(): void {
    const { clock } = this.#options;
    this.#waiting?.cancel();
    this.#waiting = undefined;
    const [oldest] = this.#held;
    if (oldest?.taken) {
      const left = Math.max(0, this.#waitsUntil(oldest) - clock.now());
      this.#waiting = clock.after(left, () => this.#flushSoon());
    }
    if (this.#held.some((held) => held.attached)) this.#heard();
    else {
      const seconds = Math.max(1, this.#pause ?? this.#settings.inactivity);
      this.#inactive ??= clock.after(seconds * 1000, () => this.end("item-not-found"));
    }
  }

  // ── the end ────────────────────────────────────────────────────────────────

  #unanswered(): readonly Held[] {
    return [...this.#held, ...this.#order.early];
  }

  /** The stream has closed: the oldest request gets its last words (XEP-0124 §13). */
  #finish(): void {
    const { outbox, error } = this.connection;
    const condition = error && conditionOf(error, this.#held[0]?.body.header === this.#first);
    const last = this.#ending(condition, outbox.take(Number.POSITIVE_INFINITY));
    const unanswered = this.#unanswered();
    const listener = unanswered.find((held) => held.attached);
    const nothing = this.#reply(writeBody({}, NO_CONTENT));
    for (const held of unanswered) held.respond(held === listener ? last : nothing);
    this.#close();
    if (listener === undefined) this.#linger(last);
    else this.#options.forget();
  }

  /** Somebody may still come for the last words. */
  #linger(last: HttpReply): void {
    const options = this.#options;
    const ms = this.#settings.inactivity * 1000;
    this.#lastWords = last;
    this.#inactive = options.clock.after(ms, () => options.forget());
  }

  #takeLastWords(): HttpReply {
    const last = this.#lastWords;
    this.#lastWords = undefined;
    this.#inactive?.cancel();
    this.#options.forget();
    return last ?? this.#ending("item-not-found");
  }

  #close(): void {
    this.#over = true;
    this.#held = [];
    this.#order.clear();
    this.#waiting?.cancel();
    this.#heard();
    this.connection.gone();
  }
}

/** What is told of the end of a stream; a session that never began says why itself (§17.2). */
function conditionOf(error: StreamErrorCondition, isFirst: boolean): BindingCondition {
  const own = error === "host-unknown" || error === "improper-addressing";
  return isFirst && own ? error : "remote-stream-error";
}

function pauses({ body }: Held): boolean {
  return body.header.attr("pause") !== undefined;
}

/** A repeated request is the same one, or it is not the client who repeats it (XEP-0124 §14.3). */
function checkSame(digest: string, other: string): void {
  if (digest === other) return;
  throw new BindingError("item-not-found", "the request ID was another request's");
}

function tooOften(): BindingError {
  return new BindingError("policy-violation", "the request was repeated too often (§14.3)");
}
