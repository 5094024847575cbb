/** What subscribers and publishers ask of Publish-Subscribe: XEP-0060 (1.30.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../../codec.ts";
import { StanzaError } from "../../errors.ts";
import type { Form } from "../../forms.ts";
import type { Jid } from "../../jid.ts";
import { quoted, readBoolean, readCount } from "../../reading.ts";
import { type ResultSetRequest, resultSetRequest } from "../../rsm.ts";
import { pubsubError } from "./errors.ts";
import {
  formIn,
  itemIdsOf,
  itemsOf,
  nodeOf,
  PUBSUB_NS,
  type PubSubItem,
  requiredForm,
  requiredJid,
  requiredNode,
  writeForm,
  writeItem,
} from "./parts.ts";

/** What a `<pubsub/>` asks; `kind` is the name of the element that tells it. */
export type PubSubRequest =
  /** Create a node (§8.1); without a name the service makes one. */
  | {
      readonly kind: "create";
      readonly node?: string | undefined;
      readonly configure?: Form | undefined;
    }
  /** Subscribe (§6.1), with options (§6.3.7). */
  | {
      readonly kind: "subscribe";
      readonly node?: string | undefined;
      readonly jid: Jid;
      readonly options?: Form | undefined;
    }
  /** End a subscription (§6.2). */
  | {
      readonly kind: "unsubscribe";
      readonly node?: string | undefined;
      readonly jid: Jid;
      readonly subId?: string | undefined;
    }
  /** Tell the options of a subscription, or set them by the form (§6.3). */
  | {
      readonly kind: "options";
      readonly node?: string | undefined;
      readonly jid: Jid;
      readonly subId?: string | undefined;
      readonly form?: Form | undefined;
    }
  /** Publish (§7.1), if the node is as the options say (§7.1.5). */
  | {
      readonly kind: "publish";
      readonly node: string;
      readonly items: readonly PubSubItem[];
      readonly options?: Form | undefined;
    }
  /** Delete items (§7.2), at least one; `notify` tells the subscribers. */
  | {
      readonly kind: "retract";
      readonly node: string;
      readonly itemIds: readonly string[];
      readonly notify: boolean;
    }
  /** Tell items (§6.5): those of the ids, or the newest, or a page of all. */
  | {
      readonly kind: "items";
      readonly node: string;
      readonly itemIds: readonly string[];
      readonly maxItems?: number | undefined;
      readonly subId?: string | undefined;
      readonly page?: ResultSetRequest | undefined;
    }
  /** Tell my subscriptions (§5.6), my affiliations (§5.7), the options that a subscription begins with (§6.4). */
  | {
      readonly kind: "subscriptions" | "affiliations" | "default";
      readonly node?: string | undefined;
    };

/**
 * The `<pubsub/>` of an IQ that asks.
 *
 * @throws StanzaError `bad-request`, with `nodeid-required`, `jid-required`, `item-required` or
 * `invalid-payload` where that is what is wrong; `jid-malformed`.
 */
export const pubsubRequest: Codec<PubSubRequest> = codec<PubSubRequest>({
  ns: PUBSUB_NS,
  name: "pubsub",
  read(pubsub) {
    const isSubscribing = pubsub.child(PUBSUB_NS, "subscribe") !== undefined;
    const asked = pubsub.elements().filter((child) => {
      if (child.ns !== PUBSUB_NS || !isKind(child.name)) return false;
      return !(isSubscribing && child.name === "options");
    });
    const [request] = asked;
    if (request === undefined || asked.length > 1) {
      throw new StanzaError("bad-request", `<pubsub/> asks for one thing, not ${asked.length}`);
    }
    return READERS[request.name as PubSubRequest["kind"]](request, pubsub);
  },
  write: (request) => el(PUBSUB_NS, "pubsub", {}, ...write(request)),
});

function isKind(name: string): name is PubSubRequest["kind"] {
  return Object.hasOwn(READERS, name);
}

type Reader = (request: Element, pubsub: Element) => PubSubRequest;

