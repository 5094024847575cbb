import {
  type Codec,
  Jid,
  ping,
  Stanza,
  StanzaError,
  type StanzaKind,
  type StanzaType,
  stanzaKind,
} from "@rookery/protocol";
import { encodeBase64, type Maybe } from "@rookery/stream";
import type { Element, Node } from "@rookery/xml";
import { ClientError } from "./errors.ts";
import { Listeners } from "./listeners.ts";
import type { EntityOptions } from "./options.ts";
import { errorOf, PendingRequests } from "./requests.ts";

/** A stanza to be sent; a `Stanza` is one too. */
export interface OutgoingStanza {
  readonly kind: StanzaKind;
  /** `normal` or `available` if left out; an IQ needs it. */
  readonly type?: StanzaType;
  readonly id?: string | undefined;
  /** Oneself if left out. */
  readonly from?: Jid | undefined;
  readonly to?: Jid | undefined;
  readonly lang?: string | undefined;
  readonly children?: readonly Node[];
}

/** A request to be sent (RFC 6120 §8.2.3). */
export interface OutgoingRequest {
  readonly type: "get" | "set";
  /** The own account if left out. */
  readonly to?: Jid | undefined;
  /** Oneself if left out. */
  readonly from?: Jid | undefined;
  readonly payload: Element;
  readonly lang?: string | undefined;
  /** Milliseconds to wait for the answer; 30,000 if left out. */
  readonly timeoutMs?: number;
}

/** A request as its handler gets it. */
export interface IncomingRequest<T> {
  readonly query: T;
  readonly iq: Stanza;
}

/** The payload of the result, or nothing for an empty one; @throws StanzaError for an error. */
export type IqHandler<T> = (request: IncomingRequest<T>) => Maybe<Element | undefined | void>;

/** @throws StanzaError to answer a message with an error. */
export type StanzaHandler = (stanza: Stanza) => Maybe<void>;

/** A message or presence that came back, and why. */
export interface Bounce {
  readonly stanza: Stanza;
  readonly error: StanzaError;
}

interface Registered {
  readonly codec: Codec<unknown>;
  readonly handler: IqHandler<unknown>;
}

/**
 * Somebody who sends and gets stanzas: what clients and components have in common.
 *
 * Handlers are called in the order in which stanzas come. One that returns a promise does not hold
 * up the stanzas that follow; there may be `maxWorking` of them at a time, then stanzas are refused
 * with `resource-constraint`.
 */
export abstract class Entity {
  readonly #options: EntityOptions;
  readonly #pending: PendingRequests;
  readonly #iqs: Map<string, Registered> = new Map();
  readonly #messages: Set<StanzaHandler> = new Set();
  readonly #presences: Set<StanzaHandler> = new Set();
  readonly #bounces: Listeners<Bounce>;
  #working = 0;

  protected constructor(options: EntityOptions) {
    this.#options = options;
    this.#pending = new PendingRequests(options.clock, options.maxPending);
    this.#bounces = new Listeners(options.onError);
    // XEP-0199 §4.3: every entity answers
    this.iq("get", ping, () => {});
  }

  /** Who this is. */
  abstract readonly jid: Jid;

  /** Queues a stanza. @throws ClientError `closed`, `queue-full`; TypeError */
  protected abstract deliver(stanza: Stanza): Maybe<void>;

