import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { LogQuery, WriteOp } from "../api.ts";
import type { LogRow, OwnersPage, Position, StagedRow } from "../driver.ts";
import { idTaken, noSuchEntry } from "../errors.ts";
import { Lists } from "./lists.ts";
import { type Query, query } from "./query.ts";
import { TextIndex, textMatch } from "./text-index.ts";

/** How many values a migration takes at once. */
const PAGE = 200;

type Place = readonly [at: number, seq: number, doc: number | null];
type PlacedRow = readonly [...LogRow, at: number, seq: number];

/** All log stores: the tables `log`, `list` and `log_text`. */
export class LogTable {
  readonly #db: DatabaseSync;
  readonly #lists: Lists;
  #index: TextIndex | undefined;
  readonly #append: Query<never>;
  readonly #nextSeq: Query<readonly [number]>;
  readonly #place: Query<Place>;
  readonly #find: Query<LogRow>;
  readonly #replace: Query<never>;
  readonly #remove: Query<never>;
  readonly #older: Query<Place>;
  readonly #removeUpTo: Query<never>;
  readonly #clear: Query<never>;
  readonly #unmigrated: Query<readonly [number, number, number, string]>;
  readonly #stage: Query<never>;
  readonly #adopt: Query<never>;
  readonly #forget: Query<never>;
  /** Statements of `read` and `count` by their SQL; the parts of a query bound their number. */
  readonly #selects = new Map<string, Query<PlacedRow>>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#lists = new Lists(db);
    this.#index = TextIndex.open(db, false);
    const nextSeq = "ifnull((select max(seq) from log where list = ?1 and at = ?2) + 1, 0)";
    this.#append = query(
      db,
      `insert into log (list, at, seq, id, peer, doc, value)
       values (?1, ?2, ${nextSeq}, ?3, ?4, ?5, ?6) on conflict (list, id) do nothing`,
    );
    this.#nextSeq = query(db, `select ${nextSeq}`);
    this.#place = query(db, "select at, seq, doc from log where list = ? and id = ?");
    this.#find = query(db, "select id, at, peer, value from log where list = ? and id = ?");
    this.#replace = query(db, "update log set value = ?, doc = ? where list = ? and id = ?");
    this.#remove = query(db, "delete from log where list = ? and at = ? and seq = ?");
    this.#older = query(
      db,
      "select at, seq, doc from log where list = ? and at < ? order by at, seq limit ?",
    );
    this.#removeUpTo = query(db, "delete from log where list = ? and (at, seq) <= (?, ?)");
    this.#clear = query(db, "delete from log where list = ?");
    this.#unmigrated = query(
      db,
      `select log.list, log.at, log.seq, log.value from list join log on log.list = list.id
       where list.store = ? and (log.list, log.at, log.seq) > (?, ?, ?)
       order by log.list, log.at, log.seq limit ${PAGE}`,
    );
    this.#stage = query(db, "insert or replace into log_staged values (?, ?, ?, ?, ?)");
    this.#adopt = query(
      db,
      `update log set value = s.value from log_staged s
       where s.store = ? and log.list = s.list and log.at = s.at and log.seq = s.seq`,
    );
    this.#forget = query(db, "delete from log_staged where store = ?");
  }

  /** Makes the text index if there is none. */
  needSearch(): void {
    this.#index ??= TextIndex.open(this.#db, true);
  }

  forgetOwners(): void {
    this.#lists.forgetAll();
  }

  forget(): void {
    this.#lists.forgetAll();
    this.#index = TextIndex.open(this.#db, false);
  }

  append(store: number, name: string, op: WriteOp & { do: "append" }): number {
    const { id, at, with: peer, value, text } = op.entry;
    const list = this.#lists.findOrAdd(store, op.owner);
    let doc: number | null = null;
    if (text !== undefined && this.#index !== undefined) {
      if (this.#place.get(list, id) !== undefined) throw idTaken(name, op.owner, id);
      const seq = this.#nextSeq.get(list, at)?.[0] ?? 0;
      doc = this.#index.insert(list, at, seq, text);
    }
    const { changes } = this.#append.run(list, at, id, peer ?? null, doc, value);
    if (Number(changes) === 0) throw idTaken(name, op.owner, id);
    return 1;
  }

  replace(store: number, op: WriteOp & { do: "replace" }): number {
    const list = this.#lists.find(store, op.owner);
    const place = list === undefined ? undefined : this.#place.get(list, op.id);
    if (list === undefined || place === undefined) return 0;
    const [at, seq, doc] = place;
    if (doc !== null) this.#index?.delete(doc);
    const now = op.text === undefined ? undefined : this.#index?.insert(list, at, seq, op.text);
    this.#replace.run(op.value, now ?? null, list, op.id);
    return 1;
  }

  remove(store: number, op: WriteOp & { do: "remove" }): number {
    const list = this.#lists.find(store, op.owner);
    if (list === undefined) return 0;
    let removed = 0;
    for (const id of op.ids) {
      const place = this.#place.get(list, id);
      if (place === undefined) continue;
      const [at, seq, doc] = place;
      if (doc !== null) this.#index?.delete(doc);
      this.#remove.run(list, at, seq);
      removed++;
    }
    return removed;
  }

  expire(store: number, op: WriteOp & { do: "expire" }): number {
    const list = this.#lists.find(store, op.owner);
    if (list === undefined) return 0;
    const old = this.#older.all(list, op.before, op.limit);
    const last = old.at(-1);
    if (last !== undefined) {
      for (const [, , doc] of old) if (doc !== null) this.#index?.delete(doc);
      this.#removeUpTo.run(list, last[0], last[1]);
    }
    if (old.length < op.limit) this.#lists.dropIfEmpty(store, op.owner, list);
    return old.length;
  }

  clear(store: number, owner: string): number {
    const list = this.#lists.find(store, owner);
    if (list === undefined) return 0;
    this.#index?.deleteOfList(list);
    const { changes } = this.#clear.run(list);
    this.#lists.drop(store, owner, list);
    return Number(changes);
  }

  find(store: number, owner: string, id: string): LogRow | undefined {
    const list = this.#lists.find(store, owner);
    return list === undefined ? undefined : this.#find.get(list, id);
  }

  owners(store: number, page: OwnersPage): readonly string[] {
    return this.#lists.owners(store, page);
  }

  read(store: number, name: string, owner: string, wanted: LogQuery): LogRow[] {
    const list = this.#lists.find(store, owner);
    const parts = this.#parts(list, name, owner, wanted);
    if (parts === undefined) return [];
    const { limit = -1, ids } = wanted;
    const backward = wanted.direction === "backward";
    const way = backward ? "desc" : "asc";
    const sql =
      `select log.id, log.at, log.peer, log.value, log.at, log.seq ${parts.sql} ` +
      `order by log.at ${way}, log.seq ${way} limit ?`;
    const select = this.#select(sql);
    if (ids === undefined) {
      const rows = select.all(...parts.values, limit);
      if (backward) rows.reverse();
      return rows.map(unplaced);
    }
    const rows = [...new Set(ids)].flatMap((id) => select.all(...parts.values, id, 1));
    rows.sort((a, b) => a[4] - b[4] || a[5] - b[5]);
    const start = backward && limit >= 0 ? Math.max(0, rows.length - limit) : 0;
    const end = backward || limit < 0 ? rows.length : limit;
    return rows.slice(start, end).map(unplaced);
  }

  count(store: number, name: string, owner: string, wanted: LogQuery): number {
    const list = this.#lists.find(store, owner);
    const parts = this.#parts(list, name, owner, wanted);
    if (parts === undefined) return 0;
    const select = this.#select(`select '', count(*), null, '', 0, 0 ${parts.sql}`);
    const counted = (values: SQLInputValue[]): number => select.get(...values)?.[1] ?? 0;
    if (wanted.ids === undefined) return counted(parts.values);
    return [...new Set(wanted.ids)].reduce((sum, id) => sum + counted([...parts.values, id]), 0);
  }

  unmigrated(store: number, after: Position | undefined): readonly StagedRow[] {
    const [list = -1, at = 0, seq = 0] = after ?? [];
    return this.#unmigrated
      .all(store, list, at, seq)
      .map(([rowList, rowAt, rowSeq, value]): StagedRow => [[rowList, rowAt, rowSeq], value]);
  }

  stage(store: number, [[list = 0, at = 0, seq = 0], value]: StagedRow): void {
    this.#stage.run(store, list, at, seq, value);
  }

  adopt(store: number): void {
    this.#adopt.run(store);
    this.#forget.run(store);
  }

  forgetStaged(store: number): void {
    this.#forget.run(store);
  }

  /** Everything of a query but its order and limit, or undefined if it finds nothing. */
  #parts(
    list: number | undefined,
    name: string,
    owner: string,
    wanted: LogQuery,
  ): { readonly sql: string; readonly values: SQLInputValue[] } | undefined {
    const place = (id: string): readonly [number, number] => {
      const found = list === undefined ? undefined : this.#place.get(list, id);
      if (found === undefined) throw noSuchEntry(name, owner, id);
      return [found[0], found[1]];
    };
    const after = wanted.after === undefined ? undefined : place(wanted.after);
    const before = wanted.before === undefined ? undefined : place(wanted.before);
    if (list === undefined) return undefined;

    let from = "from log";
    const conditions: string[] = ["log.list = ?"];
    const values: SQLInputValue[] = [list];
    const where = (condition: string, ...bound: SQLInputValue[]): void => {
      conditions.push(condition);
      values.push(...bound);
    };
    if (wanted.text !== undefined) {
      const match = textMatch(list, wanted.text);
      if (match === undefined) return undefined;
      from = "from log_text as t cross join log on log.at = t.at and log.seq = t.seq";
      where("t.log_text match ?", match);
    }
    if (after !== undefined) where("(log.at, log.seq) > (?, ?)", ...after);
    if (before !== undefined) where("(log.at, log.seq) < (?, ?)", ...before);
    if (wanted.from !== undefined) where("log.at >= ?", wanted.from);
    if (wanted.to !== undefined) where("log.at <= ?", wanted.to);
    if (wanted.with !== undefined) where("log.peer = ?", wanted.with);
    if (wanted.ids !== undefined) conditions.push("log.id = ?");
    return { sql: `${from} where ${conditions.join(" and ")}`, values };
  }

  #select(sql: string): Query<PlacedRow> {
    let select = this.#selects.get(sql);
    if (select === undefined) this.#selects.set(sql, (select = query(this.#db, sql)));
    return select;
  }
}

function unplaced([id, at, peer, value]: PlacedRow): LogRow {
  return [id, at, peer, value];
}
