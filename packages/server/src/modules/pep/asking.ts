import { type Jid, Stanza } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { iqFlow } from "../../im/contract.ts";

/** How long an answer is waited for, in milliseconds. */
const PATIENCE = 30_000;

interface Question {
  readonly account: Jid;
  readonly asked: Jid;
  /** When it is given up, in milliseconds since 1970. */
  readonly until: number;
  readonly answered: (result: Element | undefined) => void;
}

/** Asks clients, and accounts, in the name of accounts of the host, and finds the answers. */
export class Asking {
  readonly #host: Host;
  /** In the order in which they were asked. */
  readonly #open: Map<string, Question> = new Map();
  #isWatched = false;

  constructor(host: Host) {
    this.#host = host;
    host.on(iqFlow, "reject", ({ stanza, direction }) =>
      direction === "received" && this.#takes(stanza) ? "handled" : undefined,
    );
  }

  /** How many questions wait for their answers. */
  get size(): number {
    return this.#open.size;
  }

  /** The payload of the result; undefined for an error, for an empty result, and for silence. */
  ask(account: Jid, asked: Jid, payload: Element): Maybe<Element | undefined> {
    const id = this.#host.random.id();
    const answer = Promise.withResolvers<Element | undefined>();
    const early: { result?: Element | undefined } = {};
    const answered = (result: Element | undefined): void => {
      this.#open.delete(id);
      early.result = result;
      answer.resolve(result);
    };
    this.#open.set(id, { account, asked, until: this.#host.clock.now() + PATIENCE, answered });
    const children = [payload];
    const iq = new Stanza({ kind: "iq", type: "get", id, from: account, to: asked, children });
    void this.#host.send(iq);
    if (!this.#open.has(id)) return early.result;
    this.#watch(PATIENCE);
    return answer.promise;
  }

  /** One timer for all that waits. */
  #watch(ms: number): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#host.after(ms, () => {
      this.#isWatched = false;
      const now = this.#host.clock.now();
      for (const { until, answered } of this.#open.values()) {
        if (until > now) return this.#watch(until - now);
        answered(undefined);
      }
    });
  }

  #takes(stanza: Stanza): boolean {
    if (stanza.isRequest || stanza.id === undefined) return false;
    const question = this.#open.get(stanza.id);
    if (question === undefined) return false;
    if (!stanza.from.equals(question.asked) || !stanza.to?.equals(question.account)) return false;
    question.answered(stanza.type === "result" ? stanza.payload[0] : undefined);
    return true;
  }
}
