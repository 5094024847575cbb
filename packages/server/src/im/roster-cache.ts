/** What the cache asks of a roster. */
export interface CachedRoster {
  /** How much of the cache it takes: its contacts, roughly. */
  readonly size: number;
  /** False while it has changes that are not committed: these are nowhere else. */
  readonly idle: boolean;
}

/**
 * Rosters in memory, bounded by the number of their contacts altogether.
 *
 * Two generations: what is asked for goes into the young one, and when that has half of what the
 * cache may hold it becomes the old one, and the old one is forgotten. So a hit, which happens with
 * every presence that is broadcast, writes nothing.
 */
export class RosterCache<R extends CachedRoster> {
  readonly #half: number;
  #young: Map<string, R> = new Map();
  #old: Map<string, R> = new Map();
  #youngSize = 0;

  /**
   * @param size contacts that are kept. The last roster of a generation, and those that are not
   * idle, may exceed it.
   */
  constructor(size: number) {
    this.#half = size / 2;
  }

  get(account: string): R | undefined {
    const young = this.#young.get(account);
    if (young !== undefined) return young;
    const old = this.#old.get(account);
    if (old !== undefined) this.set(account, old);
    return old;
  }

  /** Keeps a roster; also one that is here already and has grown. */
  set(account: string, roster: R): void {
    this.delete(account);
    this.#young.set(account, roster);
    this.grown(account, roster.size);
  }

  delete(account: string): void {
    const young = this.#young.get(account);
    if (young !== undefined) this.#youngSize -= young.size;
    this.#young.delete(account);
    this.#old.delete(account);
  }

  /** Is to be told when a roster has so many contacts more, or (negative) fewer. */
  grown(account: string, by: number): void {
    if (!this.#young.has(account)) return;
    this.#youngSize += by;
    if (this.#youngSize > this.#half) this.#forget();
  }

  /** How many contacts are held now. */
  get size(): number {
    let size = 0;
    for (const roster of this.#young.values()) size += roster.size;
    for (const roster of this.#old.values()) size += roster.size;
    return size;
  }

  #forget(): void {
    const forgotten = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSize = 0;
    for (const [account, roster] of forgotten) {
      if (roster.idle) continue;
      this.#young.set(account, roster);
      this.#youngSize += roster.size;
    }
  }
}
