/**
 * Storage: two shapes cover the protocol, a map (roster, accounts, settings …) and a log (archive,
 * offline messages …). A driver keeps text; the codec of a store turns values into text and back.
 *
 * Every promise of a write settles after the commit; a rejection means that nothing of it was
 * kept. Reads see every write that was asked for before them, and only what is committed.
 *
 * All text (owners, keys, ids, values) may hold any character, NUL too, but no lone surrogate:
 * that is refused, since it has no UTF-8. `limit` is a whole number; without it everything comes.
 */

/** How a store's values become text. */
export interface ValueCodec<T> {
  encode(value: T): string;
  decode(text: string): T;
}

interface StoreSpec<T> {
  /** Unique in the server: `module/what`, e.g. `roster/items`. */
  readonly name: string;
  /** Raise it when the text of values changes; `migrate` brings older ones forward at start. */
  readonly version: number;
  readonly codec: ValueCodec<T>;
  /** The text of this version made from that of an older one. */
  migrate?(text: string, from: number): string;
}

export interface MapSpec<T> extends StoreSpec<T> {
  readonly shape: "map";
}

export interface LogSpec<T> extends StoreSpec<T> {
  readonly shape: "log";
  /**
   * Keep an index for `LogQuery.text` (XEP-0431); it costs time at each append. Entries appended
   * while a store was opened without it are not found by text.
   */
  readonly search?: boolean;
}

/**
 * A value with the version that compare-and-set asks for. Versions start at 1 and grow with each
 * put; a key that was deleted and put again gets a version it did not have before.
 */
export interface MapEntry<T> {
  readonly key: string;
  readonly value: T;
  readonly version: number;
}

export interface MapRange {
  /** Only keys that begin so. */
  readonly prefix?: string;
  /** Only keys after this one, in the order of their UTF-8 bytes. */
  readonly after?: string;
  readonly limit?: number;
}

/** `ifVersion: 0` asks that the key be absent. */
export interface PutOptions {
  readonly ifVersion?: number;
}

/** A write that can be made together with others by `Storage.batch`. */
export interface Write {
  readonly store: string;
  readonly op: WriteOp;
}

/** What drivers carry out. Plain data, so that it can cross into a worker thread. */
export type WriteOp =
  | {
      readonly do: "put";
      readonly owner: string;
      readonly key: string;
      readonly value: string;
      readonly ifVersion: number | undefined;
    }
  | {
      readonly do: "delete";
      readonly owner: string;
      readonly key: string;
      readonly ifVersion: number | undefined;
    }
  | { readonly do: "clear"; readonly owner: string }
  | {
      readonly do: "append";
      /** At least one, each once. */
      readonly owners: readonly LogOwner[];
      readonly entry: StoredEntry;
    }
  | {
      readonly do: "replace";
      readonly owner: string;
      readonly id: string;
      readonly value: string;
      readonly text: string | undefined;
    }
  | { readonly do: "remove"; readonly owner: string; readonly ids: readonly string[] }
  | {
      readonly do: "expire";
      readonly owner: string;
      readonly before: number;
      readonly limit: number;
    };

export interface StoredEntry {
  readonly id: string;
  readonly at: number;
  readonly value: string;
  readonly text: string | undefined;
  readonly series: number | undefined;
  readonly sameBefore: number | undefined;
}

/** Values by owner (usually a bare JID or a domain) and key. */
export interface MapStore<T> {
  get(owner: string, key: string): Promise<MapEntry<T> | undefined>;
  range(owner: string, range?: MapRange): Promise<readonly MapEntry<T>[]>;
  /** @returns the new version. @throws StorageConflict if `ifVersion` does not hold. */
  put(owner: string, key: string, value: T, options?: PutOptions): Promise<number>;
  /** @returns whether there was anything. @throws StorageConflict if `ifVersion` does not hold. */
  delete(owner: string, key: string, options?: PutOptions): Promise<boolean>;
  /**
   * Reads, changes and writes back, again if someone else wrote in between; `change` returns
   * undefined to delete. It must have no side effects.
   * @returns what is stored now.
   */
  update(
    owner: string,
    key: string,
    change: (old: T | undefined) => T | undefined,
  ): Promise<T | undefined>;
  /** Owners that have anything here, in order, for paging. */
  owners(page?: { readonly after?: string; readonly limit?: number }): Promise<readonly string[]>;
  clear(owner: string): Promise<void>;
  /** The same writes as data, for `Storage.batch`. */
  readonly write: {
    put(owner: string, key: string, value: T, options?: PutOptions): Write;
    delete(owner: string, key: string, options?: PutOptions): Write;
    clear(owner: string): Write;
  };
}

export interface LogEntry<T> {
  /** Made by the caller, unique for the owner; needed before the commit. */
  readonly id: string;
  /** Milliseconds since 1970. Entries are ordered by time, then by arrival. */
  readonly at: number;
  /** The bare JID it concerns. */
  readonly with?: string;
  readonly value: T;
  /** What full-text search finds it by, if the store has `search`; reads do not give it back. */
  readonly text?: string | undefined;
  /**
   * Where the id comes from, which spares looking for it among all that there are: 0 if it was drawn
   * at random just now, or the number of a series whose ids are appended with this number alone,
   * counted from 1 since the storage was opened. Left out, the id is looked for.
   */
  readonly series?: number | undefined;
  /**
   * What becomes of an entry whose id an owner has already, instead of a `StorageConflict`. One of
   * before this time (milliseconds since 1970) is the same, and not appended again; beside another
   * one it gets an id of its own, in its value too.
   */
  readonly sameBefore?: number | undefined;
}

