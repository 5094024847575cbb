import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StorageUnavailable } from "./api.ts";
import { quote } from "./text.ts";

/** The layout of the data directory that this program reads and writes. */
const FORMAT = 1;

const LOCK_FILE = "lock.sqlite";
const HOLDER_FILE = "lock.pid";
const FORMAT_FILE = "format";

/** The directory that holds everything a server keeps; ours alone until it is closed. */
export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  close(): void;
}

/**
 * Opens the data directory, making it if there is none: for its user only (mode 0700), and for
 * one process at a time.
 *
 * @throws StorageUnavailable if someone holds it, if a newer program wrote it, or if it cannot be
 *   made or read.
 */
export function openDataDirectory(path: string): DataDirectory {
  const directory = resolve(path);
  makePrivate(directory);
  const unlock = lock(directory);
  try {
    checkFormat(directory);
  } catch (error) {
    unlock();
    throw error;
  }
  return { path: directory, close: unlock };
}

/** Makes a file that only its user can read, unless it is there. */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

function makePrivate(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const windows = process.platform === "win32";
    if (!windows && (statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (cause) {
    throw new StorageUnavailable(
      `cannot make the data directory ${quote(directory)} private to its user: ` +
        `${messageOf(cause)}. Give it to the user the server runs as`,
      { cause },
    );
  }
}

/**
 * Holds an exclusive transaction on a small database: the system lets go of its lock when the
 * process ends in whatever way, so that nothing stale is left. Never open the lock file by other
 * means in this process: closing it would let go of the lock (POSIX record locks).
 */
function lock(directory: string): () => void {
  const file = join(directory, LOCK_FILE);
  let db: DatabaseSync | undefined;
  try {
    makePrivateFile(file);
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec("begin exclusive");
    writeFileSync(join(directory, HOLDER_FILE), `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    db?.close();
    throw isBusy(cause)
      ? new StorageUnavailable(heldText(directory), { cause })
      : new StorageUnavailable(
          `cannot lock the data directory ${quote(directory)}: ${messageOf(cause)}. ` +
            "Make it writable for the user the server runs as",
          { cause },
        );
  }
  const held = db;
  const unlock = (): void => {
    process.off("exit", unlock);
    if (held.isOpen) held.close();
  };
  // The listener also keeps the database from being collected, which would let go of the lock
  // when the caller has dropped the data directory but not what lies in it.
  process.on("exit", unlock);
  return unlock;
}

function heldText(directory: string): string {
  const pid = readIfThere(join(directory, HOLDER_FILE))?.trim();
  const holder =
    pid === undefined || !/^\d+$/.test(pid)
      ? "another process"
      : Number(pid) === process.pid
        ? `this process (pid ${pid})`
        : `the process with pid ${pid}`;
  return (
    `cannot open the data directory ${quote(directory)}: ${holder} has it open. ` +
    "Stop that server first, or give this one a directory of its own"
  );
}

function checkFormat(directory: string): void {
  const file = join(directory, FORMAT_FILE);
  const found = readIfThere(file)?.trim();
  if (found === undefined) return writeWhole(file, `${FORMAT}\n`);
  if (!/^[1-9]\d{0,8}$/.test(found)) {
    throw new StorageUnavailable(
      `cannot read the data directory ${quote(directory)}: its file "${FORMAT_FILE}" says ` +
        `${quote(found)} instead of a number. Restore it from a backup`,
    );
  }
  if (Number(found) > FORMAT) {
    throw new StorageUnavailable(
      `cannot read the data directory ${quote(directory)}: it has format ${found}, this program ` +
        `knows formats up to ${FORMAT}. Run the newer program that wrote it, or restore a backup ` +
        "made before it",
    );
  }
}

/** Writes a file so that after a crash it is there whole or not at all. */
function writeWhole(file: string, content: string): void {
  const draft = `${file}.new`;
  const descriptor = openSync(draft, "w", 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
