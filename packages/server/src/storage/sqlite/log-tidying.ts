import type { DatabaseSync } from "node:sqlite";
import type { Entries } from "./entries.ts";
import type { Lists } from "./lists.ts";
import type { Pending } from "./pending.ts";
import { comparePlaces, type Place, type Places } from "./places.ts";
import { type Query, query } from "./query.ts";

/** Entries that wait until there are so many: more share a page, but a start takes longer. */
const INDEX_AT = 8192;
/** So many are worth a commit when there is nothing else to do. */
const INDEX_IDLE = 1024;
/** Beyond this the index is brought up to date at once: memory and the next start have a bound. */
const INDEX_MOST = 8 * INDEX_AT;
/** Entries of a log in one step; between steps the clock is looked at. */
const STEP = 100;
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
  readonly #remove: (list: number, place: Place) => void;
  readonly #indexed: Query<readonly [number]>;
  readonly #setIndexed: Query<never>;
  /** Logs still to be indexed in this round, and the last entry when it began. */
  #round: { readonly lists: number[]; readonly upTo: number } | undefined;

  /** @param remove removes an entry from a log. */
  constructor(db: DatabaseSync, tables: Tables, remove: (list: number, place: Place) => void) {
    this.#tables = tables;
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
          if (!places.has(list, at, seq)) pending.add(list, { at, seq, id, peer, body });
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
    if (pending.size >= (idle ? INDEX_IDLE : INDEX_AT)) return true;
    return lists.nextDropped() !== undefined;
  }

  /** Does some of the work. @param until by the monotonic clock, in milliseconds. */
  step(until: number): void {
    const { pending, lists } = this.#tables;
    const dropped = lists.nextDropped();
    if (dropped !== undefined) this.#empty(dropped, until);
    if (this.#round !== undefined || pending.size >= INDEX_IDLE) {
      this.#index(pending.size > INDEX_MOST ? Infinity : until);
    }
  }

  /** To be called after a rollback. */
  forget(): void {
    this.#round = undefined;
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
      if (performance.now() >= until) return;
    }
    this.#round = undefined;
    this.#setIndexed.run(upTo);
  }

  #indexLog(list: number): void {
    const { places, pending } = this.#tables;
    const log = pending.of(list);
    for (const place of log) places.insert(list, place);
    const byId = log.length < 2 ? log : [...log].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const place of byId) places.insertId(list, place);
    pending.drop(list);
  }

  /** Removes what is left of a log that was dropped. */
  #empty(list: number, until: number): void {
    const { places, pending, lists } = this.#tables;
    do {
      const some = [...places.older(list, Infinity, STEP)];
      some.push(...pending.of(list).slice(0, STEP));
      for (const place of some.sort(comparePlaces)) this.#remove(list, place);
      if (some.length === 0) return lists.forgetDropped(list);
    } while (performance.now() < until);
  }
}