export interface LogQuery {
  /** Only entries after, or before, the entry of this id in the log's order. @throws StorageNotFound */
  readonly after?: string;
  readonly before?: string;
  /** Only entries of this time or later, or this time or earlier (milliseconds). */
  readonly from?: number;
  readonly to?: number;
  readonly with?: string;
  readonly ids?: readonly string[];
  /**
   * Only entries that have all the words of this text, whatever the case and the accents. A text
   * without a letter or digit finds nothing. Needs `search`.
   */
  readonly text?: string;
  readonly limit?: number;
  /** `backward` gives the last `limit` entries; entries come in the log's order all the same. */
  readonly direction?: "forward" | "backward";
}

/** In whose log a shared entry is to be, and the bare JID it concerns there. */
export interface LogOwner {
  readonly owner: string;
  readonly with?: string | undefined;
}

/** An entry for the logs of several owners; what differs for each stands in `LogOwner`. */
export type SharedLogEntry<T> = Omit<LogEntry<T>, "with">;

/** Entries by owner, in order of time. */
export interface LogStore<T> {
  /** @throws StorageConflict if the owner has an entry of this id here already; see `sameBefore`. */
  append(owner: string, entry: LogEntry<T>): Promise<void>;
  /**
   * One entry in the logs of several owners, kept once; each has it as if it was appended for
   * them alone. All get it or none. An owner named again is taken as named first.
   * @throws StorageConflict if one of them has an entry of this id here already.
   * @throws RangeError without any owner.
   */
  appendShared(owners: readonly LogOwner[], entry: SharedLogEntry<T>): Promise<void>;
  get(owner: string, id: string): Promise<LogEntry<T> | undefined>;
  /**
   * Another value in the place of an entry (a tombstone); without `text` it is not found by text
   * any more. @returns whether there was one.
   */
  replace(owner: string, id: string, value: T, text?: string): Promise<boolean>;
  remove(owner: string, ids: readonly string[]): Promise<number>;
  /**
   * Removes entries older than a time, of one owner or of all, a few at a time so that nobody
   * waits for it: all are gone when it settles, some earlier. @returns how many.
   */
  expire(before: number, owner?: string): Promise<number>;
  read(owner: string, query?: LogQuery): Promise<readonly LogEntry<T>[]>;
  count(owner: string, query?: Omit<LogQuery, "limit" | "direction">): Promise<number>;
  owners(page?: { readonly after?: string; readonly limit?: number }): Promise<readonly string[]>;
  clear(owner: string): Promise<void>;
  readonly write: {
    append(owner: string, entry: LogEntry<T>): Write;
    appendShared(owners: readonly LogOwner[], entry: SharedLogEntry<T>): Write;
    replace(owner: string, id: string, value: T, text?: string): Write;
    remove(owner: string, ids: readonly string[]): Write;
    clear(owner: string): Write;
  };
}

/**
 * How far the writes are. Counts requests to write (`append`, `put`, `update`'s tries, `batch`, …;
 * not reads, nor what is refused for its form alone) in the order they were asked.
 */
export interface StorageProgress {
  /** How many were asked for so far: the mark of the last of them. */
  readonly asked: number;
  /**
   * How many of the first have been committed or have failed. It grows after the promises of
   * these have settled and their handlers were called.
   */
  readonly settled: number;
  /** Settles, and never rejects, once `settled` is `mark` or more. */
  whenSettled(mark: number): Promise<void>;
}

export interface Storage {
  readonly progress: StorageProgress;
  map<T>(spec: MapSpec<T>): Promise<MapStore<T>>;
  log<T>(spec: LogSpec<T>): Promise<LogStore<T>>;
  /** All of it or nothing, in one commit. @throws StorageConflict */
  batch(writes: readonly Write[]): Promise<void>;
  /** Removes everything an owner has, in every store ever recorded, opened now or not, in one commit. */
  clear(owner: string): Promise<void>;
  /** Settles when every write asked for before it is committed. */
  flush(): Promise<void>;
  /** Commits what is pending and lets go of the data directory. */
  close(): Promise<void>;
  /**
   * Writes a copy of the whole database, consistent at one moment, to a new file while work goes
   * on; absent where the driver has nothing on disk. @throws if the file exists.
   */
  backup?(path: string): Promise<void>;
}

/** A compare-and-set found another version, or a log has an entry of this id already. */
export class StorageConflict extends Error {
  override readonly name: string = "StorageConflict";
}

/** A query starts from an entry that is not there. */
export class StorageNotFound extends Error {
  override readonly name: string = "StorageNotFound";
}

/** The driver cannot do it (closed, queue full, disk full, broken file); nothing of it was kept. */
export class StorageUnavailable extends Error {
  override readonly name: string = "StorageUnavailable";
}
