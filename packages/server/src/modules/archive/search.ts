import { type ArchiveQuery, type Jid, quoted, StanzaError } from "@rookery/protocol";
import type { Limits } from "../../config/limits.ts";
import { type LogQuery, StorageNotFound } from "../../storage/api.ts";
import type { ArchiveStore } from "./store.ts";

/** A text that comes again in each result is bounded. */
const QUERY_ID = 1023;

/** What a query is for, as the archive looks for it. */
export interface Search {
  /** A bare JID. */
  readonly owner: string;
  readonly query: Omit<LogQuery, "limit" | "direction">;
  /** The page ends where the search begins: at the newest. */
  readonly backward: boolean;
  /** Most messages of the page; 0 asks for their number alone (XEP-0059 §2.7). */
  readonly max: number;
  /** It starts at one end of all that matches, and not at a message that the client knows. */
  readonly fromEnd: boolean;
  /** The resource that has to be in it: the store looks for its account (XEP-0313 §4.1.1). */
  readonly full: Jid | undefined;
}

/**
 * Checks a query before anything is read.
 *
 * @param search whether what messages say can be searched.
 * @throws StanzaError
 */
export function checkQuery(query: ArchiveQuery, search: boolean, limits: Limits): void {
  const { queryId = "", node, filter, page } = query;
  if (queryId.length > QUERY_ID) {
    throw new StanzaError("bad-request", `a queryid has at most ${QUERY_ID} characters`);
  }
  if (node !== undefined) {
    throw new StanzaError("item-not-found", `there is no archive of the node ${quoted(node)} here`);
  }
  if (page?.index !== undefined && page.index > 0) {
    throw new StanzaError(
      "feature-not-implemented",
      "pages of an archive are asked for by after and before, not by an index",
    );
  }
  if (filter.fulltext !== undefined && !search) {
    throw new StanzaError("feature-not-implemented", "this archive cannot be searched for words");
  }
  if (filter.ids !== undefined && filter.ids.length > limits.archivePage) {
    throw new StanzaError(
      "not-acceptable",
      `ask for ${limits.archivePage} ids at once, not ${filter.ids.length}`,
    );
  }
}

/**
 * What a query is for.
 *
 * @throws StanzaError `item-not-found` for an id that is not in the archive (XEP-0313 §4.1.3, §4.3.2).
 */
export async function searchOf(
  store: ArchiveStore,
  owner: string,
  { filter, page }: ArchiveQuery,
  limits: Limits,
): Promise<Search> {
  const ids = filter.ids && [...new Set(filter.ids)];
  if (ids !== undefined) await checkAll(store, owner, ids);
  const after = await inner(store, owner, "after", filter.afterId, page?.after);
  const before = await inner(store, owner, "before", filter.beforeId, page?.before || undefined);
  const peer = filter.with;
  return {
    owner,
    query: {
      ...(after !== undefined && { after }),
      ...(before !== undefined && { before }),
      ...(filter.start !== undefined && { from: filter.start }),
      ...(filter.end !== undefined && { to: filter.end }),
      ...(peer && { with: peer.bare.toString() }),
      ...(ids && { ids }),
      ...(filter.fulltext !== undefined && { text: filter.fulltext }),
    },
    backward: page?.before !== undefined,
    max: Math.min(page?.max ?? limits.archivePage, limits.archivePage),
    fromEnd: page?.after === undefined && !page?.before,
    full: peer?.isBare ? undefined : peer,
  };
}

async function checkAll(store: ArchiveStore, owner: string, ids: readonly string[]): Promise<void> {
  if ((await store.count(owner, { ids })) === ids.length) return;
  throw new StanzaError("item-not-found", "not all of these ids are in the archive");
}

/** Of two bounds on the same side, one in the form and one of the page, that which leaves less. */
async function inner(
  store: ArchiveStore,
  owner: string,
  side: "after" | "before",
  one: string | undefined,
  other: string | undefined,
): Promise<string | undefined> {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  if ((await store.count(owner, { ids: [one, other] })) < 2) throw notFound();
  const inside = await store.count(owner, { [side]: one, ids: [other] });
  return inside > 0 ? other : one;
}

/** Tells of an id that is not there in the words of XEP-0313. */
export function asNotFound(error: unknown): never {
  throw error instanceof StorageNotFound ? notFound() : error;
}

function notFound(): StanzaError {
  return new StanzaError("item-not-found", "the message to start from is not in the archive");
}
