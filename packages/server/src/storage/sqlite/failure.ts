import { StorageConflict, StorageNotFound, StorageUnavailable } from "../api.ts";
import type { Failure } from "./wire.ts";

/** An error as it crosses threads. */
export function failureOf(error: unknown, attempted: string): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StorageConflict) return { kind: "conflict", message };
  if (error instanceof StorageNotFound) return { kind: "not-found", message };
  if (error instanceof StorageUnavailable) return { kind: "unavailable", message };
  const code = sqliteCode(error);
  if (code === undefined) return { kind: "other", message: `cannot ${attempted}: ${message}` };
  const advice = ADVICE.get(code & 0xff) ?? "";
  return {
    kind: "unavailable",
    message: `cannot ${attempted}: SQLite says "${message}" (code ${code})${advice}`,
  };
}

/** The error that the caller sees. */
export function errorOf({ kind, message }: Failure): Error {
  if (kind === "conflict") return new StorageConflict(message);
  if (kind === "not-found") return new StorageNotFound(message);
  if (kind === "unavailable") return new StorageUnavailable(message);
  return new Error(message);
}

/** True for an error of one statement only: the transaction around it can go on. */
export function concernsStatementOnly(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === undefined || STATEMENT_ONLY.has(code & 0xff);
}

/** The extended result code of SQLite (https://sqlite.org/rescode.html), if it is its error. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

const TOO_BIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
const RANGE = 25;
const STATEMENT_ONLY: ReadonlySet<number> = new Set([TOO_BIG, CONSTRAINT, MISMATCH, RANGE]);

const ADVICE: ReadonlyMap<number, string> = new Map([
  [8, "; make the data directory and its files writable for the server's user"],
  [10, "; check the disk and its file system"],
  [11, "; the database is damaged: stop the server and restore a backup"],
  [13, "; free space on the disk of the data directory or raise its limit"],
  [26, "; the file is no database: restore a backup"],
]);
