import type { DatabaseSync } from "node:sqlite";
import type { Entries } from "./entries.ts";
import type { Lists } from "./lists.ts";
import type { Pending } from "./pending.ts";
import { comparePlaces, type Place, type Places } from "./places.ts";
import { type Query, query } from "./query.ts";

/** When the work that is put off is done. */
export interface TidyingOptions {
  /** Entries that wait until there are so many: more share a page, but a start takes longer. */
  readonly indexAt: number;
  /** Milliseconds that one step takes at most, about. */
  readonly step: number;
}

export const TIDYING: TidyingOptions = { indexAt: 32_768, step: 4 };

/** With this part of `indexAt` they are worth a commit when there is nothing else to do. */
const IDLE_PART = 1 / 8;
/** With so many times `indexAt` all are indexed at once: memory and the next start have a bound. */
const MOST = 8;
/** Entries of a dropped log at once; then the clock is looked at. */
const DROPPED_AT_ONCE = 100;
/** Entries read at once when the storage opens. */
const RECOVERED_AT_ONCE = 1000;

interface Tables {
  readonly lists: Lists;
  readonly entries: Entries;
  readonly places: Places;
  readonly pending: Pending;
}

/** The work that is put off so that nobody waits for it: the index, and logs that were cleared. */
export class LogTidying {
  readonly #tables: Tables;
  readonly #options: TidyingOptions;
  readonly #remove: (place: Place) => void;
  readonly #indexed: Query<readonly [number]>;
  readonly #setIndexed: Query<never>;
  /** Logs still to be indexed in this round, and the last entry when it began. */
  #round: { readonly lists: number[]; readonly upTo: number } | undefined;

  /** @param remove removes an entry from a log. */
  constructor(
    db: DatabaseSync,
    tables: Tables,
    remove: (place: Place) => void,
    options: TidyingOptions,
  ) {
    this.#tables = tables;
    this.#options = options;
    this.#remove = remove;
    this.#indexed = query(db, "select body from indexed");
    this.#setIndexed = query(db, "update indexed set body = ?");
  }

  /** All entries up to this number are in the index; of later ones some may be. */
  indexed(): number {
    return this.#indexed.get()?.[0] ?? 0;
  }

  /** Finds the entries that an earlier process had not brought into the index. */
  recover(): void {
    const { entries, places, pending } = this.#tables;
    for (let after = this.indexed(); ; ) {
      const tail = entries.tail(after, RECOVERED_AT_ONCE);
      for (const { body, seq, at, id, owners } of tail) {
        after = body;
        for (const [list, peer] of owners) {
          if (!places.has(list, at, seq)) pending.add({ list, at, seq, id, peer, body });
        }
      }
      if (tail.length < RECOVERED_AT_ONCE) break;
    }
    pending.settle();
  }

  /** Whether there is work worth doing now. */
  isDue(idle: boolean): boolean {
    if (this.#round !== undefined) return true;
    const { pending, lists } = this.#tables;
    const { indexAt } = this.#options;
    if (pending.size >= (idle ? indexAt * IDLE_PART : indexAt) && pending.size > 0) return true;
    return lists.nextDropped() !== undefined;
  }

  /** Does some of the work. */
  step(): void {
    const { pending, lists } = this.#tables;
    const { indexAt, step } = this.#options;
    const until = performance.now() + step;
    const dropped = lists.nextDropped();
    if (dropped !== undefined) this.#empty(dropped, until);
    if (this.#round !== undefined || pending.size >= indexAt * IDLE_PART) {
      this.#index(pending.size > indexAt * MOST ? Infinity : until);
    }
  }

  /** To be called after a rollback. */
  forget(): void {
    this.#round = undefined;
    this.#tables.places.forget();
  }

  indexAll(): void {
    this.#index(Infinity);
  }

  #index(until: number): void {
    const { entries, pending } = this.#tables;
    // Backwards, since lists are taken from the end.
    this.#round ??= { lists: pending.lists().toReversed(), upTo: entries.last() };
    const { lists, upTo } = this.#round;
    for (let list = lists.pop(); list !== undefined; list = lists.pop()) {
      this.#indexLog(list);
      if (performance.now() >= until) return this.#tables.places.flush();
    }
    this.#tables.places.flush();
    this.#round = undefined;
    this.#setIndexed.run(upTo);
  }

  #indexLog(list: number): void {
    const { places, pending } = this.#tables;
    const log = pending.of(list);
    for (const place of log) places.insert(place);
    const byId = log.length < 2 ? log : [...log].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const place of byId) places.insertId(place);
    pending.drop(list);
  }

  /** Removes what is left of a log that was dropped. */
  #empty(list: number, until: number): void {
    const { places, pending, lists } = this.#tables;
    do {
      const some = [...places.older(list, Infinity, DROPPED_AT_ONCE)];
      some.push(...pending.of(list).slice(0, DROPPED_AT_ONCE));
      for (const place of some.sort(comparePlaces)) this.#remove(place);
      if (some.length === 0) return lists.forgetDropped(list);
    } while (performance.now() < until);
  }
}
