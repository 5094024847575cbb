import {
  type LogSpec,
  type LogStore,
  type MapSpec,
  type MapStore,
  type Storage,
  StorageUnavailable,
  type Write,
} from "./api.ts";
import type { Driver } from "./driver.ts";
import { logStore } from "./log-store.ts";
import { mapStore } from "./map-store.ts";
import { migrate } from "./migrate.ts";
import { quote, storable } from "./text.ts";

/** What opening needs of a spec; its codec stays with the store. */
type SpecOfAny = Omit<MapSpec<never>, "codec"> | Omit<LogSpec<never>, "codec">;

/**
 * The typed storage over a driver.
 * @param release what to let go of when the driver has closed (the data directory).
 */
export function storageOver(driver: Driver, release: () => void = () => {}): Storage {
  const ids = new Map<string, number>();
  let opening: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;

  async function openNow(spec: SpecOfAny): Promise<number> {
    const { name, shape, version } = spec;
    if (!Number.isSafeInteger(version) || version < 1) {
      throw new RangeError(`cannot open the store ${quote(name)}: its version is ${version}`);
    }
    storable(name, "name");
    const search = spec.shape === "log" && spec.search === true;
    const opened = await driver.call("open", { name, shape, version, search });
    if (opened.version < version) await migrate(driver, opened, spec);
    ids.set(name, opened.id);
    return opened.id;
  }

  /** One store after the other, so that two openings of the same never migrate it together. */
  function open(spec: SpecOfAny): Promise<number> {
    const id = opening.then(() => openNow(spec));
    opening = id.catch(() => {});
    return id;
  }

  async function batch(writes: readonly Write[]): Promise<void> {
    const numbered = writes.map(({ store, op }) => {
      const id = ids.get(store);
      if (id !== undefined) return { store: id, op };
      throw new StorageUnavailable(`cannot write to the store ${quote(store)}: open it first`);
    });
    await driver.batch(numbered);
  }

  async function close(): Promise<void> {
    try {
      await driver.close();
    } finally {
      release();
    }
  }

  return {
    progress: driver.progress,
    map: async <T>(spec: MapSpec<T>): Promise<MapStore<T>> =>
      mapStore(driver, await open(spec), spec),
    log: async <T>(spec: LogSpec<T>): Promise<LogStore<T>> =>
      logStore(driver, await open(spec), spec),
    batch,
    clear: async (owner) => driver.call("clearEverywhere", storable(owner, "owner")),
    flush: () => driver.flush(),
    close: () => (closing ??= close()),
    ...(driver.backup && { backup: async (path: string) => driver.backup?.(path) }),
  };
}
