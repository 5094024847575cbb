import { type Jid, StanzaError } from "@rookery/protocol";
import type { Clock } from "../../clock.ts";

const MINUTE = 60_000;

/** How often accounts may search. What is counted is forgotten each minute. */
export class Rate {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #counts: Map<string, number> = new Map();
  #since = 0;

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Counts one search. @throws StanzaError `resource-constraint` if there were too many. */
  check(account: Jid): void {
    const now = this.#clock.now();
    if (now - this.#since >= MINUTE || now < this.#since) {
      this.#counts.clear();
      this.#since = now;
    }
    const count = (this.#counts.get(account.toString()) ?? 0) + 1;
    if (count > this.#perMinute) {
      throw new StanzaError(
        "resource-constraint",
        `there are ${this.#perMinute} searches a minute; try again in a minute`,
      );
    }
    this.#counts.set(account.toString(), count);
  }
}
