import { countOn } from "@rookery/stream";
import type { StorageProgress } from "../../storage/api.ts";

/** So many were handled once the writes up to a mark have settled. */
interface Step {
  readonly count: number;
  readonly mark: number;
}

/**
 * How many stanzas of a client are handled (XEP-0198 §4), and of how many all is safe: what they
 * wrote is committed, or its failure was told to their sender.
 */
export class Handled {
  readonly #progress: StorageProgress;
  #count: number;
  #safe: number;
  /** What is handled and not yet safe, in order. */
  readonly #steps: Step[] = [];

  /** @param count handled and safe before, modulo 2³². */
  constructor(progress: StorageProgress, count = 0) {
    this.#progress = progress;
    this.#count = count;
    this.#safe = count;
  }

  /** Counts one more: all that is written because of it was asked for. */
  add(): void {
    this.#count = countOn(this.#count);
    const { asked, settled } = this.#progress;
    this.#settle(settled);
    if (this.#steps.length === 0 && settled >= asked) {
      this.#safe = this.#count;
      return;
    }
    // the writes of both are one mark: the later count stands for both
    if (this.#steps.at(-1)?.mark === asked) this.#steps.pop();
    this.#steps.push({ count: this.#count, mark: asked });
  }

  /** How many are handled, modulo 2³². */
  get count(): number {
    return this.#count;
  }

  /** How many of them are safe. */
  get safe(): number {
    this.#settle(this.#progress.settled);
    return this.#safe;
  }

  /** How many steps are remembered: no more than there are writes on their way. */
  get steps(): number {
    return this.#steps.length;
  }

  #settle(settled: number): void {
    let done = 0;
    for (const step of this.#steps) {
      if (step.mark > settled) break;
      this.#safe = step.count;
      done++;
    }
    if (done > 0) this.#steps.splice(0, done);
  }
}
