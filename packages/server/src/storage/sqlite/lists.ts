import type { DatabaseSync } from "node:sqlite";
import type { OwnersPage } from "../driver.ts";
import { type Query, query } from "./query.ts";

/** Numbers remembered; an owner who is not among them costs one look-up. */
const REMEMBERED = 50_000;
/** Rows that `owners` looks at in one go. */
const PAGE = 500;

type OwnerRow = readonly [owner: string, list: number, indexed: number];

/**
 * The small numbers of logs: the table `list`. The number of a log that was cleared goes to
 * `dropped` until nothing is left of it, and is never given again.
 */
export class Lists {
  readonly #find: Query<readonly [number]>;
  readonly #add: Query<never>;
  readonly #delete: Query<never>;
  readonly #addDropped: Query<never>;
  readonly #deleteDropped: Query<never>;
  readonly #nextDropped: Query<readonly [number]>;
  readonly #first: Query<OwnerRow>;
  readonly #after: Query<OwnerRow>;
  readonly #remembered = new Map<number, Map<string, number>>();
  #last: { readonly store: number; readonly owners: Map<string, number> } | undefined;
  #count = 0;
  #next: number;

  constructor(db: DatabaseSync) {
    this.#find = query(db, "select id from list where store = ? and owner = ?");
    this.#add = query(db, "insert into list (id, store, owner) values (?, ?, ?)");
    this.#delete = query(db, "delete from list where id = ?");
    this.#addDropped = query(db, "insert into dropped values (?)");
    this.#deleteDropped = query(db, "delete from dropped where list = ?");
    this.#nextDropped = query(db, "select list from dropped order by list limit 1");
    const owners = (where: string): Query<OwnerRow> =>
      query(
        db,
        `select owner, id, exists (select 1 from place p where p.list = list.id) from list
         where store = ? ${where} order by owner limit ${PAGE}`,
      );
    this.#first = owners("");
    this.#after = owners("and owner > ?");
    const highest =
      "select max(ifnull((select max(id) from list), 0), ifnull((select max(list) from dropped), 0))";
    this.#next = (query<readonly [number]>(db, highest).get()?.[0] ?? 0) + 1;
  }

  /** The number of a log, or undefined if nothing was ever in it. */
  find(store: number, owner: string): number | undefined {
    const remembered = this.#of(store).get(owner);
    if (remembered !== undefined) return remembered;
    const found = this.#find.get(store, owner)?.[0];
    if (found !== undefined) this.#remember(store, owner, found);
    return found;
  }

  /** A number for a log that has none. */
  add(store: number, owner: string): number {
    const list = this.#next++;
    this.#add.run(list, store, owner);
    this.#remember(store, owner, list);
    return list;
  }

  /** Lets go of the number of a log. @param remains whether anything of it has to be removed. */
  drop(store: number, owner: string, list: number, remains: boolean): void {
    this.#delete.run(list);
    if (remains) this.#addDropped.run(list);
    this.#of(store).delete(owner);
  }

  /** A log that was dropped and of which something is left. */
  nextDropped(): number | undefined {
    return this.#nextDropped.get()?.[0];
  }

  /** Nothing is left of it. */
  forgetDropped(list: number): void {
    this.#deleteDropped.run(list);
  }

  /** @param waits whether a log has entries that are not in the index. */
  owners(
    store: number,
    { after, limit = Infinity }: OwnersPage,
    waits: (list: number) => boolean,
  ): string[] {
    const owners: string[] = [];
    let last = after;
    for (;;) {
      const rows = last === undefined ? this.#first.all(store) : this.#after.all(store, last);
      for (const [owner, list, indexed] of rows) {
        if (owners.length >= limit) return owners;
        if (indexed !== 0 || waits(list)) owners.push(owner);
      }
      if (rows.length < PAGE) return owners;
      last = rows.at(-1)?.[0];
    }
  }

  /** To be called after each rollback: what was added may not be there any more. */
  forgetAll(): void {
    this.#remembered.clear();
    this.#last = undefined;
    this.#count = 0;
  }

  #remember(store: number, owner: string, list: number): void {
    if (this.#count >= REMEMBERED) this.forgetAll();
    this.#of(store).set(owner, list);
    this.#count++;
  }

  /** What is remembered of a store; most ask for the same as the one before. */
  #of(store: number): Map<string, number> {
    if (this.#last?.store === store) return this.#last.owners;
    let owners = this.#remembered.get(store);
    if (owners === undefined) this.#remembered.set(store, (owners = new Map()));
    this.#last = { store, owners };
    return owners;
  }
}
