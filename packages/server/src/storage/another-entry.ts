import type { StoredEntry } from "./api.ts";

/**
 * An entry that came with an id which is taken: it gets one made of it, also where its value names
 * it (see `LogEntry.sameBefore`).
 * @param number that no other entry has.
 */
export function anotherEntry(entry: StoredEntry, number: number): StoredEntry {
  const id = `${entry.id}-${number}`;
  return { ...entry, id, value: entry.value.replaceAll(entry.id, () => id) };
}
