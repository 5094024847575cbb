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
import { iqFlow } from "../../im/contract.ts";
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

interface Question {
  readonly place: Place;
  /** When it is given up, in milliseconds since 1970. */
  readonly until: number;
  readonly done: (outcome: Outcome) => void;
}

/**
 * Publishes to app servers (XEP-0357 §7), in the name of the account: what a user can make the
 * server publish, and where, the user may.
 */
export class Publisher {
  readonly #host: Host;
  /** By the id of the request, in the order they were asked. */
  readonly #open: Map<string, Question> = new Map();
  #isWatched = false;

  constructor(host: Host) {
    this.#host = host;
    host.on(iqFlow, "reject", ({ stanza, direction }) =>
      direction === "received" && this.#takes(stanza) ? "handled" : undefined,
    );
  }

  /** @param done called once, maybe at once. */
  publish(place: Place, summary: PushSummary, done: (outcome: Outcome) => void): void {
    const { clock, random, limits } = this.#host;
    const { jid, node, options } = place.registration;
    const payload = pushNotification.write({ summary, additional: [] });
    const children = [
      pubsubRequest.write({ kind: "publish", node, items: [{ payload }], options }),
    ];
    const id = random.id();
    const from = place.account;
    const patience = limits.pushAnswerSeconds * 1000;
    this.#open.set(id, { place, until: clock.now() + patience, done });
    this.#watch(patience);
    void this.#host.send(new Stanza({ kind: "iq", type: "set", id, from, to: jid, children }));
  }

  /** One timer for all that waits. */
  #watch(ms: number): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#host.after(ms, () => {
      this.#isWatched = false;
      const now = this.#host.clock.now();
      for (const [id, { until, done }] of this.#open) {
        if (until > now) return this.#watch(until - now);
        this.#open.delete(id);
        done("failed");
      }
    });
  }

  #takes(stanza: Stanza): boolean {
    if (stanza.isRequest || stanza.id === undefined) return false;
    const question = this.#open.get(stanza.id);
    if (question === undefined) return false;
    const { place, done } = question;
    if (!stanza.from.equals(place.registration.jid) || !stanza.to?.equals(place.account))
      return false;
    this.#open.delete(stanza.id);
    done(stanza.type === "result" ? "taken" : outcomeOf(stanza));
    return true;
  }
}

function outcomeOf(stanza: Stanza): Outcome {
  const element = stanza.child(NS.client, "error");
  if (element === undefined) return "failed";
  const { type, condition } = StanzaError.read(element);
  return type === "wait" || PASSING.has(condition) ? "failed" : "refused";
}
