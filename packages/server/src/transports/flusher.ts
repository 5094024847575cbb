/**
 * Writes what connections have queued once per turn of the event loop: many stanzas then cost one
 * system call, one TLS record and one packet.
 */
export class Flusher {
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** Calls `flush` at the end of this turn. */
  soon(flush: () => void): void {
    this.#waiting.push(flush);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#scheduled = false;
    for (const flush of waiting) flush();
  }
}
