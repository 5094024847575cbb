import {
  NS,
  type PushSummary,
  pubsubRequest,
  pushNotification,
  Stanza,
  StanzaError,
  type StanzaErrorCondition,
} from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { Questions } from "../../questions.ts";
import type { Place } from "./place.ts";

/**
 * What came of a publication: `refused` for good; `failed` for now, or there was no answer.
 */
export type Outcome = "taken" | "refused" | "failed";

/** What may be otherwise next time, whatever the type of the error. */
const PASSING: ReadonlySet<StanzaErrorCondition> = new Set([
  "internal-server-error",
  "recipient-unavailable",
  "remote-server-not-found",
  "remote-server-timeout",
  "resource-constraint",
  "service-unavailable", // an app server that is restarted
]);

/**
 * Publishes to app servers (XEP-0357 §7), in the name of the account: what a user can make the
 * server publish, and where, the user may.
 */
export class Publisher {
  readonly #host: Host;
  readonly #questions: Questions;

  constructor(host: Host) {
    this.#host = host;
    this.#questions = new Questions(host, host.limits.pushAnswerSeconds * 1000);
  }

  /** @param done called once, maybe at once. */
  publish(
    { account, registration }: Place,
    summary: PushSummary,
    done: (o: Outcome) => void,
  ): void {
    const { jid, node, options } = registration;
    const payload = pushNotification.write({ summary, additional: [] });
    const children = [
      pubsubRequest.write({ kind: "publish", node, items: [{ payload }], options }),
    ];
    const id = this.#host.random.id();
    const iq = new Stanza({ kind: "iq", type: "set", id, from: account, to: jid, children });
    this.#questions.ask(iq, (answer) => done(answer ? outcomeOf(answer) : "failed"));
  }
}

function outcomeOf(stanza: Stanza): Outcome {
  if (stanza.type === "result") return "taken";
  const element = stanza.child(NS.client, "error");
  if (element === undefined) return "failed";
  const { type, condition } = StanzaError.read(element);
  return type === "wait" || PASSING.has(condition) ? "failed" : "refused";
}