const READERS: Readonly<Record<PubSubRequest["kind"], Reader>> = {
  create: (request, pubsub) => ({
    kind: "create",
    node: nodeOf(request),
    // XEP-0060 §8.1.3: an empty <configure/> asks for the default, as its absence does
    configure: formIn(pubsub.child(PUBSUB_NS, "configure")),
  }),
  subscribe: (request, pubsub) => ({
    kind: "subscribe",
    node: nodeOf(request),
    jid: requiredJid(request),
    options: requiredForm(pubsub.child(PUBSUB_NS, "options")),
  }),
  unsubscribe: (request) => ({
    kind: "unsubscribe",
    node: nodeOf(request),
    jid: requiredJid(request),
    subId: request.attr("subid"),
  }),
  options: (request) => ({
    kind: "options",
    node: nodeOf(request),
    jid: requiredJid(request),
    subId: request.attr("subid"),
    form: formIn(request),
  }),
  publish: (request, pubsub) => ({
    kind: "publish",
    node: requiredNode(request),
    items: itemsOf(request),
    options: requiredForm(pubsub.child(PUBSUB_NS, "publish-options")),
  }),
  retract(request) {
    const node = requiredNode(request);
    const itemIds = itemIdsOf(request);
    if (itemIds.length > 0) return { kind: "retract", node, itemIds, notify: readNotify(request) };
    throw pubsubError("item-required", "<retract/> names what to delete by <item id='…'/>");
  },
  items: (request, pubsub) => ({
    kind: "items",
    node: requiredNode(request),
    itemIds: itemIdsOf(request),
    maxItems: readMaxItems(request.attr("max_items")),
    subId: request.attr("subid"),
    page: resultSetRequest.in(pubsub),
  }),
  subscriptions: (request) => ({ kind: "subscriptions", node: nodeOf(request) }),
  affiliations: (request) => ({ kind: "affiliations", node: nodeOf(request) }),
  default: (request) => ({ kind: "default", node: nodeOf(request) }),
};

function readNotify(request: Element): boolean {
  const text = request.attr("notify");
  const notify = text === undefined ? false : readBoolean(text);
  if (notify !== undefined) return notify;
  throw new StanzaError("bad-request", `"notify" is true or false, not ${quoted(text ?? "")}`);
}

function readMaxItems(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = readCount(text, '"max_items"');
  if (count > 0) return count;
  throw new StanzaError("bad-request", '"max_items" is at least 1; leave it out to get all items');
}

function write(request: PubSubRequest): readonly (Element | undefined)[] {
  const { kind, node } = request;
  const part = (attrs: Record<string, string | undefined>, ...children: (Element | undefined)[]) =>
    el(PUBSUB_NS, kind, { node, ...attrs }, ...children);
  const withForm = (name: string, form: Form | undefined) =>
    form && el(PUBSUB_NS, name, {}, writeForm(form));
  switch (kind) {
    case "create":
      return [part({}), withForm("configure", request.configure)];
    case "subscribe":
      return [part({ jid: request.jid.toString() }), withForm("options", request.options)];
    case "unsubscribe":
      return [part({ jid: request.jid.toString(), subid: request.subId })];
    case "options":
      return [part({ jid: request.jid.toString(), subid: request.subId }, writeForm(request.form))];
    case "publish":
      return [
        part({}, ...request.items.map((item) => writeItem(PUBSUB_NS, item))),
        withForm("publish-options", request.options),
      ];
    case "retract":
      return [part({ notify: request.notify ? "true" : undefined }, ...items(request.itemIds))];
    case "items":
      return [
        part(
          { max_items: request.maxItems?.toString(), subid: request.subId },
          ...items(request.itemIds),
        ),
        request.page && resultSetRequest.write(request.page),
      ];
    case "subscriptions":
    case "affiliations":
    case "default":
      return [part({})];
  }
}

function items(ids: readonly string[]): Element[] {
  return ids.map((id) => writeItem(PUBSUB_NS, { id }));
}
