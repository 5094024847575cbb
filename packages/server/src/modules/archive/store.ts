import type { Jid, Stanza } from "@rookery/protocol";
import type { LogSpec, LogStore, ValueCodec } from "../../storage/api.ts";

/** Messages as they were written for streams of clients: read where they are needed only. */
const text: ValueCodec<string> = { encode: (xml) => xml, decode: (xml) => xml };

/** The archives of all accounts, by bare JID. */
export type ArchiveStore = LogStore<string>;

/** @param search keep an index of what messages say (XEP-0431). */
export function archiveSpec(search: boolean): LogSpec<string> {
  return { shape: "log", name: "archive/messages", version: 1, codec: text, search };
}

/**
 * True for what came to the account, and not only went from it: to oneself, it is both.
 */
export function isReceived(message: Stanza, account: Jid): boolean {
  return message.to?.bare.equals(account) === true;
}
