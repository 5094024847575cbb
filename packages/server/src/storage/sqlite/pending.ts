import { comparePlaces, type Place } from "./places.ts";

/** With so many logs that have an entry of the same id, they are not looked through one by one. */
const FEW = 16;

/**
 * Places that are not in the index yet. What they stand for is committed (the table `entry` has
 * it), so that they can be made again at the next start. Each change can be taken back until
 * `settle`, as the database takes back the changes that it belongs to.
 */
export class Pending {
  /** By log, in its order. */
  readonly #logs = new Map<number, Place[]>();
  /** By id; entries of several logs often have the same. */
  readonly #ids = new Map<string, Place[] | Map<number, Place>>();
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
    const known = this.#ids.get(id);
    if (known === undefined) return undefined;
    if (!Array.isArray(known)) return known.get(list);
    for (const place of known) if (place.list === list) return place;
    return undefined;
  }

  /** Those of a log, in its order. */
  of(list: number): readonly Place[] {
    return this.#logs.get(list) ?? [];
  }

  /** Whether one of these logs has an entry of this id. */
  hasAny(lists: readonly (number | undefined)[], id: string): boolean {
    if (!this.#ids.has(id)) return false;
    return lists.some((list) => list !== undefined && this.find(list, id) !== undefined);
  }

  /** Adds the places of one entry, each in another log. */
  addAll(id: string, places: Place[]): void {
    const known = this.#ids.get(id);
    if (known === undefined && places.length <= FEW) this.#ids.set(id, places);
    else for (const place of places) this.#addId(place);
    for (const place of places) {
      this.#rank(place);
      this.#changed.push(place);
      this.#added.push(true);
    }
  }

  add(place: Place): void {
    this.addAll(place.id, [place]);
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
    this.#size -= log.length;
    for (const place of log) {
      this.#removeId(place);
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
    this.#addId(place);
    this.#rank(place);
  }

  #rank(place: Place): void {
    const log = this.#logs.get(place.list);
    const last = log?.at(-1);
    if (log === undefined || last === undefined) this.#logs.set(place.list, [place]);
    else if (comparePlaces(last, place) < 0) log.push(place);
    else log.splice(rankOf(log, place), 0, place);
    this.#size++;
  }

  #addId(place: Place): void {
    const known = this.#ids.get(place.id);
    if (known === undefined) this.#ids.set(place.id, [place]);
    else if (!Array.isArray(known)) known.set(place.list, place);
    else {
      known.push(place);
      if (known.length > FEW) this.#ids.set(place.id, new Map(known.map((one) => [one.list, one])));
    }
  }

  #remove(place: Place): void {
    const log = this.#logs.get(place.list);
    if (log === undefined) return;
    log.splice(rankOf(log, place), 1);
    if (log.length === 0) this.#logs.delete(place.list);
    this.#removeId(place);
    this.#size--;
  }

  #removeId({ list, id }: Place): void {
    const known = this.#ids.get(id);
    if (known === undefined) return;
    if (!Array.isArray(known)) {
      known.delete(list);
      if (known.size === 0) this.#ids.delete(id);
    } else if (known.length === 1) this.#ids.delete(id);
    else {
      known.splice(
        known.findIndex((place) => place.list === list),
        1,
      );
    }
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
