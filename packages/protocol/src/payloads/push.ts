/** Push Notifications: XEP-0357 (0.4.1). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { defineForm } from "../form-definition.ts";
import { dataForm, type Form, formTypeOf } from "../forms.ts";
import { Jid } from "../jid.ts";
import { readCount, requiredAttr } from "../reading.ts";

/** The namespace, which is also the feature of accounts and of push services. */
export const PUSH_NS = "urn:xmpp:push:0";

/** Where a client wants to be notified (XEP-0357 §5). */
export interface PushEnable {
  /** The push service. */
  readonly jid: Jid;
  /** The node there; with the service it names the registration. */
  readonly node: string;
  /** What is to accompany each publication, such as a secret. */
  readonly options?: Form | undefined;
}

/** The `<enable/>`. @throws StanzaError `bad-request` without `jid` or `node`, `jid-malformed`. */
export const pushEnable: Codec<PushEnable> = codec<PushEnable>({
  ns: PUSH_NS,
  name: "enable",
  read: (element) => ({
    jid: Jid.parse(requiredAttr(element, "jid")),
    node: requiredAttr(element, "node"),
    options: dataForm.in(element),
  }),
  write: ({ jid, node, options }) =>
    el(PUSH_NS, "enable", { jid: jid.toString(), node }, options && dataForm.write(options)),
});

/** Where a client no longer wants to be notified (XEP-0357 §6). */
export interface PushDisable {
  readonly jid: Jid;
  /** All nodes of the service if it is absent. */
  readonly node?: string | undefined;
}

/** The `<disable/>`. @throws StanzaError `bad-request` without `jid`, `jid-malformed`. */
export const pushDisable: Codec<PushDisable> = codec<PushDisable>({
  ns: PUSH_NS,
  name: "disable",
  read: (element) => ({
    jid: Jid.parse(requiredAttr(element, "jid")),
    node: element.attr("node"),
  }),
  write: ({ jid, node }) => el(PUSH_NS, "disable", { jid: jid.toString(), node }),
});

/** What a push service may be told (XEP-0357 §7); each is private, and none has to be told (§9). */
export interface PushSummary {
  readonly messageCount?: number | undefined;
  readonly pendingSubscriptionCount?: number | undefined;
  readonly lastMessageSender?: Jid | undefined;
  readonly lastMessageBody?: string | undefined;
}

/** The payload of the item that is published. */
export interface PushNotification {
  readonly summary?: PushSummary | undefined;
  /** Elements of other namespaces. */
  readonly additional: readonly Element[];
}

/**
 * The `<notification/>`. A form that does not tell its type, as in the examples of XEP-0357, is read
 * as submitted; one that is no summary is left out.
 *
 * @throws StanzaError `bad-request` or `not-acceptable` for a summary with malformed values.
 */
export const pushNotification: Codec<PushNotification> = codec<PushNotification>({
  ns: PUSH_NS,
  name: "notification",
  read(notification) {
    const form = notification.child(dataForm.ns, dataForm.name);
    return {
      summary: form && readSummary(form),
      additional: notification.elements().filter((child) => !child.is(dataForm.ns)),
    };
  },
  write: ({ summary, additional }) =>
    el(PUSH_NS, "notification", {}, summary && writeSummary(summary), ...additional),
});

/** That a push service will not take any more of a registration (XEP-0357 §8). */
export interface PushWithdrawal {
  readonly node: string;
  /** The account. */
  readonly jid: Jid;
}

/**
 * The withdrawal inside a message of a push service, or undefined. Its `<pubsub/>` is not one of
 * XEP-0060: it has an affiliation of `none` directly inside. What is malformed is none.
 */
export function pushWithdrawalIn(message: {
  readonly children: Element["children"];
}): PushWithdrawal | undefined {
  for (const pubsub of message.children) {
    if (typeof pubsub === "string" || !pubsub.is(PUBSUB, "pubsub")) continue;
    const affiliation = pubsub.child(PUBSUB, "affiliation");
    const node = pubsub.attr("node");
    const jid = Jid.tryParse(affiliation?.attr("jid") ?? "");
    if (node && jid && affiliation?.attr("affiliation") === "none") return { node, jid };
  }
  return undefined;
}

/** Writes what {@link pushWithdrawalIn} reads. */
export function writePushWithdrawal({ node, jid }: PushWithdrawal): Element {
  return el(
    PUBSUB,
    "pubsub",
    { node },
    el(PUBSUB, "affiliation", { jid: jid.toString(), affiliation: "none" }),
  );
}

const PUBSUB = "http://jabber.org/protocol/pubsub";

const summaryForm = defineForm({
  formType: "urn:xmpp:push:summary",
  fields: {
    "message-count": { type: "text-single" },
    "pending-subscription-count": { type: "text-single" },
    "last-message-sender": { type: "jid-single" },
    "last-message-body": { type: "text-single" },
  },
});

function readSummary(x: Element): PushSummary | undefined {
  const form = dataForm.read(x.attr("type") === undefined ? x.withAttrs({ type: "submit" }) : x);
  if (formTypeOf(form) !== summaryForm.formType) return undefined;
  const values = summaryForm.read(form);
  return {
    messageCount: count(values["message-count"], "message-count"),
    pendingSubscriptionCount: count(
      values["pending-subscription-count"],
      "pending-subscription-count",
    ),
    lastMessageSender: values["last-message-sender"],
    lastMessageBody: values["last-message-body"],
  };
}

function count(text: string | undefined, name: string): number | undefined {
  return text ? readCount(text, `"${name}"`) : undefined;
}

function writeSummary(summary: PushSummary): Element {
  const { messageCount, pendingSubscriptionCount, lastMessageSender, lastMessageBody } = summary;
  return dataForm.write(
    summaryForm.submit({
      ...(messageCount !== undefined && { "message-count": messageCount.toString() }),
      ...(pendingSubscriptionCount !== undefined && {
        "pending-subscription-count": pendingSubscriptionCount.toString(),
      }),
      ...(lastMessageSender && { "last-message-sender": lastMessageSender }),
      ...(lastMessageBody !== undefined && { "last-message-body": lastMessageBody }),
    }),
  );
}
