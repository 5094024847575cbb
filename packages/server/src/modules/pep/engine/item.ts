import { type Element, parseDocument, serialize } from "@rookery/xml";
import type { LogSpec } from "../../../storage/api.ts";

/** What is kept of an item. Its payload stays text until someone asks for it. */
export interface StoredItem {
  /** The JID of who published it. */
  readonly publisher: string;
  /** The payload as an XML document; empty if it has none. */
  readonly xml: string;
}

/** An item as it is given out. */
export interface PublishedItem {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly publisher: string;
  readonly payload: Element | undefined;
}

export function storedItem(publisher: string, payload: Element | undefined): StoredItem {
  return { publisher, xml: payload ? serialize(payload) : "" };
}

export function publishedItem(id: string, at: number, item: StoredItem): PublishedItem {
  const payload = item.xml === "" ? undefined : parseDocument(item.xml);
  return { id, at, publisher: item.publisher, payload };
}

/** In UTF-8; what an item costs beside its payload is counted too. */
export function bytesOf(id: string, { publisher, xml }: StoredItem): number {
  return Buffer.byteLength(xml) + Buffer.byteLength(id) + publisher.length;
}

/** The store of items: owner → node and item, in the order in which they were published. */
export function itemSpec(name: string): LogSpec<StoredItem> {
  return {
    shape: "log",
    name,
    version: 1,
    codec: {
      encode: ({ publisher, xml }) => `${publisher}\n${xml}`,
      decode: (text) => {
        const end = text.indexOf("\n");
        return { publisher: text.slice(0, end), xml: text.slice(end + 1) };
      },
    },
  };
}
