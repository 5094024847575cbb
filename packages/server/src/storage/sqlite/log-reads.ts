import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { LogQuery } from "../api.ts";
import type { LogRow } from "../driver.ts";
import { noSuchEntry } from "../errors.ts";
import type { Entries } from "./entries.ts";
import type { Pending } from "./pending.ts";
import { comparePlaces, type Place, type Places } from "./places.ts";
import { type Query, query } from "./query.ts";
import { type TextIndex, textMatch } from "./text-index.ts";

/** A log, and how to name it in an error; without a number there was never anything in it. */
interface Log {
  readonly name: string;
  readonly owner: string;
  readonly list: number | undefined;
}

type Rank = readonly [at: number, seq: number];

/** A query with its starting points found. */
interface Filter {
  readonly list: number;
  readonly after: Rank | undefined;
  readonly before: Rank | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly peer: string | undefined;
  /** An expression of the text index. */
  readonly match: string | undefined;
}

type FoundRow = readonly [number, number, string, string | null, number, string];

/** An entry that a query finds; with its value, if that was at hand. */
interface Found extends Place {
  readonly value?: string;
}

/** Queries of logs, in the index and among what waits for it. */
export class LogReads {
  readonly #db: DatabaseSync;
  readonly #entries: Entries;
  readonly #places: Places;
  readonly #pending: Pending;
  /** Statements by their SQL; the parts of a query bound their number. */
  readonly #statements = new Map<string, Query<FoundRow>>();

  constructor(db: DatabaseSync, entries: Entries, places: Places, pending: Pending) {
    this.#db = db;
    this.#entries = entries;
    this.#places = places;
    this.#pending = pending;
  }

  read(log: Log, wanted: LogQuery, text: TextIndex | undefined): readonly LogRow[] {
    const filter = this.#filter(log, wanted);
    if (filter === undefined) return [];
    const { limit = Infinity } = wanted;
    const backward = wanted.direction === "backward";
    const waiting = this.#waiting(filter, wanted.ids, text);
    const indexed = wanted.ids === undefined ? this.#indexed(filter, limit, backward) : [];
    const found: readonly Found[] =
      waiting.length === 0 ? indexed : [...indexed, ...waiting].sort(comparePlaces);
    const start = backward ? Math.max(0, found.length - limit) : 0;
    return found
      .slice(start, start + limit)
      .map(
        ({ id, at, peer, body, value }): LogRow => [
          id,
          at,
          peer,
          value ?? this.#entries.value(body),
        ],
      );
  }

  count(log: Log, wanted: LogQuery, text: TextIndex | undefined): number {
    const filter = this.#filter(log, wanted);
    if (filter === undefined) return 0;
    const waiting = this.#waiting(filter, wanted.ids, text).length;
    if (wanted.ids !== undefined) return waiting;
    const { from, where, values } = conditions(filter);
    const row = this.#statement(`select count(*), 0, '', null, 0, '' ${from} ${where}`).get(
      ...values,
    );
    return waiting + (row?.[0] ?? 0);
  }

  /** @throws StorageNotFound. @returns undefined if nothing can be found. */
  #filter({ name, owner, list }: Log, wanted: LogQuery): Filter | undefined {
    const rank = (id: string): Rank => {
      const place =
        list === undefined
          ? undefined
          : (this.#pending.find(list, id) ?? this.#places.find(list, id));
      if (place === undefined) throw noSuchEntry(name, owner, id);
      return [place.at, place.seq];
    };
    const after = wanted.after === undefined ? undefined : rank(wanted.after);
    const before = wanted.before === undefined ? undefined : rank(wanted.before);
    if (list === undefined) return undefined;
    const match = wanted.text === undefined ? undefined : textMatch(list, wanted.text);
    if (wanted.text !== undefined && match === undefined) return undefined;
    const { from, to, with: peer } = wanted;
    return { list, after, before, from, to, peer, match };
  }

  /** What is not in the index; with `ids`, those of them that fit, wherever they are. */
  #waiting(
    filter: Filter,
    ids: readonly string[] | undefined,
    text: TextIndex | undefined,
  ): readonly Place[] {
    const { list, match } = filter;
    const candidates = ids === undefined ? this.#pending.of(list) : this.#byIds(list, ids);
    if (candidates.length === 0) return candidates;
    const bodies = match === undefined ? undefined : found(text, match, candidates);
    return candidates.filter((place) => fits(place, filter) && (bodies?.has(place.body) ?? true));
  }

  #byIds(list: number, ids: readonly string[]): readonly Place[] {
    return [...new Set(ids)]
      .flatMap((id) => this.#pending.find(list, id) ?? this.#places.find(list, id) ?? [])
      .sort(comparePlaces);
  }

  #indexed(filter: Filter, limit: number, backward: boolean): readonly Found[] {
    const { from, where, values } = conditions(filter);
    const { list } = filter;
    const way = backward ? "desc" : "asc";
    const rows = this.#statement(
      `select p.at, p.seq, e.id, p.peer, p.body, e.value
       ${from} cross join entry e on e.body = p.body ${where}
       order by p.at ${way}, p.seq ${way} limit ?`,
    ).all(...values, limit === Infinity ? -1 : limit);
    if (backward) rows.reverse();
    return rows.map(([at, seq, id, peer, body, value]) => ({
      list,
      at,
      seq,
      id,
      peer,
      body,
      value,
    }));
  }

  #statement(sql: string): Query<FoundRow> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = query(this.#db, sql)));
    return statement;
  }
}

/** Of some entries, those that an expression of the text index finds; others may be among them. */
function found(
  text: TextIndex | undefined,
  match: string,
  places: readonly Place[],
): ReadonlySet<number> {
  const lowest = places.reduce((low, { body }) => Math.min(low, body), Infinity);
  return text?.bodies(match, lowest) ?? new Set();
}

function fits({ at, seq, peer }: Place, filter: Filter): boolean {
  const { after, before, from = -Infinity, to = Infinity } = filter;
  const past = (rank: Rank): number => at - rank[0] || seq - rank[1];
  return (
    (after === undefined || past(after) > 0) &&
    (before === undefined || past(before) < 0) &&
    at >= from &&
    at <= to &&
    (filter.peer === undefined || peer === filter.peer)
  );
}

/** The same in SQL, for what is in the index. */
function conditions({ list, after, before, from, to, peer, match }: Filter): {
  readonly from: string;
  readonly where: string;
  readonly values: SQLInputValue[];
} {
  const parts: string[] = ["p.list = ?"];
  const values: SQLInputValue[] = [list];
  const where = (condition: string, ...bound: SQLInputValue[]): void => {
    parts.push(condition);
    values.push(...bound);
  };
  if (match !== undefined) where("t.log_text match ?", match);
  if (after !== undefined) where("(p.at, p.seq) > (?, ?)", ...after);
  if (before !== undefined) where("(p.at, p.seq) < (?, ?)", ...before);
  if (from !== undefined) where("p.at >= ?", from);
  if (to !== undefined) where("p.at <= ?", to);
  if (peer !== undefined) where("p.peer = ?", peer);
  const texts =
    "log_text t cross join place p on p.at = t.at and p.seq = t.seq and p.body = t.rowid";
  return {
    from: `from ${match === undefined ? "place p" : texts}`,
    where: `where ${parts.join(" and ")}`,
    values,
  };
}
