/** Service discovery, what belongs to an entity: XEP-0030 (2.5.0), paged by XEP-0059 (1.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { Jid } from "../jid.ts";
import { requiredAttr } from "../reading.ts";
import { type ResultSetPage, resultSetPage } from "../rsm.ts";

const DISCO_ITEMS_NS = "http://jabber.org/protocol/disco#items";

/** An entity, or a node of one (XEP-0030 §4.1, §4.2). */
export interface DiscoItem {
  readonly jid: Jid;
  readonly node?: string | undefined;
  /** A name for people. */
  readonly name?: string | undefined;
}

/** The `<query/>` of a request, then with a node only, or of an answer. */
export interface DiscoItems {
  readonly node?: string | undefined;
  readonly items: readonly DiscoItem[];
  /** Which part of the list an answer holds. What a request asks for is `resultSetRequest.in(query)`. */
  readonly page?: ResultSetPage | undefined;
}

/**
 * The `<query/>` of disco#items.
 *
 * @throws StanzaError `bad-request` for an item without a JID, `jid-malformed` for one with a bad JID.
 */
export const discoItems: Codec<DiscoItems> = codec<DiscoItems>({
  ns: DISCO_ITEMS_NS,
  name: "query",
  read: (query) => ({
    node: query.attr("node"),
    items: query.elements(DISCO_ITEMS_NS, "item").map(readItem),
    page: resultSetPage.in(query),
  }),
  write: ({ node, items, page }) =>
    el(
      DISCO_ITEMS_NS,
      "query",
      { node },
      ...items.map((item) =>
        el(DISCO_ITEMS_NS, "item", {
          jid: item.jid.toString(),
          node: item.node,
          name: item.name,
        }),
      ),
      page && resultSetPage.write(page),
    ),
});

function readItem(item: Element): DiscoItem {
  return {
    jid: Jid.parse(requiredAttr(item, "jid")),
    node: item.attr("node"),
    name: item.attr("name"),
  };
}
