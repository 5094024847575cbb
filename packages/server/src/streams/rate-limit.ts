import type { Clock } from "../clock.ts";

/** How fast one connection may send: a token bucket over the bytes it has received. */
export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #allowed: number;
  #seen = 0;
  #at: number;

  /**
   * @param bytesPerSecond what may come for long; 0 for no limit.
   * @param burst bytes that may come at once.
   */
  constructor(bytesPerSecond: number, burst: number, clock: Clock) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#burst = burst;
    this.#clock = clock;
    this.#allowed = burst;
    this.#at = clock.now();
  }

  /**
   * Counts what came.
   * @param total bytes received since the connection began.
   * @returns milliseconds to wait before more is taken; 0 for none.
   */
  take(total: number): number {
    if (this.#bytesPerMs === 0) return 0;
    const now = this.#clock.now();
    // A clock that is set back takes nothing away.
    const gained = Math.max(0, now - this.#at) * this.#bytesPerMs;
    this.#allowed = Math.min(this.#burst, this.#allowed + gained);
    this.#at = now;
    this.#allowed -= total - this.#seen;
    this.#seen = total;
    return this.#allowed >= 0 ? 0 : Math.ceil(-this.#allowed / this.#bytesPerMs);
  }
}
