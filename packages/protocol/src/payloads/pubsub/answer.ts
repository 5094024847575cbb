/** What Publish-Subscribe answers subscribers and publishers: XEP-0060 (1.30.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../../codec.ts";
import { StanzaError } from "../../errors.ts";
import type { Form } from "../../forms.ts";
import type { Jid } from "../../jid.ts";
import { type ResultSetPage, resultSetPage } from "../../rsm.ts";
import {
  formIn,
  itemIdsOf,
  itemsOf,
  nodeOf,
  PUBSUB_NS,
  type PubSubAffiliation,
  type PubSubItem,
  type PubSubSubscription,
  readAffiliation,
  readSubscription,
  requiredJid,
  requiredNode,
  writeForm,
  writeItem,
  writeSubscription,
} from "./parts.ts";

/** What a `<pubsub/>` answers; `kind` is the name of the element that tells it. */
export type PubSubAnswer =
  /** A node was created, of this name (§8.1.2). */
  | { readonly kind: "create"; readonly node: string }
  /** How a subscription stands (§6.1.2); `options` tells that there are some, or that they must be set (§6.3.1). */
  | {
      readonly kind: "subscription";
      readonly subscription: PubSubSubscription;
      readonly options?: "possible" | "required" | undefined;
    }
  /** The subscriptions of who asks (§5.6). */
  | {
      readonly kind: "subscriptions";
      readonly node?: string | undefined;
      readonly subscriptions: readonly PubSubSubscription[];
    }
  /** The affiliations of who asks (§5.7). */
  | {
      readonly kind: "affiliations";
      readonly node?: string | undefined;
      readonly affiliations: readonly {
        readonly node: string;
        readonly affiliation: PubSubAffiliation;
      }[];
    }
  /** Items (§6.5.3), and which part of all they are. */
  | {
      readonly kind: "items";
      readonly node: string;
      readonly items: readonly PubSubItem[];
      readonly page?: ResultSetPage | undefined;
    }
  /** The ids of what was published (§7.1.2). */
  | { readonly kind: "publish"; readonly node: string; readonly itemIds: readonly string[] }
  /** The options of a subscription (§6.3.3). */
  | {
      readonly kind: "options";
      readonly node?: string | undefined;
      readonly jid: Jid;
      readonly subId?: string | undefined;
      readonly form?: Form | undefined;
    }
  /** The options that a subscription begins with (§6.4). */
  | {
      readonly kind: "default";
      readonly node?: string | undefined;
      readonly form?: Form | undefined;
    };

/** The `<pubsub/>` of an IQ that answers. @throws StanzaError `bad-request`, `jid-malformed` */
export const pubsubAnswer: Codec<PubSubAnswer> = codec<PubSubAnswer>({
  ns: PUBSUB_NS,
  name: "pubsub",
  read(pubsub) {
    const answer = pubsub.elements().find((child) => child.ns === PUBSUB_NS && isKind(child.name));
    if (answer !== undefined) return READERS[answer.name as PubSubAnswer["kind"]](answer, pubsub);
    throw new StanzaError(
      "bad-request",
      "<pubsub/> is empty, or answers what XEP-0060 does not have",
    );
  },
  write: (answer) => el(PUBSUB_NS, "pubsub", {}, ...write(answer)),
});

function isKind(name: string): name is PubSubAnswer["kind"] {
  return Object.hasOwn(READERS, name);
}

type Reader = (answer: Element, pubsub: Element) => PubSubAnswer;

const READERS: Readonly<Record<PubSubAnswer["kind"], Reader>> = {
  create: (answer) => ({ kind: "create", node: requiredNode(answer) }),
  subscription: (answer) => ({
    kind: "subscription",
    subscription: readSubscription(answer),
    options: readOptions(answer.child(PUBSUB_NS, "subscribe-options")),
  }),
  subscriptions: (answer) => ({
    kind: "subscriptions",
    node: nodeOf(answer),
    subscriptions: answer.elements(PUBSUB_NS, "subscription").map(readSubscription),
  }),
  affiliations: (answer) => ({
    kind: "affiliations",
    node: nodeOf(answer),
    affiliations: answer.elements(PUBSUB_NS, "affiliation").map((element) => ({
      node: nodeOf(element) ?? requiredNode(answer),
      affiliation: readAffiliation(element),
    })),
  }),
  items: (answer, pubsub) => ({
    kind: "items",
    node: requiredNode(answer),
    items: itemsOf(answer),
    page: resultSetPage.in(pubsub),
  }),
  publish: (answer) => ({
    kind: "publish",
    node: requiredNode(answer),
    itemIds: itemIdsOf(answer),
  }),
  options: (answer) => ({
    kind: "options",
    node: nodeOf(answer),
    jid: requiredJid(answer),
    subId: answer.attr("subid"),
    form: formIn(answer),
  }),
  default: (answer) => ({ kind: "default", node: nodeOf(answer), form: formIn(answer) }),
};

function readOptions(element: Element | undefined): "possible" | "required" | undefined {
  if (element === undefined) return undefined;
  return element.child(PUBSUB_NS, "required") ? "required" : "possible";
}

function write(answer: PubSubAnswer): readonly (Element | undefined)[] {
  switch (answer.kind) {
    case "subscription":
      return [writeSubscription(PUBSUB_NS, answer.subscription, writeOptions(answer.options))];
    case "subscriptions":
      return [
        part(answer, {}, ...answer.subscriptions.map((one) => writeSubscription(PUBSUB_NS, one))),
      ];
    case "affiliations":
      return [
        part(
          answer,
          {},
          ...answer.affiliations.map(({ node, affiliation }) =>
            el(PUBSUB_NS, "affiliation", { node, affiliation }),
          ),
        ),
      ];
    case "items":
      return [
        part(answer, {}, ...answer.items.map((item) => writeItem(PUBSUB_NS, item))),
        answer.page && resultSetPage.write(answer.page),
      ];
    case "publish":
      return [part(answer, {}, ...answer.itemIds.map((id) => writeItem(PUBSUB_NS, { id })))];
    case "options":
      return [
        part(answer, { jid: answer.jid.toString(), subid: answer.subId }, writeForm(answer.form)),
      ];
    case "default":
      return [part(answer, {}, writeForm(answer.form))];
    case "create":
      return [part(answer, {})];
  }
}

function part(
  { kind, node }: { readonly kind: string; readonly node?: string | undefined },
  attrs: Record<string, string | undefined>,
  ...children: (Element | undefined)[]
): Element {
  return el(PUBSUB_NS, kind, { node, ...attrs }, ...children);
}

function writeOptions(options: "possible" | "required" | undefined): Element | undefined {
  if (options === undefined) return undefined;
  const required = options === "required" ? el(PUBSUB_NS, "required") : undefined;
  return el(PUBSUB_NS, "subscribe-options", {}, required);
}