  /**
   * Sends a stanza.
   *
   * @returns a promise if so much waits to be sent that one should await it; it never rejects.
   * @throws ClientError `closed`, or `queue-full` if nobody has waited.
   */
  send(stanza: OutgoingStanza): Maybe<void> {
    return this.deliver(this.#complete(stanza));
  }

  /**
   * Sends a request and gives its result, or what a codec reads of it. Only the entity that was asked
   * can answer.
   *
   * @throws StanzaError if it answers with an error; ClientError `timeout`, `closed`, `lost`,
   * `queue-full`, or `protocol` for a result that the codec cannot read.
   *
   * @example
   * const { features } = await client.request(
   *   { type: "get", to, payload: discoInfo.write({ identities: [], features: [], forms: [] }) },
   *   discoInfo,
   * );
   */
  request(request: OutgoingRequest): Promise<Stanza>;
  request<T>(request: OutgoingRequest, answer: Codec<T>): Promise<T>;
  async request<T>(request: OutgoingRequest, answer?: Codec<T>): Promise<Stanza | T> {
    const { type, to, from = this.jid, lang, payload, timeoutMs } = request;
    const id = this.newId();
    const iq = new Stanza({ kind: "iq", type, id, from, to, lang, children: [payload] });
    const waiting = this.#pending.wait(iq, timeoutMs ?? this.#options.requestTimeoutMs);
    try {
      // whether it is sent at once or later is part of the wait for the answer
      void this.deliver(iq);
    } catch (error) {
      this.#pending.forget(id);
      throw error;
    }
    const result = await waiting;
    return answer === undefined ? result : readResult(result, answer);
  }

  /**
   * Answers requests. @returns a function that takes the handler away.
   * @throws Error if there is a handler already.
   */
  iq<T>(type: "get" | "set", codec: Codec<T>, handler: IqHandler<T>): () => void {
    const key = keyOf(type, codec);
    if (this.#iqs.has(key)) throw new Error(`there is a handler for "${key}" already`);
    const registered = { codec, handler } as Registered;
    this.#iqs.set(key, registered);
    return () => {
      if (this.#iqs.get(key) === registered) this.#iqs.delete(key);
    };
  }

  /** Takes messages that are no errors. @returns a function that takes the handler away. */
  onMessage(handler: StanzaHandler): () => void {
    return add(this.#messages, handler);
  }

  /** Takes presence that is no error. @returns a function that takes the handler away. */
  onPresence(handler: StanzaHandler): () => void {
    return add(this.#presences, handler);
  }

  /** Is told of messages and presence that came back. @returns a function that takes it away. */
  onBounce(listener: (bounce: Bounce) => void): () => void {
    return this.#bounces.add(listener);
  }

  /** A new identifier that nobody can guess. */
  newId(): string {
    return encodeBase64(this.#options.crypto.randomBytes(15));
  }

  /** Takes an element that came. */
  protected received(element: Element): void {
    if (stanzaKind(element) === undefined) return;
    const from = this.#senderOf(element);
    if (from === undefined) return;
    try {
      this.#take(Stanza.read(element, from));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      this.#reply(Stanza.refuse(element, from, this.jid, error));
    }
  }

  /** No answer will come to the requests that wait. */
  protected failRequests(error: Error): void {
    this.#pending.fail(error);
  }

  #complete(stanza: OutgoingStanza): Stanza {
    if (stanza instanceof Stanza) return stanza;
    const { kind, type, id, from = this.jid, to, lang, children } = stanza;
    if (kind === "iq") throw new TypeError("requests are sent by request(), answers by iq()");
    const plain = kind === "message" ? "normal" : "available";
    return new Stanza({
      kind,
      type: type ?? plain,
      id,
      from,
      to,
      lang,
      ...(children && { children }),
    });
  }

  /** RFC 6120 §8.1.2.1: what names nobody is from the own account. */
  #senderOf(element: Element): Jid | undefined {
    const text = element.attr("from");
    if (text === undefined) return this.jid.bare;
    try {
      return Jid.parse(text);
    } catch {
      // nobody to answer to
      return undefined;
    }
  }

  #take(stanza: Stanza): void {
    if (stanza.kind === "iq") {
      if (stanza.isRequest) this.#work(stanza, () => this.#answer(stanza));
      else this.#pending.answer(stanza);
    } else if (stanza.type === "error") {
      this.#bounces.tell({ stanza, error: errorOf(stanza) });
    } else {
      const handlers = stanza.kind === "message" ? this.#messages : this.#presences;
      for (const handler of handlers) this.#work(stanza, () => handler(stanza));
    }
  }

  #answer(iq: Stanza): Maybe<void> {
    const [payload] = iq.payload;
    const found = payload && this.#iqs.get(keyOf(iq.type, payload));
    if (payload === undefined || found === undefined) {
      throw new StanzaError("service-unavailable", "this is not offered here");
    }
    const result = found.handler({ query: found.codec.read(payload), iq });
    if (result instanceof Promise) {
      return result.then((late) => this.#reply(iq.result(late ?? undefined)));
    }
    this.#reply(iq.result(result ?? undefined));
  }

  #work(stanza: Stanza, action: () => Maybe<void>): void {
    try {
      if (this.#working >= this.#options.maxWorking) {
        throw new StanzaError("resource-constraint", "too much is being worked on; try later");
      }
      const done = action();
      if (!(done instanceof Promise)) return;
      this.#working += 1;
      done
        .catch((error: unknown) => this.#failed(stanza, error))
        .finally(() => {
          this.#working -= 1;
        });
    } catch (error) {
      this.#failed(stanza, error);
    }
  }

  /** Answers what failed; the reason of what should not fail is for the owner of this program alone. */
  #failed(stanza: Stanza, error: unknown): void {
    const known = error instanceof StanzaError;
    if (!known) this.#options.onError(error);
    if (stanza.kind === "presence") return;
    this.#reply(stanza.error(known ? error : new StanzaError("internal-server-error")));
  }

  #reply(answer: Stanza | undefined): void {
    if (answer === undefined) return;
    try {
      void this.deliver(answer);
    } catch (error) {
      if (!(error instanceof ClientError)) this.#options.onError(error);
      // nobody is there to hear it
    }
  }
}

function readResult<T>(result: Stanza, answer: Codec<T>): T {
  const whom = result.from.toString();
  let value: T | undefined;
  try {
    value = answer.in(result);
  } catch (error) {
    throw new ClientError("protocol", `the answer of ${whom} cannot be read`, error);
  }
  if (value === undefined) {
    throw new ClientError("protocol", `the answer of ${whom} has no <${answer.name}/>`);
  }
  return value;
}

function keyOf(type: string, payload: { readonly ns: string; readonly name: string }): string {
  return `${type} ${payload.name} ${payload.ns}`;
}

function add(handlers: Set<StanzaHandler>, handler: StanzaHandler): () => void {
  const own: StanzaHandler = (stanza) => handler(stanza);
  handlers.add(own);
  return () => handlers.delete(own);
}
