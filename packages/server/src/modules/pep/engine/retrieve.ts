/** Retrieving items: XEP-0060 §6.5, in pages by XEP-0059. */
import {
  type PubSubItem,
  pubsubUnsupported,
  quoted,
  type ResultSetPage,
  type ResultSetRequest,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../../hooks.ts";
import { denialOf, denied } from "./access.ts";
import type { Engine, Request } from "./engine.ts";
import type { PublishedItem } from "./item.ts";
import type { ItemEntry, PubsubNode } from "./node.ts";

/** Which items are asked for. */
export interface ItemsRequest {
  readonly node: string;
  readonly itemIds: readonly string[];
  readonly maxItems?: number | undefined;
  readonly page?: ResultSetRequest | undefined;
}

export interface ItemsAnswer {
  readonly items: readonly PubSubItem[];
  readonly page: ResultSetPage | undefined;
}

/** What one answer holds at most, in bytes of payload; more comes in pages (§6.5.4). */
const ANSWER_BYTES = 1_000_000;

/** The items of a node, oldest first. @throws StanzaError as §6.5.9 has it. */
export function retrieve(
  engine: Engine,
  request: Request,
  asked: ItemsRequest,
): Maybe<ItemsAnswer> {
  const { space, asker, relations } = request;
  const node = space.get(asked.node);
  return after(denialOf(node, asker, relations), (denial) => {
    if (denial) throw denied(denial);
    if (!node.config.persistItems) {
      throw pubsubUnsupported("persistent-items", `${quoted(asked.node)} keeps no items`);
    }
    const present = node.present(engine.clock.now());
    const { entries, page } = choose(present, asked);
    if (entries.length === 0) return { items: [], page };
    return engine.store
      .items(space.owner, node.name, entries)
      .then((items) => ({ items: items.map((item) => withPublisher(node, item)), page }));
  });
}

/** An item as others get it. */
export function withPublisher(node: PubsubNode, item: PublishedItem): PubSubItem {
  const { id, publisher, payload } = item;
  return { id, publisher: node.config.itemReply === "publisher" ? publisher : undefined, payload };
}

interface Chosen {
  readonly entries: readonly ItemEntry[];
  readonly page: ResultSetPage | undefined;
}

function choose(present: readonly ItemEntry[], asked: ItemsRequest): Chosen {
  if (asked.itemIds.length > 0) {
    const wanted = new Set(asked.itemIds);
    const found = present.filter(({ id }) => wanted.has(id));
    return { entries: fitting(found), page: undefined };
  }
  const newest = asked.maxItems === undefined ? present : present.slice(-asked.maxItems);
  if (asked.page === undefined) {
    const entries = fitting(newest.toReversed()).toReversed();
    return { entries, page: entries.length < newest.length ? pageOf(newest, entries) : undefined };
  }
  const entries = paged(newest, asked.page);
  return { entries, page: pageOf(newest, entries) };
}

/** XEP-0059 §2.2 to §2.6. */
function paged(all: readonly ItemEntry[], page: ResultSetRequest): readonly ItemEntry[] {
  const { max = all.length, after: follows, before, index } = page;
  if (max === 0) return [];
  if (before !== undefined) {
    const end = before === "" ? all.length : indexOf(all, before);
    const slice = all.slice(Math.max(0, end - max), end);
    return fitting(slice.toReversed()).toReversed();
  }
  const start = follows === undefined ? (index ?? 0) : indexOf(all, follows) + 1;
  return fitting(all.slice(start, start + max));
}

function indexOf(all: readonly ItemEntry[], id: string): number {
  const at = all.findIndex((entry) => entry.id === id);
  if (at >= 0) return at;
  throw new StanzaError("item-not-found", `there is no item ${quoted(id)} to page from`);
}

function pageOf(all: readonly ItemEntry[], entries: readonly ItemEntry[]): ResultSetPage {
  const [first] = entries;
  if (first === undefined) return { count: all.length };
  const index = all.indexOf(first);
  return { first: first.id, last: entries.at(-1)?.id, index, count: all.length };
}

/** The first of them that fit into an answer, and one at least. */
function fitting(entries: readonly ItemEntry[]): readonly ItemEntry[] {
  let bytes = 0;
  const end = entries.findIndex((entry, at) => {
    bytes += entry.bytes;
    return at > 0 && bytes > ANSWER_BYTES;
  });
  return end < 0 ? entries : entries.slice(0, end);
}
