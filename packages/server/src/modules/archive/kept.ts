import type { Jid } from "@rookery/protocol";
import type { KeptMessage, KeptQuery } from "../../im/contract.ts";
import { type LogEntry, type LogQuery, StorageNotFound } from "../../storage/api.ts";
import { streamStanza } from "../../storage/stanza-codec.ts";
import { type ArchiveStore, isReceived } from "./store.ts";

/** How many entries are read at once. */
const BATCH = 100;

/** What an account received, in order, for those who hand over what nobody took. */
export async function keptMessages(
  store: ArchiveStore,
  { account, after, ids, limit }: KeptQuery,
): Promise<readonly KeptMessage[]> {
  const owner = account.toString();
  if (ids !== undefined) return received(await store.read(owner, { ids, limit }), account);
  const found: KeptMessage[] = [];
  let entries = await readAfter(store, owner, after);
  for (;;) {
    found.push(...received(entries, account));
    const last = entries.at(-1);
    if (found.length >= limit || entries.length < BATCH || last === undefined) break;
    entries = await readAfter(store, owner, last);
  }
  return found.slice(0, limit);
}

/** What comes after an entry, or from its time on if it is not there any more; after a time without id. */
async function readAfter(
  store: ArchiveStore,
  owner: string,
  after: { readonly id: string; readonly at: number } | undefined,
): Promise<readonly LogEntry<string>[]> {
  const read = (query: LogQuery): Promise<readonly LogEntry<string>[]> =>
    store.read(owner, { ...query, limit: BATCH });
  if (after === undefined) return read({});
  if (after.id === "") return read({ from: after.at + 1 });
  // a client may have used an id once more; and what is not there any more has no place
  const [there, entries] = await Promise.all([
    store.get(owner, after.id),
    read({ after: after.id }).catch(nothingIfNotFound),
  ]);
  return there?.at === after.at && entries ? entries : read({ from: after.at });
}

function nothingIfNotFound(error: unknown): undefined {
  if (!(error instanceof StorageNotFound)) throw error;
}

/** Of these, what the account received, but for headlines: they are not for later (RFC 6121 §5.2.2). */
function received(entries: readonly LogEntry<string>[], account: Jid): KeptMessage[] {
  const messages: KeptMessage[] = [];
  for (const { id, at, value } of entries) {
    const stanza = streamStanza(value);
    if (stanza.type !== "headline" && isReceived(stanza, account))
      messages.push({ id, at, stanza });
  }
  return messages;
}
