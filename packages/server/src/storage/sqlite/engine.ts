import type { DatabaseSync } from "node:sqlite";
import { type LogQuery, type MapRange, StorageUnavailable, type WriteOp } from "../api.ts";
import type {
  Engine,
  LogRow,
  MapRow,
  OpenedStore,
  OwnersPage,
  Position,
  StagedRow,
  StoreDescription,
} from "../driver.ts";
import { newerStore, otherShape, wrongOp } from "../errors.ts";
import { LogTable } from "./log-table.ts";
import type { LogTidying, TidyingOptions } from "./log-tidying.ts";
import { MapTable } from "./map-table.ts";
import type { Pending } from "./pending.ts";
import { type Query, query } from "./query.ts";

interface Recorded {
  readonly id: number;
  readonly name: string;
  readonly shape: "map" | "log";
  readonly version: number;
}

type RecordedRow = readonly [number, string, "map" | "log", number];

/** All stores in one database. Transactions are the caller's. */
export class SqliteEngine implements Engine {
  readonly #maps: MapTable;
  readonly #logs: LogTable;
  readonly #select: Query<RecordedRow>;
  readonly #insert: Query<RecordedRow>;
  readonly #setVersion: Query<never>;
  readonly #recorded = new Map<number, Recorded>();

  constructor(db: DatabaseSync, tidying: TidyingOptions) {
    this.#maps = new MapTable(db);
    this.#logs = new LogTable(db, tidying);
    this.#select = query(db, "select id, name, shape, version from store");
    this.#insert = query(
      db,
      "insert into store (name, shape, version) values (?, ?, ?) returning id, name, shape, version",
    );
    this.#setVersion = query(db, "update store set version = ? where id = ?");
    this.forget();
  }

  /** What is remembered beside the database, to be taken back or settled with its transactions. */
  get pending(): Pending {
    return this.#logs.pending;
  }

  /** Work to be done between transactions, a little at a time. */
  get tidying(): LogTidying {
    return this.#logs.tidying;
  }

  /** Writes what is kept back; to be called before anything is read, marked or committed. */
  flush(): void {
    this.#logs.flush();
  }

  /** To be called after a rollback of writes: owners they brought may not be there any more. */
  forgetWrites(): void {
    this.#logs.forgetWrites();
  }

  /** To be called after a rollback of anything else: reads again what was remembered. */
  forget(): void {
    this.#recorded.clear();
    for (const row of this.#select.all()) this.#remember(row);
    this.#logs.forget();
  }

  open(store: StoreDescription): OpenedStore {
    const { name, shape, version } = store;
    const found = [...this.#recorded.values()].find((recorded) => recorded.name === name);
    if (found !== undefined) {
      if (found.shape !== shape) throw otherShape(store, found.shape);
      if (found.version > version) throw newerStore(store, found.version);
    }
    if (store.search) this.#logs.needSearch();
    if (found === undefined) return this.#remember(this.#insert.get(name, shape, version));
    this.#tableOf(found).forgetStaged(found.id);
    // A migration goes by the index.
    if (found.version < version && shape === "log") this.tidying.indexAll();
    return { id: found.id, version: found.version };
  }

  apply(store: number, op: WriteOp): number {
    const { name, shape } = this.#store(store);
    if (shape === "map") {
      if (op.do === "put") return this.#maps.put(store, name, op);
      if (op.do === "delete") return this.#maps.delete(store, name, op);
      if (op.do === "clear") return this.#maps.clear(store, op.owner);
    } else {
      if (op.do === "append") return this.#logs.append(store, name, op);
      this.#logs.flush();
      if (op.do === "replace") return this.#logs.replace(store, op);
      if (op.do === "remove") return this.#logs.remove(store, op);
      if (op.do === "expire") return this.#logs.expire(store, op);
      if (op.do === "clear") return this.#logs.clear(store, op.owner);
    }
    throw wrongOp(name, shape, op.do);
  }

  clearEverywhere(owner: string): void {
    for (const store of this.#recorded.values()) this.#tableOf(store).clear(store.id, owner);
  }

  get(store: number, owner: string, key: string): MapRow | undefined {
    return this.#maps.get(store, owner, key);
  }

  range(store: number, owner: string, range: MapRange): readonly MapRow[] {
    return this.#maps.range(store, owner, range);
  }

  find(store: number, owner: string, id: string): LogRow | undefined {
    return this.#logs.find(store, owner, id);
  }

  read(store: number, owner: string, wanted: LogQuery): readonly LogRow[] {
    return this.#logs.read(store, this.#store(store).name, owner, wanted);
  }

  count(store: number, owner: string, wanted: LogQuery): number {
    return this.#logs.count(store, this.#store(store).name, owner, wanted);
  }

  owners(store: number, page: OwnersPage): readonly string[] {
    return this.#tableOf(this.#store(store)).owners(store, page);
  }

  unmigrated(store: number, after: Position | undefined): readonly StagedRow[] {
    return this.#tableOf(this.#store(store)).unmigrated(store, after);
  }

  stage(store: number, rows: readonly StagedRow[]): void {
    const table = this.#tableOf(this.#store(store));
    for (const row of rows) table.stage(store, row);
  }

  adopt(store: number, version: number): void {
    const recorded = this.#store(store);
    this.#tableOf(recorded).adopt(store);
    this.#setVersion.run(version, store);
    this.#recorded.set(store, { ...recorded, version });
  }

  #store(store: number): Recorded {
    const recorded = this.#recorded.get(store);
    if (recorded === undefined) throw new StorageUnavailable(`there is no store number ${store}`);
    return recorded;
  }

  #tableOf(store: Recorded): MapTable | LogTable {
    return store.shape === "map" ? this.#maps : this.#logs;
  }

  #remember(row: RecordedRow | undefined): Recorded {
    if (row === undefined) throw new Error("SQLite gave no row for a new store");
    const [id, name, shape, version] = row;
    const recorded = { id, name, shape, version };
    this.#recorded.set(id, recorded);
    return recorded;
  }
}
