import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataDirectory } from "./data-directory.ts";

/** A folder for the files of one module at one domain. */
export interface ModuleFolder {
  /** Absolute; for the user of the server only (mode 0700). */
  readonly path: string;
  /** Removes what is not to be kept. */
  close(): void;
}

/**
 * Makes a folder below the data directory: `files/<module>/<domain>`. Without a data directory, it
 * is a temporary one that goes when it is closed, as everything else does that is kept in memory.
 *
 * @param name of the module, which may be a path for one of the operator's own.
 */
export function openModuleFolder(
  directory: DataDirectory | undefined,
  name: string,
  domain: string,
): ModuleFolder {
  if (directory === undefined) {
    const path = mkdtempSync(join(tmpdir(), "rookery-files-")); // mode 0700
    return { path, close: () => rmSync(path, { recursive: true, force: true }) };
  }
  const path = join(directory.path, "files", fileName(name), fileName(domain));
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return { path, close: () => {} };
}

/** A name as it is where every file system takes it, and else a hash of it. */
function fileName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){0,99}$/.test(text)) return text;
  return `_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
