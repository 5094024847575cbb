import { comparePlaces, type Place } from "./places.ts";

interface PendingLog {
  readonly byId: Map<string, Place>;
  /** In the order of the log. */
  readonly inOrder: Place[];
}

const NONE: readonly Place[] = [];

/**
 * Places that are not in the index yet. What they stand for is committed (the table `entry` has
 * it), so that they can be made again at the next start. Each change can be taken back until
 * `settle`, as the database takes back the changes that it belongs to.
 */
export class Pending {
  readonly #logs = new Map<number, PendingLog>();
  readonly #undo: (() => void)[] = [];
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
    return this.#logs.get(list)?.byId.get(id);
  }

  /** Those of a log, in its order. */
  of(list: number): readonly Place[] {
    return this.#logs.get(list)?.inOrder ?? NONE;
  }

  add(list: number, place: Place): void {
    this.#add(list, place);
    this.#undo.push(() => this.#remove(list, place));
  }

  /** Removes one of those that are there. */
  remove(list: number, place: Place): void {
    this.#remove(list, place);
    this.#undo.push(() => this.#add(list, place));
  }

  /** Removes all of a log. */
  drop(list: number): void {
    const log = this.#logs.get(list);
    if (log === undefined) return;
    this.#logs.delete(list);
    this.#size -= log.inOrder.length;
    this.#undo.push(() => {
      this.#logs.set(list, log);
      this.#size += log.inOrder.length;
    });
  }

  /** What `undoTo` goes back to. */
  mark(): number {
    return this.#undo.length;
  }

  undoTo(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  /** The changes so far are committed. */
  settle(): void {
    this.#undo.length = 0;
  }

  #add(list: number, place: Place): void {
    let log = this.#logs.get(list);
    if (log === undefined) this.#logs.set(list, (log = { byId: new Map(), inOrder: [] }));
    const { inOrder } = log;
    const last = inOrder.at(-1);
    if (last === undefined || comparePlaces(last, place) < 0) inOrder.push(place);
    else inOrder.splice(rankOf(inOrder, place), 0, place);
    log.byId.set(place.id, place);
    this.#size++;
  }

  #remove(list: number, place: Place): void {
    const log = this.#logs.get(list);
    if (log === undefined) return;
    log.inOrder.splice(rankOf(log.inOrder, place), 1);
    log.byId.delete(place.id);
    if (log.inOrder.length === 0) this.#logs.delete(list);
    this.#size--;
  }
}

/** The first rank whose place is not before this one. */
function rankOf(inOrder: readonly Place[], place: Place): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = inOrder[middle];
    if (there !== undefined && comparePlaces(there, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
