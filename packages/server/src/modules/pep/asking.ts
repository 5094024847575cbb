import { type Jid, Stanza } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { Questions } from "../../questions.ts";

/** How long an answer is waited for, in milliseconds. */
const PATIENCE = 30_000;

/** Asks clients, in the name of accounts of the host. */
export class Asking {
  readonly #host: Host;
  readonly #questions: Questions;

  constructor(host: Host) {
    this.#host = host;
    this.#questions = new Questions(host, PATIENCE);
  }

  /** How many questions wait for their answers. */
  get size(): number {
    return this.#questions.size;
  }

  /** The payload of the result; undefined for an error, for an empty result, and for silence. */
  ask(account: Jid, asked: Jid, payload: Element): Maybe<Element | undefined> {
    const id = this.#host.random.id();
    const iq = new Stanza({
      kind: "iq",
      type: "get",
      id,
      from: account,
      to: asked,
      children: [payload],
    });
    const later = Promise.withResolvers<Element | undefined>();
    const early: { answer?: Element | undefined; isThere: boolean } = { isThere: false };
    this.#questions.ask(iq, (answer) => {
      early.isThere = true;
      early.answer = answer?.type === "result" ? answer.payload[0] : undefined;
      later.resolve(early.answer);
    });
    return early.isThere ? early.answer : later.promise;
  }
}
