import type { LogQuery, MapRange, WriteOp } from "../api.ts";
import { StorageUnavailable } from "../api.ts";
import type {
  Engine,
  LogRow,
  MapRow,
  NumberedWrite,
  OpenedStore,
  OwnersPage,
  Position,
  StagedRow,
  StoreDescription,
} from "../driver.ts";
import { newerStore, otherShape } from "../errors.ts";
import { MemoryLog } from "./log.ts";
import { MemoryMap } from "./map.ts";

interface Recorded {
  readonly name: string;
  version: number;
  readonly table: MemoryMap | MemoryLog;
}

/** How to take back a step of a batch. */
export type Undo = () => void;

/** All stores in maps and arrays. */
export class MemoryEngine implements Engine {
  /** The number of a store is its place here. */
  readonly #stores: Recorded[] = [];

  open(store: StoreDescription): OpenedStore {
    const { name, shape, version } = store;
    const known = this.#stores.findIndex((recorded) => recorded.name === name);
    const found = this.#stores[known];
    if (found === undefined) {
      const table = shape === "map" ? new MemoryMap(name) : new MemoryLog(name);
      this.#stores.push({ name, version, table });
      return { id: this.#stores.length - 1, version };
    }
    const was = found.table instanceof MemoryMap ? "map" : "log";
    if (was !== shape) throw otherShape(store, was);
    if (found.version > version) throw newerStore(store, found.version);
    found.table.staged.clear();
    return { id: known, version: found.version };
  }

  apply(store: number, op: WriteOp): number {
    return this.#table(store).apply(op, undefined);
  }

  /** All of these writes or none. */
  together(writes: readonly NumberedWrite[]): void {
    const undo: Undo[] = [];
    try {
      for (const { store, op } of writes) this.#table(store).apply(op, undo);
    } catch (error) {
      for (const step of undo.toReversed()) step();
      throw error;
    }
  }

  clearEverywhere(owner: string): void {
    for (const { table } of this.#stores) table.apply({ do: "clear", owner }, undefined);
  }

  get(store: number, owner: string, key: string): MapRow | undefined {
    return this.#map(store).get(owner, key);
  }

  range(store: number, owner: string, range: MapRange): readonly MapRow[] {
    return this.#map(store).range(owner, range);
  }

  find(store: number, owner: string, id: string): LogRow | undefined {
    return this.#log(store).find(owner, id);
  }

  read(store: number, owner: string, query: LogQuery): readonly LogRow[] {
    return this.#log(store).read(owner, query);
  }

  count(store: number, owner: string, query: LogQuery): number {
    return this.#log(store).read(owner, query).length;
  }

  owners(store: number, page: OwnersPage): readonly string[] {
    return this.#table(store).owners(page);
  }

  unmigrated(store: number, after: Position | undefined): readonly StagedRow[] {
    return after === undefined ? this.#table(store).everything() : [];
  }

  stage(store: number, rows: readonly StagedRow[]): void {
    const { staged } = this.#table(store);
    for (const [position, value] of rows) staged.set(position.join("\0"), [position, value]);
  }

  adopt(store: number, version: number): void {
    const recorded = this.#recorded(store);
    for (const row of recorded.table.staged.values()) recorded.table.adopt(row);
    recorded.table.staged.clear();
    recorded.version = version;
  }

  #recorded(store: number): Recorded {
    const recorded = this.#stores[store];
    if (recorded === undefined) throw new StorageUnavailable(`there is no store number ${store}`);
    return recorded;
  }

  #table(store: number): MemoryMap | MemoryLog {
    return this.#recorded(store).table;
  }

  #map(store: number): MemoryMap {
    const { name, table } = this.#recorded(store);
    if (table instanceof MemoryMap) return table;
    throw new StorageUnavailable(`cannot read the log ${name} as a map`);
  }

  #log(store: number): MemoryLog {
    const { name, table } = this.#recorded(store);
    if (table instanceof MemoryLog) return table;
    throw new StorageUnavailable(`cannot read the map ${name} as a log`);
  }
}
