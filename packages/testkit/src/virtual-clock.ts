import type { Clock, Timer } from "@rookery/server";

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #waiting: Set<Waiting> = new Set();

  /** @param start milliseconds since 1970. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): Timer {
    const waiting: Waiting = { at: this.#now + ms, order: this.#order++, action };
    this.#waiting.add(waiting);
    return { cancel: () => this.#waiting.delete(waiting) };
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Moves time on; what falls due happens in order, with the time it was due at. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#waiting.delete(next);
      this.#now = next.at;
      next.action();
    }
    this.#now = until;
  }

  #next(until: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.at > until) continue;
      if (
        next === undefined ||
        waiting.at < next.at ||
        (waiting.at === next.at && waiting.order < next.order)
      ) {
        next = waiting;
      }
    }
    return next;
  }
}
