import type { Write } from "../storage/api.ts";

/** What a {@link RosterWrites} asks of those who own it. */
export interface RosterWritesOwner {
  /** Commits all of these or none. */
  commit(writes: readonly Write[]): Promise<void>;
  /** A commit failed: what was added since, and is not committed, never will be. */
  failed(): void;
}

/**
 * Commits the changes of one roster in their order: the next commit begins when the one before is
 * done, with all that came meanwhile. So what is stored is always what the roster was at one moment:
 * after a failure no later change is stored without the earlier ones that it was made upon.
 */
export class RosterWrites {
  readonly #owner: RosterWritesOwner;
  #current: Promise<void> | undefined;
  #waiting: Waiting | undefined;

  constructor(owner: RosterWritesOwner) {
    this.#owner = owner;
  }

  /** True if everything is committed. */
  get idle(): boolean {
    return this.#current === undefined;
  }

  /** Settles when all that was added so far is committed. */
  get committed(): Promise<void> {
    return this.#waiting?.done.promise ?? this.#current ?? NOTHING;
  }

  /**
   * Adds writes that belong together, by the key of the record.
   *
   * @returns a promise that settles after the commit; its rejection may be left unhandled.
   */
  add(writes: ReadonlyMap<string, Write>): Promise<void> {
    if (this.#current === undefined) return this.#start(writes);
    const waiting = (this.#waiting ??= later());
    for (const [key, write] of writes) waiting.writes.set(key, write);
    return waiting.done.promise;
  }

  /** Drops what is not on its way yet, because something else makes up for it. */
  drop(instead: Promise<void>): void {
    this.#waiting?.done.resolve(instead);
    this.#waiting = undefined;
  }

  #start(writes: ReadonlyMap<string, Write>): Promise<void> {
    const committed = this.#commit(writes);
    ignoreRejection(committed);
    this.#current = committed;
    return committed;
  }

  async #commit(writes: ReadonlyMap<string, Write>): Promise<void> {
    try {
      await this.#owner.commit([...writes.values()]);
    } catch (error) {
      const waiting = this.#take();
      this.#owner.failed();
      waiting?.done.reject(error);
      throw error;
    }
    const waiting = this.#take();
    if (waiting) waiting.done.resolve(this.#start(waiting.writes));
  }

  /** What came while a commit was under way, which is over now. */
  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#current = undefined;
    this.#waiting = undefined;
    return waiting;
  }
}

interface Waiting {
  /** By key, so that a record that changes again is written once. */
  readonly writes: Map<string, Write>;
  readonly done: PromiseWithResolvers<void>;
}

const NOTHING: Promise<void> = Promise.resolve();

function later(): Waiting {
  const done = Promise.withResolvers<void>();
  ignoreRejection(done.promise);
  return { writes: new Map(), done };
}

/** Nobody has to wait for a commit: that it failed does not end the process. */
function ignoreRejection(promise: Promise<void>): void {
  promise.catch(() => {});
}
