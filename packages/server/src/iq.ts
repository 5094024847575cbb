import { type Codec, type Jid, quoted, type Stanza, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import { Element } from "@rookery/xml";
import type { Maybe } from "./hooks.ts";
import type { Session } from "./sessions/session.ts";

/**
 * Whom a request is addressed to.
 *
 * `own`: an account, asked by its own sessions; `account`: an account, asked by anyone (the
 * handler decides who may know); `host`: the host itself.
 */
export type IqTarget = "own" | "account" | "host";

/** A request (RFC 6120 §8.2.3) as its handler gets it. */
export interface IqRequest<T> {
  readonly query: T;
  readonly iq: Stanza;
  /** The bare JID that is asked: an account, or the domain. */
  readonly account: Jid;
  /** The session it came from, if it is one of this server. */
  readonly session: Session | undefined;
}

/** An answer with something before or after it. */
export interface IqAnswer {
  readonly result?: Element | undefined;
  /** What was written: the answer waits for the commit, the stream does not. */
  readonly committed?: Promise<unknown>;
  /** Called once the answer was sent. */
  afterwards?(): void;
}

/** The payload of the result, or nothing for an empty one; @throws StanzaError for an error. */
export type IqHandler<T> = (request: IqRequest<T>) => Maybe<Element | IqAnswer | undefined | void>;

interface Registered {
  readonly codec: Codec<unknown>;
  readonly handler: IqHandler<unknown>;
}

/** The way of answers. */
interface AnswerRouter {
  route(stanza: Stanza): Maybe<void>;
  refuse(stanza: Stanza, error: unknown): void;
  report(stanza: Stanza, error: unknown): void;
}

/** The IQ handlers of one host. */
export class IqHandlers {
  readonly #handlers: Map<string, Registered> = new Map();
  readonly #router: AnswerRouter;

  constructor(router: AnswerRouter) {
    this.#router = router;
  }

  /** @returns a function that removes the handler. @throws Error if there is one already. */
  add<T>(
    target: IqTarget,
    type: "get" | "set",
    codec: Codec<T>,
    handler: IqHandler<T>,
  ): () => void {
    const key = keyOf(target, type, codec);
    if (this.#handlers.has(key)) throw new Error(`there is a handler for "${key}" already`);
    this.#handlers.set(key, { codec, handler } as Registered);
    return () => this.#handlers.delete(key);
  }

  /**
   * Answers a request.
   *
   * @param known asked before the handler, and after the request was read: what a stranger writes
   * wrongly is refused alike whether the account exists or not.
   * @throws StanzaError `service-unavailable` if nothing handles it (RFC 6120 §8.4), or nobody knows
   * the account; `bad-request` as its codec does.
   */
  answer(
    iq: Stanza,
    targets: readonly IqTarget[],
    account: Jid,
    session: Session | undefined,
    known: () => Maybe<boolean> = () => true,
  ): Maybe<void> {
    const payload = iq.payload[0];
    const found = payload && this.#find(iq.type, payload, targets);
    if (payload === undefined || found === undefined) throw notOffered(iq);
    const request = { query: found.codec.read(payload), iq, account, session };
    return after(known(), (exists) => {
      if (!exists) throw notOffered(iq);
      return after(found.handler(request), (answer) => this.#reply(iq, answer));
    });
  }

  #find(type: string, payload: Element, targets: readonly IqTarget[]): Registered | undefined {
    for (const target of targets) {
      const found = this.#handlers.get(keyOf(target, type, payload));
      if (found) return found;
    }
    return undefined;
  }

  #reply(iq: Stanza, answer: Element | IqAnswer | undefined | void): Maybe<void> {
    if (answer === undefined) return this.#router.route(iq.result());
    if (answer instanceof Element) return this.#router.route(iq.result(answer));
    if (answer.committed === undefined) return this.#send(iq, answer);
    answer.committed.then(
      () => this.#send(iq, answer),
      (error: unknown) => this.#router.refuse(iq, error),
    );
  }

  #send(iq: Stanza, answer: IqAnswer): Maybe<void> {
    return after(this.#router.route(iq.result(answer.result)), () => {
      try {
        answer.afterwards?.();
      } catch (error) {
        this.#router.report(iq, error);
      }
    });
  }
}

/** The answer to a request that nothing handles, the same whether an account exists or not. */
export function notOffered(iq: Stanza): StanzaError {
  const payload = iq.payload[0];
  const what = payload ? `${quoted(payload.name)} of ${quoted(payload.ns)}` : "an empty IQ";
  return new StanzaError("service-unavailable", `${what} is not offered here`);
}

function keyOf(target: IqTarget, type: string, payload: { ns: string; name: string }): string {
  return `${target} ${type} ${payload.name} ${payload.ns}`;
}
