import {
  type MapEntry,
  type MapRange,
  type MapSpec,
  type MapStore,
  type PutOptions,
  StorageConflict,
  type Write,
  type WriteOp,
} from "./api.ts";
import type { Driver, MapRow, OwnersPage } from "./driver.ts";
import { attempt, checkLimit, quote, storable } from "./text.ts";

/** Each lost race means that another writer won one; so many in a row is a fault, not a race. */
const UPDATE_TRIES = 1000;

/** The typed face of a map that a driver keeps as text under the number `id`. */
export function mapStore<T>(driver: Driver, id: number, spec: MapSpec<T>): MapStore<T> {
  const { name, codec } = spec;
  const updating = new Map<string, Promise<unknown>>();

  const putOp = (owner: string, key: string, value: T, options?: PutOptions): WriteOp => ({
    do: "put",
    owner: storable(owner, "owner"),
    key: storable(key, "key"),
    value: storable(codec.encode(value), "value"),
    ifVersion: options?.ifVersion,
  });
  const deleteOp = (owner: string, key: string, options?: PutOptions): WriteOp => ({
    do: "delete",
    owner: storable(owner, "owner"),
    key: storable(key, "key"),
    ifVersion: options?.ifVersion,
  });
  const clearOp = (owner: string): WriteOp => ({ do: "clear", owner: storable(owner, "owner") });

  const entry = ([key, text, version]: MapRow): MapEntry<T> => ({
    key,
    value: codec.decode(text),
    version,
  });

  async function get(owner: string, key: string): Promise<MapEntry<T> | undefined> {
    const row = await driver.call("get", id, storable(owner, "owner"), storable(key, "key"));
    return row && entry(row);
  }

  async function range(owner: string, wanted: MapRange = {}): Promise<readonly MapEntry<T>[]> {
    checkLimit(wanted.limit);
    const { prefix = "", after, limit } = wanted;
    storable(prefix, "prefix");
    const rows = await driver.call("range", id, storable(owner, "owner"), {
      prefix,
      ...(after !== undefined && { after: storable(after, "key") }),
      ...(limit !== undefined && { limit }),
    });
    return rows.map(entry);
  }

  async function change(
    owner: string,
    key: string,
    changed: (old: T | undefined) => T | undefined,
  ): Promise<T | undefined> {
    for (let tries = 0; tries < UPDATE_TRIES; tries++) {
      const found = await get(owner, key);
      const value = changed(found?.value);
      if (found === undefined && value === undefined) return undefined;
      const options = { ifVersion: found?.version ?? 0 };
      const op =
        value === undefined ? deleteOp(owner, key, options) : putOp(owner, key, value, options);
      try {
        await driver.write(id, op);
        return value;
      } catch (error) {
        if (!(error instanceof StorageConflict)) throw error;
      }
    }
    throw new StorageConflict(
      `cannot update ${quote(key)} of ${quote(owner)} in ${name}: ` +
        `others changed it first ${UPDATE_TRIES} times in a row; try again later`,
    );
  }

  /** Updates of one key take turns, so that those of one process never race each other. */
  function update(
    owner: string,
    key: string,
    changed: (old: T | undefined) => T | undefined,
  ): Promise<T | undefined> {
    const turn = `${owner.length} ${owner}${key}`;
    const before = updating.get(turn);
    const start = (): Promise<T | undefined> => change(owner, key, changed);
    const mine = before === undefined ? start() : before.then(start, start);
    updating.set(turn, mine);
    const leave = (): void => {
      if (updating.get(turn) === mine) updating.delete(turn);
    };
    mine.then(leave, leave);
    return mine;
  }

  const write = (op: WriteOp): Write => ({ store: name, op });
  return {
    get,
    range,
    put: (owner, key, value, options) =>
      attempt(() => driver.write(id, putOp(owner, key, value, options))),
    delete: async (owner, key, options) =>
      (await driver.write(id, deleteOp(owner, key, options))) > 0,
    update,
    owners: (page: OwnersPage = {}) =>
      attempt(() => {
        checkLimit(page.limit);
        storable(page.after ?? "", "owner");
        return driver.call("owners", id, page);
      }),
    clear: (owner) => attempt(() => driver.done(id, clearOp(owner))),
    write: {
      put: (owner, key, value, options) => write(putOp(owner, key, value, options)),
      delete: (owner, key, options) => write(deleteOp(owner, key, options)),
      clear: (owner) => write(clearOp(owner)),
    },
  };
}
