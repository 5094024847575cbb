import type { LogOwner, StoredEntry, WriteOp } from "./api.ts";
import { idTaken } from "./errors.ts";

/**
 * Who gets an entry whose id some of its owners may have already (see `LogEntry.sameBefore`).
 *
 * @param there when what they have came, by their places among the owners; undefined for nothing.
 * @returns those who have none of its id, and those for whom it is `anotherEntry`. What the others have
 * is the same.
 * @throws StorageConflict if an owner has its id, and nothing is said of what is the same.
 */
export function whoGets(
  store: string,
  { owners, entry: { id, sameBefore } }: WriteOp & { do: "append" },
  there: readonly (number | undefined)[],
): { readonly absent: readonly LogOwner[]; readonly others: readonly LogOwner[] } {
  const taken = there.findIndex((at) => at !== undefined);
  if (taken === -1) return { absent: owners, others: [] };
  if (sameBefore === undefined) throw idTaken(store, owners[taken]?.owner ?? "", id);
  return {
    absent: owners.filter((_, place) => there[place] === undefined),
    others: owners.filter((_, place) => (there[place] ?? -Infinity) >= sameBefore),
  };
}

/**
 * An entry with an id made of its own, also where its value names it.
 * @param number that no other entry has.
 */
export function anotherEntry(entry: StoredEntry, number: number): StoredEntry {
  const id = `${entry.id}-${number}`;
  return { ...entry, id, value: entry.value.replaceAll(entry.id, () => id) };
}
