import { type Jid, NS, type Stanza, StanzaError } from "@rookery/protocol";
import type { Clock, Timer } from "./clock.ts";
import { ClientError } from "./errors.ts";

interface Pending {
  readonly from: Jid;
  readonly to: Jid | undefined;
  readonly timer: Timer;
  readonly resolve: (answer: Stanza) => void;
  readonly reject: (error: Error) => void;
}

/** The requests of an entity that wait for an answer (RFC 6120 §8.2.3). */
export class PendingRequests {
  readonly #pending: Map<string, Pending> = new Map();
  readonly #clock: Clock;
  readonly #max: number;

  /** @param max how many may wait. */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** How many wait. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Waits for the answer to a request.
   * @throws ClientError `queue-full` if too many wait; rejects with StanzaError for an error, with
   * ClientError `timeout` or, by `fail`, with what broke the connection.
   */
  wait(request: Stanza, timeoutMs: number): Promise<Stanza> {
    const { id = "", from, to } = request;
    if (this.#pending.size >= this.#max) {
      throw new ClientError("queue-full", `${this.#max} requests wait for an answer already`);
    }
    if (this.#pending.has(id)) throw new TypeError(`a request with the id "${id}" waits already`);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#pending.delete(id);
        const whom = to === undefined ? "the server" : to.toString();
        reject(new ClientError("timeout", `${whom} did not answer within ${timeoutMs} ms`));
      });
      this.#pending.set(id, { from, to, timer, resolve, reject });
    });
  }

  /** Takes a request back that could not be sent. */
  forget(id: string): void {
    this.#pending.get(id)?.timer.cancel();
    this.#pending.delete(id);
  }

  /**
   * Takes the result or error of a request: of one that waits, from whom it was sent to. Anything
   * else is not for us, or somebody guesses.
   */
  answer(stanza: Stanza): void {
    const pending = this.#pending.get(stanza.id ?? "");
    if (pending === undefined || !answers(stanza, pending)) return;
    this.forget(stanza.id ?? "");
    if (stanza.type === "result") pending.resolve(stanza);
    else pending.reject(errorOf(stanza));
  }

  /** All that wait have waited in vain. */
  fail(error: Error): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { timer, reject } of all) {
      timer.cancel();
      reject(error);
    }
  }
}

/** The error that a stanza of type `error` carries. */
export function errorOf(stanza: Stanza): StanzaError {
  const error = stanza.child(NS.client, "error");
  return error === undefined
    ? new StanzaError("undefined-condition", "an error without its reason")
    : StanzaError.read(error);
}

/**
 * RFC 6120 §10.3.3: a server answers for the account what was sent to nobody; some name themselves.
 */
function answers({ from, to }: Stanza, request: Pending): boolean {
  if (to !== undefined && !to.equals(request.from)) return false;
  if (request.to !== undefined) return from.equals(request.to);
  const own = request.from;
  return from.equals(own) || from.equals(own.bare) || from.toString() === own.domain;
}
