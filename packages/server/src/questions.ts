import type { Stanza } from "@rookery/protocol";
import type { Host } from "./host.ts";
import { iqFlow } from "./im/contract.ts";

interface Question {
  readonly iq: Stanza;
  /** When it is given up, in milliseconds since 1970. */
  readonly until: number;
  readonly answered: (answer: Stanza | undefined) => void;
}

/** Requests in the name of accounts of a host, and the answers to them (RFC 6120 §8.2.3). */
export class Questions {
  readonly #host: Host;
  /** How long an answer is waited for, in milliseconds. */
  readonly #patience: number;
  /** By the id of the request, in the order in which they were asked. */
  readonly #open: Map<string, Question> = new Map();
  #isWatched = false;

  constructor(host: Host, patience: number) {
    this.#host = host;
    this.#patience = patience;
    host.on(iqFlow, "reject", ({ stanza, direction }) =>
      direction === "received" && this.#takes(stanza) ? "handled" : undefined,
    );
  }

  /** How many wait for their answers. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Asks.
   * @param iq from the bare JID of an account, with an id that nobody guesses.
   * @param answered called once, maybe at once, with the result or the error; undefined for silence.
   */
  ask(iq: Stanza, answered: (answer: Stanza | undefined) => void): void {
    const until = this.#host.clock.now() + this.#patience;
    this.#open.set(iq.id ?? "", { iq, until, answered });
    this.#watch(this.#patience);
    void this.#host.send(iq);
  }

  /** One timer for all that waits. */
  #watch(ms: number): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#host.after(ms, () => {
      this.#isWatched = false;
      const now = this.#host.clock.now();
      for (const [id, { until, answered }] of this.#open) {
        // the clock may have been put back
        if (until > now) return this.#watch(Math.min(until - now, this.#patience));
        this.#open.delete(id);
        answered(undefined);
      }
    });
  }

  #takes(answer: Stanza): boolean {
    if (this.#open.size === 0 || answer.isRequest || answer.id === undefined) return false;
    const question = this.#open.get(answer.id);
    if (question === undefined) return false;
    const { iq, answered } = question;
    if (iq.to?.equals(answer.from) !== true || answer.to?.equals(iq.from) !== true) return false;
    this.#open.delete(answer.id);
    answered(answer);
    return true;
  }
}
