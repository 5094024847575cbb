import type { DatabaseSync } from "node:sqlite";
import type { OwnersPage } from "../driver.ts";
import { type Query, query } from "./query.ts";

/** Numbers remembered; an owner who is not among them costs one look-up. */
const REMEMBERED = 50_000;

/** The small numbers of logs: the table `list`. */
export class Lists {
  readonly #find: Query<readonly [number]>;
  readonly #add: Query<readonly [number]>;
  readonly #drop: Query<never>;
  readonly #dropEmpty: Query<never>;
  readonly #first: Query<readonly [string]>;
  readonly #after: Query<readonly [string]>;
  readonly #remembered = new Map<number, Map<string, number>>();
  #count = 0;

  constructor(db: DatabaseSync) {
    const hasEntries = "exists (select 1 from log where log.list = list.id)";
    this.#find = query(db, "select id from list where store = ? and owner = ?");
    this.#add = query(db, "insert into list (store, owner) values (?, ?) returning id");
    this.#drop = query(db, "delete from list where id = ?");
    this.#dropEmpty = query(db, `delete from list where id = ? and not ${hasEntries}`);
    const owners = (where: string): Query<readonly [string]> =>
      query(
        db,
        `select owner from list where store = ? ${where} and ${hasEntries} order by owner limit ?`,
      );
    this.#first = owners("");
    this.#after = owners("and owner > ?");
  }

  /** The number of a log, or undefined if nothing was ever in it. */
  find(store: number, owner: string): number | undefined {
    const remembered = this.#remembered.get(store)?.get(owner);
    if (remembered !== undefined) return remembered;
    const found = this.#find.get(store, owner)?.[0];
    if (found !== undefined) this.#remember(store, owner, found);
    return found;
  }

  /** The number of a log, made if it has none. */
  findOrAdd(store: number, owner: string): number {
    const found = this.find(store, owner);
    if (found !== undefined) return found;
    const added = this.#add.get(store, owner)?.[0];
    if (added === undefined) throw new Error("SQLite gave no id for a new row of the table list");
    this.#remember(store, owner, added);
    return added;
  }

  drop(store: number, owner: string, list: number): void {
    this.#drop.run(list);
    this.#forget(store, owner);
  }

  dropIfEmpty(store: number, owner: string, list: number): void {
    if (Number(this.#dropEmpty.run(list).changes) > 0) this.#forget(store, owner);
  }

  owners(store: number, { after, limit = -1 }: OwnersPage): string[] {
    const rows =
      after === undefined ? this.#first.all(store, limit) : this.#after.all(store, after, limit);
    return rows.map(([owner]) => owner);
  }

  /** To be called after each rollback: what was added may not be there any more. */
  forgetAll(): void {
    this.#remembered.clear();
    this.#count = 0;
  }

  #remember(store: number, owner: string, list: number): void {
    if (this.#count >= REMEMBERED) this.forgetAll();
    let owners = this.#remembered.get(store);
    if (owners === undefined) this.#remembered.set(store, (owners = new Map()));
    owners.set(owner, list);
    this.#count++;
  }

  #forget(store: number, owner: string): void {
    if (this.#remembered.get(store)?.delete(owner)) this.#count--;
  }
}
