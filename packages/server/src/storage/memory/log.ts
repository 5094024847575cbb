import type { LogOwner, LogQuery, StoredEntry, WriteOp } from "../api.ts";
import type { LogRow, OwnersPage, StagedRow } from "../driver.ts";
import { noSuchEntry, wrongOp } from "../errors.ts";
import { anotherEntry, whoGets } from "../taken-ids.ts";
import { queryWords, words } from "../words.ts";
import type { Undo } from "./engine.ts";
import { pageOfOwners } from "./owners.ts";

interface Entry {
  readonly row: LogRow;
  /** The words it is found by. */
  readonly words: ReadonlySet<string> | undefined;
}

interface Entries {
  /** By time, then by arrival. */
  readonly inOrder: Entry[];
  readonly byId: Map<string, Entry>;
}

/** One log store. */
export class MemoryLog {
  readonly staged: Map<string, StagedRow> = new Map<string, StagedRow>();
  readonly #name: string;
  readonly #owners = new Map<string, Entries>();
  /** How many entries got another id. */
  #another = 0;

  constructor(name: string) {
    this.#name = name;
  }

  apply(op: WriteOp, undo: Undo[] | undefined): number {
    switch (op.do) {
      case "append":
        return this.#append(op, undo);
      case "replace":
        return this.#replace(op, undo);
      case "remove":
        return this.#remove(op.owner, new Set(op.ids), undo);
      case "expire": {
        const inOrder = this.#owners.get(op.owner)?.inOrder ?? [];
        const old = inOrder.slice(0, op.limit).filter(({ row }) => row[1] < op.before);
        return this.#remove(op.owner, new Set(old.map(({ row }) => row[0])), undo);
      }
      case "clear": {
        const entries = this.#owners.get(op.owner);
        if (entries === undefined) return 0;
        this.#owners.delete(op.owner);
        undo?.push(() => this.#owners.set(op.owner, entries));
        return entries.inOrder.length;
      }
      default:
        throw wrongOp(this.#name, "log", op.do);
    }
  }

  find(owner: string, id: string): LogRow | undefined {
    return this.#owners.get(owner)?.byId.get(id)?.row;
  }

  read(owner: string, query: LogQuery): readonly LogRow[] {
    const entries = this.#owners.get(owner) ?? { inOrder: [], byId: new Map<string, Entry>() };
    const place = (id: string): number => {
      const entry = entries.byId.get(id);
      if (entry === undefined) throw noSuchEntry(this.#name, owner, id);
      return entries.inOrder.indexOf(entry);
    };
    const start = query.after === undefined ? 0 : place(query.after) + 1;
    const end = query.before === undefined ? entries.inOrder.length : place(query.before);
    const matches = matcher(query);
    const rows: LogRow[] = [];
    for (const entry of entries.inOrder.slice(start, end)) {
      if (matches(entry)) rows.push(entry.row);
    }
    const { limit = rows.length, direction } = query;
    return direction === "backward"
      ? rows.slice(Math.max(0, rows.length - limit))
      : rows.slice(0, limit);
  }

  owners(page: OwnersPage): readonly string[] {
    return pageOfOwners(this.#owners.keys(), page);
  }

  everything(): readonly StagedRow[] {
    const rows: StagedRow[] = [];
    for (const [owner, { inOrder }] of this.#owners) {
      for (const { row } of inOrder) rows.push([[owner, row[0]], row[3]]);
    }
    return rows;
  }

  adopt([[owner, id], value]: StagedRow): void {
    const entries = this.#owners.get(String(owner));
    const entry = entries?.byId.get(String(id));
    if (entries === undefined || entry === undefined) return;
    const [, at, peer] = entry.row;
    exchange(entries, entry, { row: [entry.row[0], at, peer, value], words: entry.words });
  }

  #append(op: WriteOp & { do: "append" }, undo: Undo[] | undefined): number {
    const { owners, entry } = op;
    const there = owners.map(({ owner }) => this.find(owner, entry.id)?.[1]);
    const { absent, others } = whoGets(this.#name, op, there);
    for (const owner of absent) this.#add(owner, entry, undo);
    if (others.length === 0) return 1;
    const another = anotherEntry(entry, ++this.#another);
    for (const owner of others) this.#add(owner, another, undo);
    return 1;
  }

  #add({ owner, with: peer }: LogOwner, entry: StoredEntry, undo: Undo[] | undefined): void {
    const entries = this.#owners.get(owner) ?? { inOrder: [], byId: new Map<string, Entry>() };
    const { inOrder } = entries;
    let place = inOrder.length;
    while (place > 0 && (inOrder[place - 1]?.row[1] ?? 0) > entry.at) place--;
    const added = {
      row: [entry.id, entry.at, peer ?? null, entry.value] as const,
      words: wordSet(entry.text),
    };
    inOrder.splice(place, 0, added);
    entries.byId.set(entry.id, added);
    this.#owners.set(owner, entries);
    undo?.push(() => {
      inOrder.splice(inOrder.indexOf(added), 1);
      entries.byId.delete(entry.id);
      if (inOrder.length === 0) this.#owners.delete(owner);
    });
  }

  #replace(op: WriteOp & { do: "replace" }, undo: Undo[] | undefined): number {
    const entries = this.#owners.get(op.owner);
    const old = entries?.byId.get(op.id);
    if (entries === undefined || old === undefined) return 0;
    const [id, at, peer] = old.row;
    const now: Entry = { row: [id, at, peer, op.value], words: wordSet(op.text) };
    exchange(entries, old, now);
    undo?.push(() => exchange(entries, now, old));
    return 1;
  }

  #remove(owner: string, ids: ReadonlySet<string>, undo: Undo[] | undefined): number {
    const entries = this.#owners.get(owner);
    if (entries === undefined) return 0;
    const before = entries.inOrder;
    const inOrder = before.filter(({ row }) => !ids.has(row[0]));
    if (inOrder.length === before.length) return 0;
    const byId = new Map(inOrder.map((entry) => [entry.row[0], entry]));
    if (inOrder.length === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, { inOrder, byId });
    undo?.push(() => this.#owners.set(owner, entries));
    return before.length - inOrder.length;
  }
}

function exchange(entries: Entries, old: Entry, now: Entry): void {
  entries.inOrder[entries.inOrder.indexOf(old)] = now;
  entries.byId.set(now.row[0], now);
}

function wordSet(text: string | undefined): ReadonlySet<string> | undefined {
  return text === undefined ? undefined : new Set(words(text));
}

function matcher(query: LogQuery): (entry: Entry) => boolean {
  const { from = -Infinity, to = Infinity, with: peer } = query;
  const ids = query.ids && new Set(query.ids);
  const wanted = query.text === undefined ? undefined : queryWords(query.text);
  return ({ row, words: known }) =>
    row[1] >= from &&
    row[1] <= to &&
    (peer === undefined || row[2] === peer) &&
    (ids === undefined || ids.has(row[0])) &&
    (wanted === undefined ||
      (wanted.length > 0 && known !== undefined && wanted.every((word) => known.has(word))));
}
