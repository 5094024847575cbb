/** What Publish-Subscribe tells subscribers: XEP-0060 (1.30.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../../codec.ts";
import { StanzaError } from "../../errors.ts";
import type { Form } from "../../forms.ts";
import { requiredAttr } from "../../reading.ts";
import {
  formIn,
  itemIdsOf,
  itemsOf,
  PUBSUB_EVENT_NS as NS,
  nodeOf,
  type PubSubItem,
  type PubSubSubscription,
  readSubscription,
  requiredNode,
  writeForm,
  writeItem,
  writeSubscription,
} from "./parts.ts";

/** What an `<event/>` tells; `kind` is the name of the element that tells it. */
export type PubSubEvent =
  /** Items were published (§7.1.2), or deleted (§7.2.2). */
  | {
      readonly kind: "items";
      readonly node: string;
      readonly items: readonly PubSubItem[];
      readonly retracted: readonly string[];
    }
  /** All items were deleted (§8.5.2). */
  | { readonly kind: "purge"; readonly node: string }
  /** The node was deleted (§8.4.2), and a URI tells what takes its place. */
  | { readonly kind: "delete"; readonly node: string; readonly redirect?: string | undefined }
  /** The node was configured anew (§8.2.5), with the form if payloads are told. */
  | {
      readonly kind: "configuration";
      readonly node?: string | undefined;
      readonly form?: Form | undefined;
    }
  /** How a subscription stands (§8.6, §12.14). */
  | { readonly kind: "subscription"; readonly subscription: PubSubSubscription };

/** The `<event/>` of a message. @throws StanzaError `bad-request`, `jid-malformed` */
export const pubsubEvent: Codec<PubSubEvent> = codec<PubSubEvent>({
  ns: NS,
  name: "event",
  read(event) {
    const told = event.elements().find((child) => child.ns === NS && isKind(child.name));
    if (told !== undefined) return READERS[told.name as PubSubEvent["kind"]](told);
    throw new StanzaError("bad-request", "<event/> is empty, or tells what is not understood");
  },
  write: (event) => el(NS, "event", {}, write(event)),
});

function isKind(name: string): name is PubSubEvent["kind"] {
  return Object.hasOwn(READERS, name);
}

const READERS: Readonly<Record<PubSubEvent["kind"], (told: Element) => PubSubEvent>> = {
  items: (told) => ({
    kind: "items",
    node: requiredNode(told),
    items: itemsOf(told),
    retracted: itemIdsOf(told, "retract"),
  }),
  purge: (told) => ({ kind: "purge", node: requiredNode(told) }),
  delete(told) {
    const redirect = told.child(NS, "redirect");
    return {
      kind: "delete",
      node: requiredNode(told),
      redirect: redirect && requiredAttr(redirect, "uri"),
    };
  },
  configuration: (told) => ({ kind: "configuration", node: nodeOf(told), form: formIn(told) }),
  subscription: (told) => ({ kind: "subscription", subscription: readSubscription(told) }),
};

function write(event: PubSubEvent): Element {
  switch (event.kind) {
    case "items":
      return el(
        NS,
        "items",
        { node: event.node },
        ...event.retracted.map((id) => el(NS, "retract", { id })),
        ...event.items.map((item) => writeItem(NS, item)),
      );
    case "purge":
      return el(NS, "purge", { node: event.node });
    case "delete": {
      const { node, redirect: uri } = event;
      return el(
        NS,
        "delete",
        { node },
        uri === undefined ? undefined : el(NS, "redirect", { uri }),
      );
    }
    case "configuration":
      return el(NS, "configuration", { node: event.node }, writeForm(event.form));
    case "subscription":
      return writeSubscription(NS, event.subscription);
  }
}
