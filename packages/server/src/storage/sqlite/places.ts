import type { DatabaseSync } from "node:sqlite";
import { ManyRows } from "./many-rows.ts";
import { type Query, query } from "./query.ts";

/** Where an entry is in the log of one owner; logs are in the order of `at`, then `seq`. */
export interface Place {
  /** The number of the log. */
  readonly list: number;
  readonly at: number;
  readonly seq: number;
  readonly id: string;
  readonly peer: string | null;
  /** The number of what it holds, in the table `entry`. */
  readonly body: number;
}

export function comparePlaces(a: Place, b: Place): number {
  return a.at - b.at || a.seq - b.seq;
}

type PlaceRow = readonly [number, number, string | null, number];
type OldRow = readonly [number, number, string | null, number, string];

/**
 * The index of logs: the table `place` has their order, `place_id` finds them by id. Entries come
 * into it many at once, sorted by log, so that a page is written for several of them.
 */
export class Places {
  readonly #at: Query<readonly [number]>;
  readonly #find: Query<PlaceRow>;
  readonly #insert: ManyRows;
  readonly #insertId: ManyRows;
  readonly #delete: Query<never>;
  readonly #deleteId: Query<never>;
  readonly #setBody: Query<never>;
  readonly #first: Query<OldRow>;
  readonly #any: Query<readonly [number]>;

  constructor(db: DatabaseSync) {
    this.#at = query(db, "select 1 from place where list = ? and at = ? and seq = ?");
    this.#find = query(
      db,
      `select p.at, p.seq, p.peer, p.body from place_id i
       join place p on p.list = i.list and p.at = i.at and p.seq = i.seq
       where i.list = ? and i.id = ?`,
    );
    this.#insert = new ManyRows(db, "insert into place", 5);
    // an id that stood twice, which it never should, is not to keep the others out
    this.#insertId = new ManyRows(db, "insert or ignore into place_id", 4);
    this.#delete = query(db, "delete from place where list = ? and at = ? and seq = ?");
    this.#deleteId = query(db, "delete from place_id where list = ? and id = ?");
    this.#setBody = query(db, "update place set body = ? where list = ? and at = ? and seq = ?");
    this.#first = query(
      db,
      `select p.at, p.seq, p.peer, p.body, e.id from place p join entry e on e.body = p.body
       where p.list = ? and p.at < ? order by p.at, p.seq limit ?`,
    );
    this.#any = query(db, "select 1 from place where list = ? limit 1");
  }

  has(list: number, at: number, seq: number): boolean {
    return this.#at.get(list, at, seq) !== undefined;
  }

  find(list: number, id: string): Place | undefined {
    const row = this.#find.get(list, id);
    return row && { list, at: row[0], seq: row[1], peer: row[2], body: row[3], id };
  }

  insert({ list, at, seq, peer, body }: Place): void {
    this.#insert.add(list, at, seq, body, peer);
  }

  insertId({ list, id, at, seq }: Place): void {
    this.#insertId.add(list, id, at, seq);
  }

  /** To be called after inserts, before anything else is asked. */
  flush(): void {
    this.#insert.flush();
    this.#insertId.flush();
  }

  /** Forgets inserts after an error among them. */
  forget(): void {
    this.#insert.forget();
    this.#insertId.forget();
  }

  delete({ list, at, seq, id }: Place): void {
    this.#delete.run(list, at, seq);
    this.#deleteId.run(list, id);
  }

  setBody({ list, at, seq }: Place, body: number): void {
    this.#setBody.run(body, list, at, seq);
  }

  /** The first entries of a log that are older than a time. */
  older(list: number, before: number, limit: number): readonly Place[] {
    return this.#first
      .all(list, before, limit)
      .map(([at, seq, peer, body, id]) => ({ list, at, seq, peer, body, id }));
  }

  isEmpty(list: number): boolean {
    return this.#any.get(list) === undefined;
  }
}
