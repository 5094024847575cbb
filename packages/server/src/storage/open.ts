import { join } from "node:path";
import { type Storage, StorageUnavailable } from "./api.ts";
import { type DataDirectory, makePrivateFile, openDataDirectory } from "./data-directory.ts";
import { memoryDriver } from "./memory/driver.ts";
import { type SqliteLimits, sqliteDriver } from "./sqlite/driver.ts";
import { storageOver } from "./stores.ts";
import { quote } from "./text.ts";

/** The database of the driver sqlite, in the data directory. */
const DATABASE_FILE = "rookery.sqlite";

export interface StorageOptions {
  /** `memory`, `sqlite`, or the URL of a database server. */
  readonly driver: string;
  /**
   * Where sqlite keeps its file: a path, opened and let go of together with the storage, or a
   * data directory that the caller has open and closes after the storage.
   */
  readonly directory?: string | DataDirectory;
  readonly limits?: SqliteLimits;
}

/** Opens storage. @throws StorageUnavailable with what to do about it. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { driver, directory, limits } = options;
  if (driver === "memory") return storageOver(memoryDriver());
  if (/^postgres(ql)?(:|$)/.test(driver)) {
    throw new StorageUnavailable("storage driver postgres is not there yet; use memory or sqlite");
  }
  if (driver !== "sqlite") {
    throw new StorageUnavailable(
      `there is no storage driver ${quote(driver)}; use memory or sqlite`,
    );
  }
  if (directory === undefined) {
    throw new StorageUnavailable(
      "cannot open the storage driver sqlite without a data directory: name one",
    );
  }
  return openSqlite(directory, limits);
}

async function openSqlite(
  directory: string | DataDirectory,
  limits: SqliteLimits | undefined,
): Promise<Storage> {
  const opened = typeof directory === "string" ? openDataDirectory(directory) : directory;
  const release = (): void => {
    if (opened !== directory) opened.close();
  };
  try {
    const file = join(opened.path, DATABASE_FILE);
    makePrivateFile(file);
    return storageOver(await sqliteDriver(file, limits), release);
  } catch (error) {
    release();
    throw error;
  }
}
