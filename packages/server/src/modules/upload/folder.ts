import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Jid } from "@rookery/protocol";
import type { Place } from "./records.ts";

/**
 * The files of one domain on the disk. Their names are ours alone, random and of letters that no
 * file system minds; nothing that a client writes becomes part of a path.
 *
 * `incoming/<id>` are uploads under way; `kept/<hash of the account>/<id>` is what was received whole.
 */
export class Folder {
  readonly #path: string;
  readonly #incoming: string;
  readonly #kept: string;

  private constructor(path: string) {
    this.#path = path;
    this.#incoming = join(path, "incoming");
    this.#kept = join(path, "kept");
  }

  static async open(path: string): Promise<Folder> {
    const folder = new Folder(path);
    await mkdir(folder.#incoming, { recursive: true, mode: 0o700 });
    await mkdir(folder.#kept, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** What is free for us on the disk, in bytes. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#path);
    return bavail * bsize;
  }

  /** A new file for an upload, to be published or discarded. */
  draft(id: string): Promise<FileHandle> {
    return open(join(this.#incoming, checked(id)), "wx", 0o600);
  }

  /** Uploads that were not finished. */
  async drafts(): Promise<string[]> {
    return (await readdir(this.#incoming)).filter(isId);
  }

  /** Gives a whole file its place in one step; settles when that outlasts a power cut. */
  async publish({ account, id }: Place): Promise<void> {
    const folder = this.#folderOf(account);
    const draft = join(this.#incoming, checked(id));
    for (let tries = 1; ; tries++) {
      if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) {
        await syncFolder(this.#kept);
      }
      try {
        await rename(draft, join(folder, id));
        break;
      } catch (error) {
        // what was in the folder has just gone, and the folder with it
        if (codeOf(error) !== "ENOENT" || tries > 2) throw error;
      }
    }
    await syncFolder(folder);
  }

  async discard(id: string): Promise<void> {
    await rm(join(this.#incoming, checked(id)), { force: true });
  }

  /** For reading. @returns undefined if it is not there. */
  async read({ account, id }: Place): Promise<FileHandle | undefined> {
    try {
      return await open(join(this.#folderOf(account), checked(id)), "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async remove({ account, id }: Place): Promise<void> {
    await rm(join(this.#folderOf(account), checked(id)), { force: true });
  }

  /** What an account has on the disk. */
  async of(account: Jid): Promise<string[]> {
    try {
      return (await readdir(this.#folderOf(account))).filter(isId);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  /** Removes the folder of an account, if it is empty. */
  async tidy(account: Jid): Promise<void> {
    await rmdir(this.#folderOf(account)).catch((error: unknown) => {
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
    });
  }

  #folderOf(account: Jid): string {
    const hash = createHash("sha256").update(account.bare.toString()).digest("hex");
    return join(this.#kept, hash.slice(0, 32));
  }
}

/** True for what names a file here. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{24}$/.test(text);
}

/** The code of an error of the system, such as `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function checked(id: string): string {
  if (isId(id)) return id;
  throw new Error("a file of an upload has another kind of name");
}

/** What was renamed is there after a power cut only once its folder was written. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
