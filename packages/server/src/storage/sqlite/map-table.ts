import type { DatabaseSync } from "node:sqlite";
import type { MapRange, WriteOp } from "../api.ts";
import type { MapRow, OwnersPage, Position, StagedRow } from "../driver.ts";
import { versionConflict } from "../errors.ts";
import { compareUtf8, endOfPrefix } from "../order.ts";
import { type Query, query } from "./query.ts";

/** How many values a migration takes at once. */
const PAGE = 200;

type Version = readonly [number];
type Range = Query<MapRow>;

/** All map stores: the table `map`. */
export class MapTable {
  readonly #get: Query<MapRow>;
  readonly #put: Query<Version>;
  readonly #putNew: Query<Version>;
  readonly #putOver: Query<Version>;
  readonly #delete: Query<Version>;
  readonly #deleteIf: Query<Version>;
  readonly #highest: Query<readonly [number | null]>;
  readonly #clear: Query<never>;
  readonly #from: Range;
  readonly #fromTo: Range;
  readonly #after: Range;
  readonly #afterTo: Range;
  readonly #firstOwner: Query<readonly [string]>;
  readonly #nextOwner: Query<readonly [string]>;
  readonly #unmigrated: Query<readonly [string, string, string]>;
  readonly #unmigratedAfter: Query<readonly [string, string, string]>;
  readonly #stage: Query<never>;
  readonly #adopt: Query<never>;
  readonly #forget: Query<never>;
  /** The highest version of anything deleted: what comes after gets a higher one. */
  #floor = 0;

  constructor(db: DatabaseSync) {
    const owned = "store = ? and owner = ?";
    const range = (where: string): Range =>
      query(
        db,
        `select key, value, version from map where ${owned} and ${where} order by key limit ?`,
      );
    const insert =
      "insert into map (store, owner, key, value, version) values (?1, ?2, ?3, ?4, ?5)";
    this.#get = query(db, `select key, value, version from map where ${owned} and key = ?`);
    this.#put = query(
      db,
      `${insert} on conflict do update set value = ?4, version = version + 1 returning version`,
    );
    this.#putNew = query(db, `${insert} on conflict do nothing returning version`);
    this.#putOver = query(
      db,
      `update map set value = ?4, version = version + 1
       where store = ?1 and owner = ?2 and key = ?3 and version = ?5 returning version`,
    );
    const drop = `delete from map where ${owned} and key = ?`;
    this.#delete = query(db, `${drop} returning version`);
    this.#deleteIf = query(db, `${drop} and version = ? returning version`);
    this.#highest = query(db, `select max(version) from map where ${owned}`);
    this.#clear = query(db, `delete from map where ${owned}`);
    this.#from = range("key >= ?");
    this.#fromTo = range("key >= ? and key < ?");
    this.#after = range("key > ?");
    this.#afterTo = range("key > ? and key < ?");
    const nextOwner = (where: string): Query<readonly [string]> =>
      query(db, `select owner from map where store = ? ${where} order by owner limit 1`);
    this.#firstOwner = nextOwner("");
    this.#nextOwner = nextOwner("and owner > ?");
    const unmigrated = (where: string): Query<readonly [string, string, string]> =>
      query(
        db,
        `select owner, key, value from map where store = ? ${where}
         order by owner, key limit ${PAGE}`,
      );
    this.#unmigrated = unmigrated("");
    this.#unmigratedAfter = unmigrated("and (owner, key) > (?, ?)");
    this.#stage = query(db, "insert or replace into map_staged values (?, ?, ?, ?)");
    this.#adopt = query(
      db,
      `update map set value = s.value from map_staged s
       where s.store = ? and map.store = s.store and map.owner = s.owner and map.key = s.key`,
    );
    this.#forget = query(db, "delete from map_staged where store = ?");
  }

  get(store: number, owner: string, key: string): MapRow | undefined {
    return this.#get.get(store, owner, key);
  }

  range(store: number, owner: string, { prefix = "", after, limit = -1 }: MapRange): MapRow[] {
    const end = endOfPrefix(prefix);
    if (after === undefined || compareUtf8(after, prefix) < 0) {
      return end === undefined
        ? this.#from.all(store, owner, prefix, limit)
        : this.#fromTo.all(store, owner, prefix, end, limit);
    }
    return end === undefined
      ? this.#after.all(store, owner, after, limit)
      : this.#afterTo.all(store, owner, after, end, limit);
  }

  owners(store: number, { after, limit = Infinity }: OwnersPage): string[] {
    const owners: string[] = [];
    let next =
      after === undefined ? this.#firstOwner.get(store) : this.#nextOwner.get(store, after);
    while (next !== undefined && owners.length < limit) {
      owners.push(next[0]);
      next = this.#nextOwner.get(store, next[0]);
    }
    return owners;
  }

  put(store: number, name: string, op: WriteOp & { do: "put" }): number {
    const { owner, key, value, ifVersion } = op;
    const version =
      ifVersion === undefined
        ? this.#put.get(store, owner, key, value, this.#floor + 1)
        : ifVersion === 0
          ? this.#putNew.get(store, owner, key, value, this.#floor + 1)
          : this.#putOver.get(store, owner, key, value, ifVersion);
    if (version === undefined) throw versionConflict("put", name, op);
    return version[0];
  }

  delete(store: number, name: string, op: WriteOp & { do: "delete" }): number {
    const { owner, key, ifVersion } = op;
    const version =
      ifVersion === undefined
        ? this.#delete.get(store, owner, key)
        : this.#deleteIf.get(store, owner, key, ifVersion);
    if (version !== undefined) {
      this.#raiseFloor(version[0]);
      return 1;
    }
    const holds = ifVersion === undefined || (ifVersion === 0 && !this.#get.get(store, owner, key));
    if (!holds) throw versionConflict("delete", name, op);
    return 0;
  }

  clear(store: number, owner: string): number {
    this.#raiseFloor(this.#highest.get(store, owner)?.[0] ?? 0);
    return Number(this.#clear.run(store, owner).changes);
  }

  unmigrated(store: number, after: Position | undefined): readonly StagedRow[] {
    const rows =
      after === undefined
        ? this.#unmigrated.all(store)
        : this.#unmigratedAfter.all(store, after[0] ?? "", after[1] ?? "");
    return rows.map(([owner, key, value]): StagedRow => [[owner, key], value]);
  }

  stage(store: number, [[owner = "", key = ""], value]: StagedRow): void {
    this.#stage.run(store, owner, key, value);
  }

  adopt(store: number): void {
    this.#adopt.run(store);
    this.#forget.run(store);
  }

  forgetStaged(store: number): void {
    this.#forget.run(store);
  }

  #raiseFloor(version: number): void {
    if (version > this.#floor) this.#floor = version;
  }
}
