import { type ResultSetPage, type ResultSetRequest, StanzaError } from "@rookery/protocol";

/** A part of a result, and which one it is. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly page: ResultSetPage;
}

/**
 * The part of a result that is asked for (XEP-0059 §2).
 * @param uidOf gives each item a text of its own.
 * @throws StanzaError `item-not-found` if the item that the page is to follow or precede is not there.
 */
export function pageOf<T>(
  all: readonly T[],
  uidOf: (item: T) => string,
  { max = all.length, after, before, index }: ResultSetRequest,
): Page<T> {
  const from = startOf({ all, uidOf, max, after, before, index });
  // of a page that precedes an item, nothing from that item on
  const end = before ? positionOf(all, uidOf, before) : all.length;
  const items = all.slice(from, Math.min(from + max, end));
  const first = items[0];
  const last = items.at(-1);
  const count = all.length;
  if (first === undefined || last === undefined) return { items, page: { count } };
  return { items, page: { first: uidOf(first), last: uidOf(last), index: from, count } };
}

function startOf<T>({
  all,
  uidOf,
  max,
  after,
  before,
  index,
}: ResultSetRequest & {
  readonly all: readonly T[];
  readonly uidOf: (item: T) => string;
  readonly max: number;
}): number {
  if (index !== undefined) return index;
  if (after !== undefined) return positionOf(all, uidOf, after) + 1;
  if (before === undefined) return 0;
  const end = before === "" ? all.length : positionOf(all, uidOf, before);
  return Math.max(0, end - max);
}

function positionOf<T>(all: readonly T[], uidOf: (item: T) => string, uid: string): number {
  const at = all.findIndex((item) => uidOf(item) === uid);
  if (at >= 0) return at;
  throw new StanzaError("item-not-found", "the result has changed; start again");
}
