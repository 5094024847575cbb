import type { Jid, ResultSetPage } from "@rookery/protocol";
import type { LogEntry } from "../../storage/api.ts";
import { streamStanza } from "../../storage/stanza-codec.ts";
import type { Search } from "./search.ts";
import type { ArchiveStore } from "./store.ts";

/** How many entries are read at once. */
const BATCH = 64;

/** A part of what matches a query, in the order of the archive. */
export interface Page {
  readonly entries: readonly LogEntry<string>[];
  /** Nothing more matches in the direction of the search. */
  readonly complete: boolean;
  readonly set: ResultSetPage;
}

/**
 * Reads a page, some entries at a time, so that others are served in between.
 *
 * How many messages match in all is told where it is known anyway: if the page has all of them, or
 * if nothing else was asked. Counting an archive takes as long as it is large.
 *
 * @param maxBytes size of the page, but for its first message.
 * @throws StorageNotFound if it is to start from a message that is not there.
 */
export async function readPage(
  store: ArchiveStore,
  search: Search,
  maxBytes: number,
): Promise<Page> {
  if (search.max === 0) return countOnly(store, search);
  const { entries, complete } = await collect(store, search, maxBytes);
  const inOrder = search.backward ? entries.toReversed() : entries;
  const isAll = complete && search.fromEnd;
  const isStart = search.fromEnd && (complete || !search.backward);
  const first = inOrder[0];
  const last = inOrder.at(-1);
  const set = {
    ...(first && last && { first: first.id, last: last.id, ...(isStart && { index: 0 }) }),
    ...(isAll && { count: entries.length }),
  };
  return { entries: inOrder, complete, set };
}

/** Of those with one resource, all of its account are counted: a count may be approximate (XEP-0059). */
async function countOnly(store: ArchiveStore, { owner, query }: Search): Promise<Page> {
  const count = await store.count(owner, query);
  return { entries: [], complete: count === 0, set: { count } };
}

/** In the direction of the search. */
async function collect(
  store: ArchiveStore,
  { owner, query, backward, max, full }: Search,
  maxBytes: number,
): Promise<{ readonly entries: readonly LogEntry<string>[]; readonly complete: boolean }> {
  const entries: LogEntry<string>[] = [];
  const direction = backward ? "backward" : "forward";
  const side = backward ? "before" : "after";
  let bytes = 0;
  let from = query;
  for (;;) {
    // one more than fits tells whether there is more
    const limit = full ? BATCH : Math.min(BATCH, max - entries.length + 1);
    const rows = await store.read(owner, { ...from, limit, direction });
    for (const row of backward ? rows.toReversed() : rows) {
      if (full && !isWith(row, full)) continue;
      bytes += row.value.length;
      const isFull = entries.length === max || (bytes > maxBytes && entries.length > 0);
      if (isFull) return { entries, complete: false };
      entries.push(row);
    }
    const reached = backward ? rows[0] : rows.at(-1);
    if (rows.length < limit || reached === undefined) return { entries, complete: true };
    from = { ...query, [side]: reached.id };
  }
}

/** True for a message from or to exactly this address. */
function isWith({ value }: LogEntry<string>, address: Jid): boolean {
  const { from, to } = streamStanza(value);
  return from.equals(address) || to?.equals(address) === true;
}
