import type { StorageProgress } from "./api.ts";

/**
 * Turns of the microtask queue from the moment a driver settles promises until everyone who
 * waits for one of them was called: the faces of stores are a few promises deep.
 */
const SETTLING_TURNS = 8;

interface Waiting {
  readonly mark: number;
  readonly resolve: () => void;
}

/** Counts the writes of a driver; see `StorageProgress`. */
export class Progress implements StorageProgress {
  #asked = 0;
  #settled = 0;
  /** What the driver has settled; `settled` follows when all who wait for it were called. */
  #reached = 0;
  #waiting: Waiting[] = [];
  /** Marks that settled before an earlier one did. */
  readonly #early = new Set<number>();

  get asked(): number {
    return this.#asked;
  }

  get settled(): number {
    return this.#settled;
  }

  whenSettled(mark: number): Promise<void> {
    if (this.#settled >= mark) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ mark, resolve }));
  }

  /** Counts one more write. @returns its mark. */
  ask(): number {
    return ++this.#asked;
  }

  /** All writes up to this mark have settled just now; marks come in order. */
  reach(mark: number): void {
    if (mark <= this.#reached) return;
    this.#reached = mark;
    void this.#follow(mark);
  }

  /** Counts one more write, which settles as this promise does, in whatever order. */
  track<T>(work: Promise<T>): Promise<T> {
    const mark = this.ask();
    const settle = (): void => {
      this.#early.add(mark);
      let reached = this.#reached;
      while (this.#early.delete(reached + 1)) reached++;
      this.reach(reached);
    };
    work.then(settle, settle);
    return work;
  }

  async #follow(mark: number): Promise<void> {
    for (let turn = 0; turn < SETTLING_TURNS; turn++) await Promise.resolve();
    this.#settled = mark;
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter((waiting) => waiting.mark <= mark);
    this.#waiting = this.#waiting.filter((waiting) => waiting.mark > mark);
    for (const { resolve } of due) resolve();
  }
}
