import { comparePlaces, type Place } from "./places.ts";

/** A log with more is looked through by id once, and then has them by id. */
const FEW = 256;

/**
 * Places that are not in the index yet. What they stand for is committed (the table `entry` has
 * it), so that they can be made again at the next start. Each change can be taken back until
 * `settle`, as the database takes back the changes that it belongs to.
 */
export class Pending {
  /** By log, in its order. */
  readonly #logs = new Map<number, Place[]>();
  /** By log and id, of those that were asked for ids: most never are. */
  readonly #ids = new Map<number, Map<string, Place>>();
  /** What was added or removed, in the order of the changes. */
  readonly #changed: Place[] = [];
  readonly #added: boolean[] = [];
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The logs that have any, in the order of their numbers. */
  lists(): readonly number[] {
    return [...this.#logs.keys()].sort((a, b) => a - b);
  }

  has(list: number): boolean {
    return this.#logs.has(list);
  }

  find(list: number, id: string): Place | undefined {
    const log = this.#logs.get(list);
    if (log === undefined) return undefined;
    if (log.length <= FEW) return log.find((place) => place.id === id);
    let ids = this.#ids.get(list);
    if (ids === undefined) {
      ids = new Map(log.map((place) => [place.id, place]));
      this.#ids.set(list, ids);
    }
    return ids.get(id);
  }

  /** Those of a log, in its order. */
  of(list: number): readonly Place[] {
    return this.#logs.get(list) ?? [];
  }

  add(place: Place): void {
    this.#add(place);
    this.#changed.push(place);
    this.#added.push(true);
  }

  /** Removes one of those that are there. */
  remove(place: Place): void {
    this.#remove(place);
    this.#changed.push(place);
    this.#added.push(false);
  }

  /** Removes all of a log. */
  drop(list: number): void {
    const log = this.#logs.get(list);
    if (log === undefined) return;
    this.#logs.delete(list);
    this.#ids.delete(list);
    this.#size -= log.length;
    for (const place of log) {
      this.#changed.push(place);
      this.#added.push(false);
    }
  }

  /** What `undoTo` goes back to. */
  mark(): number {
    return this.#changed.length;
  }

  undoTo(mark: number): void {
    while (this.#changed.length > mark) {
      const place = this.#changed.pop();
      const added = this.#added.pop();
      if (place === undefined) return;
      if (added) this.#remove(place);
      else this.#add(place);
    }
  }

  /** The changes so far are committed. */
  settle(): void {
    this.#changed.length = 0;
    this.#added.length = 0;
  }

  #add(place: Place): void {
    const log = this.#logs.get(place.list);
    const last = log?.at(-1);
    if (log === undefined || last === undefined) this.#logs.set(place.list, [place]);
    else if (comparePlaces(last, place) < 0) log.push(place);
    else log.splice(rankOf(log, place), 0, place);
    this.#ids.get(place.list)?.set(place.id, place);
    this.#size++;
  }

  #remove(place: Place): void {
    const log = this.#logs.get(place.list);
    if (log === undefined) return;
    log.splice(rankOf(log, place), 1);
    this.#ids.get(place.list)?.delete(place.id);
    this.#size--;
    if (log.length > 0) return;
    this.#logs.delete(place.list);
    this.#ids.delete(place.list);
  }
}

/** The first rank whose place is not before this one. */
function rankOf(log: readonly Place[], place: Place): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = log[middle];
    if (there !== undefined && comparePlaces(there, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
