import type { Jid } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { archivedMessages, type Kept, type KeptMessage } from "../../im/contract.ts";
import { type LogQuery, StorageNotFound } from "../../storage/api.ts";
import { bytesOf, type Spool } from "./spool.ts";

/** Messages read at once. */
export const BATCH = 100;

/** A message of the backlog, from the archive or the spool. */
export interface Found extends KeptMessage {
  /** It is in the spool, with this size in bytes; undefined if the archive has it. */
  readonly spooled: number | undefined;
}

const NONE: readonly Found[] = [];

/** Where messages are kept: the archive, and the spool for what it does not keep. */
export class Backlog {
  readonly #host: Host;
  readonly #spool: Spool;

  constructor(host: Host, spool: Spool) {
    this.#host = host;
    this.#spool = spool;
  }

  /**
   * What is kept for an account, page by page, in the order of time.
   * @param upTo what the archive has up to this is left out.
   */
  async *pages(account: Jid, upTo: Kept | undefined): AsyncGenerator<readonly Found[], void> {
    let spoolAfter: Kept | undefined;
    let archiveAfter = upTo;
    let archiveEnds = false;
    let spoolEnds = false;
    while (!archiveEnds || !spoolEnds) {
      const [archived, spooled]: readonly [readonly Found[], readonly Found[]] = await Promise.all([
        archiveEnds ? NONE : this.#archived(account, archiveAfter),
        spoolEnds ? NONE : this.#spooled(account, spoolAfter),
      ]);
      archiveEnds ||= archived.length < BATCH;
      spoolEnds ||= spooled.length < BATCH;
      // of two sources, what lies behind the end of a page that is not the last comes with the next
      const page = inOrder(archived, spooled, !archiveEnds, !spoolEnds);
      for (const found of page) {
        if (found.spooled === undefined) archiveAfter = found;
        else spoolAfter = found;
      }
      archiveEnds &&= archived.every((one) => page.includes(one));
      spoolEnds &&= spooled.every((one) => page.includes(one));
      yield page;
    }
  }

  /** Those of these ids that are kept, in the order of the ids. */
  async find(account: Jid, ids: readonly string[]): Promise<readonly Found[]> {
    const found = new Map<string, Found>();
    for (let at = 0; at < ids.length; at += BATCH) {
      const some = ids.slice(at, at + BATCH);
      const query = { account, after: undefined, ids: some, limit: BATCH };
      const archived = (await this.#host.run(archivedMessages, query)) ?? [];
      for (const one of archived) found.set(one.id, { ...one, spooled: undefined });
      const others = some.filter((id) => !found.has(id));
      if (others.length === 0) continue;
      for (const one of await this.#read(account, { ids: others })) found.set(one.id, one);
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  async #archived(account: Jid, after: Kept | undefined): Promise<readonly Found[]> {
    const query = { account, after: after && { id: after.id, at: after.at }, limit: BATCH };
    const archived = (await this.#host.run(archivedMessages, query)) ?? [];
    return archived.map((one) => ({ ...one, spooled: undefined }));
  }

  async #spooled(account: Jid, after: Kept | undefined): Promise<readonly Found[]> {
    if (after === undefined) return this.#read(account, { limit: BATCH });
    try {
      return await this.#read(account, { after: after.id, limit: BATCH });
    } catch (error) {
      if (!(error instanceof StorageNotFound)) throw error;
      // it was taken meanwhile; what came in the same millisecond may come once more
      return this.#read(account, { from: after.at, limit: BATCH });
    }
  }

  async #read(account: Jid, query: LogQuery): Promise<readonly Found[]> {
    const entries = await this.#spool.read(account, query);
    return entries.map(({ id, at, value }) => ({ id, at, stanza: value, spooled: bytesOf(value) }));
  }
}

/** Two pages in the order of time, as far as that is known when more follows. */
function inOrder(
  archived: readonly Found[],
  spooled: readonly Found[],
  archiveGoesOn: boolean,
  spoolGoesOn: boolean,
): readonly Found[] {
  const end = Math.min(
    archiveGoesOn ? (archived.at(-1)?.at ?? Infinity) : Infinity,
    spoolGoesOn ? (spooled.at(-1)?.at ?? Infinity) : Infinity,
  );
  return [...archived, ...spooled].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
}
