/** What the requests, answers and events of Publish-Subscribe have in common: XEP-0060 (1.30.0). */
import { type Element, el } from "@rookery/xml";
import { formatDateTime, parseDateTime } from "../../datetime.ts";
import { StanzaError } from "../../errors.ts";
import { dataForm, type Form } from "../../forms.ts";
import { Jid } from "../../jid.ts";
import { quoted } from "../../reading.ts";
import { pubsubError } from "./errors.ts";

/** The namespace of what subscribers and publishers ask, which is also the feature. */
export const PUBSUB_NS = "http://jabber.org/protocol/pubsub";
/** The namespace of what owners ask. */
export const PUBSUB_OWNER_NS = "http://jabber.org/protocol/pubsub#owner";
/** The namespace of notifications. */
export const PUBSUB_EVENT_NS = "http://jabber.org/protocol/pubsub#event";

/** XEP-0060 §4.1. */
export type PubSubAffiliation =
  | "member"
  | "none"
  | "outcast"
  | "owner"
  | "publish-only"
  | "publisher";
/** XEP-0060 §4.2. */
export type PubSubSubscriptionState = "none" | "pending" | "subscribed" | "unconfigured";

/** An item of a node (XEP-0060 §7.1). */
export interface PubSubItem {
  /** Absent where the service shall make one. */
  readonly id?: string | undefined;
  /** Who published it, where the service tells (§12.17). */
  readonly publisher?: string | undefined;
  /** What was published; absent where the item only notifies or is asked for. */
  readonly payload?: Element | undefined;
}

/** A subscription (XEP-0060 §4.2). */
export interface PubSubSubscription {
  /** Absent where the context tells it, and for the root of all nodes. */
  readonly node?: string | undefined;
  readonly jid: Jid;
  /** Tells several subscriptions of one address apart (§6.1.6). */
  readonly subId?: string | undefined;
  readonly state?: PubSubSubscriptionState | undefined;
  /** When it ends (§12.19), in milliseconds since 1970-01-01T00:00:00Z. */
  readonly expiry?: number | undefined;
}

/** The node of an element, or undefined if it names none; an empty name is none. */
export function nodeOf(element: Element): string | undefined {
  return element.attr("node") || undefined;
}

/** The node of an element. @throws StanzaError `bad-request` with `nodeid-required` */
export function requiredNode(element: Element): string {
  const node = nodeOf(element);
  if (node !== undefined) return node;
  throw pubsubError("nodeid-required", `<${element.name}/> needs the attribute "node"`);
}

/** The address of an element. @throws StanzaError `bad-request` with `jid-required`, `jid-malformed` */
export function requiredJid(element: Element): Jid {
  const jid = element.attr("jid");
  if (jid !== undefined) return Jid.parse(jid);
  throw pubsubError("jid-required", `<${element.name}/> needs the attribute "jid"`);
}

/** The ids of the items of an element. @throws StanzaError `bad-request` with `item-required` */
export function itemIdsOf(parent: Element, name = "item"): readonly string[] {
  return parent.elements(parent.ns, name).map((item) => {
    const id = item.attr("id");
    if (id) return id;
    throw pubsubError("item-required", `<${name}/> of <${parent.name}/> needs the attribute "id"`);
  });
}

/** The items of an element. @throws StanzaError `bad-request` with `invalid-payload` for two payloads. */
export function itemsOf(parent: Element): readonly PubSubItem[] {
  return parent.elements(parent.ns, "item").map((item) => {
    const [payload, ...others] = item.elements();
    if (others.length > 0) {
      throw pubsubError("invalid-payload", `an item has one payload, not ${others.length + 1}`);
    }
    return { id: item.attr("id") || undefined, publisher: item.attr("publisher"), payload };
  });
}

/** Writes an item, or only its id. */
export function writeItem(ns: string, { id, publisher, payload }: PubSubItem): Element {
  return el(ns, "item", { id, publisher }, payload);
}

/** The form inside an element, if it has one. */
export function formIn(element: Element | undefined): Form | undefined {
  return element && dataForm.in(element);
}

/** The form inside an element that is about nothing else. @throws StanzaError `bad-request` */
export function requiredForm(element: Element | undefined): Form | undefined {
  if (element === undefined) return undefined;
  const form = dataForm.in(element);
  if (form !== undefined) return form;
  throw new StanzaError("bad-request", `<${element.name}/> needs a data form`);
}

/** Writes a form, if there is one. */
export function writeForm(form: Form | undefined): Element | undefined {
  return form && dataForm.write(form);
}

/** @throws StanzaError `bad-request`, also for a state that XEP-0060 does not have. */
export function readSubscription(element: Element): PubSubSubscription {
  const expiry = element.attr("expiry");
  return {
    node: nodeOf(element),
    jid: requiredJid(element),
    subId: element.attr("subid"),
    state: readState(element.attr("subscription")),
    expiry: expiry === undefined ? undefined : parseDateTime(expiry),
  };
}

/** Writes a subscription. */
export function writeSubscription(
  ns: string,
  { node, jid, subId, state, expiry }: PubSubSubscription,
  ...children: readonly (Element | undefined)[]
): Element {
  return el(
    ns,
    "subscription",
    {
      node,
      jid: jid.toString(),
      subid: subId,
      subscription: state,
      expiry: expiry === undefined ? undefined : formatDateTime(expiry),
    },
    ...children,
  );
}

/** @throws StanzaError `bad-request` for what XEP-0060 §4.1 does not have. */
export function readAffiliation(element: Element): PubSubAffiliation {
  const text = element.attr("affiliation");
  switch (text) {
    case "member":
    case "none":
    case "outcast":
    case "owner":
    case "publish-only":
    case "publisher":
      return text;
    default:
      throw new StanzaError("bad-request", `${quoted(text ?? "")} is not an affiliation`);
  }
}

function readState(text: string | undefined): PubSubSubscriptionState | undefined {
  switch (text) {
    case undefined:
    case "none":
    case "pending":
    case "subscribed":
    case "unconfigured":
      return text;
    default:
      throw new StanzaError("bad-request", `${quoted(text)} is not a state of a subscription`);
  }
}
