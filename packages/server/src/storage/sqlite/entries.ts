import type { DatabaseSync } from "node:sqlite";
import { ManyRows } from "./many-rows.ts";
import { type Query, query } from "./query.ts";

/** A log that an entry is in, and the JID it concerns there. */
export type OwnerOfEntry = readonly [list: number, peer: string | null];

/** An entry that is not in the index yet, or was not when it was written. */
export interface TailEntry {
  readonly body: number;
  readonly seq: number;
  readonly at: number;
  readonly id: string;
  readonly owners: readonly OwnerOfEntry[];
}

export interface NewEntry {
  readonly body: number;
  /** Its rank among entries of the same time; the number of its first body. */
  readonly seq: number;
  readonly at: number;
  readonly id: string;
  readonly owners: readonly OwnerOfEntry[];
  /** True if the text index has it. */
  readonly found: boolean;
  readonly value: string;
}

type TailRow = readonly [number, number | null, number, string, string];

/**
 * What entries hold, once each however many logs they are in, in the order of their arrival: the
 * table `entry`. A commit of new entries writes its last pages only.
 */
export class Entries {
  readonly #insert: ManyRows;
  readonly #owners: Query<readonly [string, number]>;
  readonly #setOwners: Query<never>;
  readonly #setValue: Query<never>;
  readonly #delete: Query<never>;
  readonly #value: Query<readonly [string]>;
  readonly #tail: Query<TailRow>;
  readonly #last: Query<readonly [number | null]>;

  constructor(db: DatabaseSync) {
    this.#insert = new ManyRows(db, "insert into entry", 7);
    this.#owners = query(db, "select owners, found from entry where body = ?");
    this.#setOwners = query(db, "update entry set owners = ? where body = ?");
    this.#setValue = query(db, "update entry set value = ?, found = ? where body = ?");
    this.#delete = query(db, "delete from entry where body = ?");
    this.#value = query(db, "select value from entry where body = ?");
    this.#tail = query(
      db,
      "select body, seq, at, id, owners from entry where body > ? order by body limit ?",
    );
    this.#last = query(db, "select max(body) from entry");
  }

  /** Inserts an entry at the latest with `flush`. */
  insert({ body, seq, at, id, owners, found, value }: NewEntry): void {
    const rank = seq === body ? null : seq;
    this.#insert.add(body, rank, at, id, ownersText(owners), found ? 1 : 0, value);
  }

  /** To be called after inserts, before anything else is asked. */
  flush(): void {
    this.#insert.flush();
  }

  /** Forgets inserts after a rollback. */
  forget(): void {
    this.#insert.forget();
  }

  value(body: number): string {
    const row = this.#value.get(body);
    if (row === undefined) throw new Error(`the index names the entry ${body}, which is not there`);
    return row[0];
  }

  /** The logs that an entry is in, and whether the text index has it. */
  owners(body: number): { readonly owners: readonly OwnerOfEntry[]; readonly found: boolean } {
    const row = this.#owners.get(body);
    return row === undefined
      ? { owners: [], found: false }
      : { owners: ownersOf(row[0]), found: row[1] !== 0 };
  }

  setOwners(body: number, owners: readonly OwnerOfEntry[]): void {
    this.#setOwners.run(ownersText(owners), body);
  }

  setValue(body: number, value: string, found: boolean): void {
    this.#setValue.run(value, found ? 1 : 0, body);
  }

  delete(body: number): void {
    this.#delete.run(body);
  }

  /** The next entries after one, in the order of their arrival. */
  tail(after: number, limit: number): readonly TailEntry[] {
    return this.#tail.all(after, limit).map(([body, seq, at, id, owners]) => ({
      body,
      seq: seq ?? body,
      at,
      id,
      owners: ownersOf(owners),
    }));
  }

  /** The highest number in use, or 0. */
  last(): number {
    return this.#last.get()?.[0] ?? 0;
  }
}

/** JSON, made by hand for the usual one or two. */
function ownersText(owners: readonly OwnerOfEntry[]): string {
  let text = "";
  for (const [list, peer] of owners) {
    const quoted = peer !== null && PLAIN.test(peer) ? `"${peer}"` : JSON.stringify(peer);
    text += `${text === "" ? "[" : ","}[${list},${quoted}]`;
  }
  return `${text}]`;
}

/** What stands in JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function ownersOf(text: string): readonly OwnerOfEntry[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by ownersText
  return JSON.parse(text) as readonly OwnerOfEntry[];
}
