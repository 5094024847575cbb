/**
 * Writes what connections have queued once per turn of the event loop: many stanzas then cost one
 * system call, one TLS record and one packet.
 */
export class Flusher {
  #waiting: (() => void)[] = [];

  /** How many wait for the end of this turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `flush`, which must not throw, at the end of this turn. */
  soon(flush: () => void): void {
    if (this.#waiting.push(flush) === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flush of waiting) flush();
  };
}
