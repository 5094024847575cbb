/**
 * What stands between the typed stores and a driver: text in, text out. `Engine` is the work
 * itself, synchronous and one thing at a time; `Driver` is how callers reach it.
 */
import type { LogQuery, MapRange, StorageProgress, WriteOp } from "./api.ts";

/** A value of a map as it is kept. */
export type MapRow = readonly [key: string, value: string, version: number];

/** An entry of a log as it is kept. */
export type LogRow = readonly [id: string, at: number, peer: string | null, value: string];

/** A place in a store, meaningful to the engine that gave it only. */
export type Position = readonly (string | number)[];

/** A value that waits for its migration, or is migrated. */
export type StagedRow = readonly [position: Position, value: string];

export interface OwnersPage {
  readonly after?: string;
  readonly limit?: number;
}

/** A store as it crosses into a driver. */
export interface StoreDescription {
  readonly name: string;
  readonly shape: "map" | "log";
  readonly version: number;
  readonly search: boolean;
}

/** The small number of a store, and the version of the values found in it. */
export interface OpenedStore {
  readonly id: number;
  readonly version: number;
}

/** One write with the number of its store. */
export interface NumberedWrite {
  readonly store: number;
  readonly op: WriteOp;
}

/** The reading half of an engine. */
export interface EngineReads {
  get(store: number, owner: string, key: string): MapRow | undefined;
  range(store: number, owner: string, range: MapRange): readonly MapRow[];
  find(store: number, owner: string, id: string): LogRow | undefined;
  /** @throws StorageNotFound if the entry of `after` or `before` is not there. */
  read(store: number, owner: string, query: LogQuery): readonly LogRow[];
  count(store: number, owner: string, query: LogQuery): number;
  owners(store: number, page: OwnersPage): readonly string[];
  /** The next values of a store that is to be migrated, in the order of their positions. */
  unmigrated(store: number, after: Position | undefined): readonly StagedRow[];
}

/** Changes that are all or nothing for themselves. */
export interface EngineCalls extends EngineReads {
  /**
   * Records a store, or finds it. A store of an older version keeps it until `adopt`; what an
   * interrupted migration had staged is forgotten. @throws if the recorded one is newer.
   */
  open(store: StoreDescription): OpenedStore;
  /** Keeps migrated values aside. */
  stage(store: number, rows: readonly StagedRow[]): void;
  /** Puts everything staged in its place and records the version. */
  adopt(store: number, version: number): void;
  /** Removes what an owner has in every recorded store. */
  clearEverywhere(owner: string): void;
}

export type EngineMethod = keyof EngineCalls;

/** Methods that change nothing: they can be asked again after a rollback. */
export const READS: ReadonlySet<EngineMethod> = new Set<EngineMethod>([
  "get",
  "range",
  "find",
  "read",
  "count",
  "owners",
  "unmigrated",
]);

export interface Engine extends EngineCalls {
  /**
   * Carries out one write.
   * @returns the version of `put`, else how many values or entries it touched.
   * @throws StorageConflict
   */
  apply(store: number, op: WriteOp): number;
}

/** The asynchronous way to an engine: everything happens in the order it was asked for. */
export interface Driver {
  readonly progress: StorageProgress;
  call<M extends EngineMethod>(
    method: M,
    ...args: Parameters<EngineCalls[M]>
  ): Promise<ReturnType<EngineCalls[M]>>;
  /** One write; gives what `Engine.apply` gives, after the commit. */
  write(store: number, op: WriteOp): Promise<number>;
  /** One write whose outcome is only that it is committed. */
  done(store: number, op: WriteOp): Promise<void>;
  /** All of them or nothing. */
  batch(writes: readonly NumberedWrite[]): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
  backup?(path: string): Promise<void>;
}
