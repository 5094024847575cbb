/** Flexible Offline Message Retrieval: XEP-0013 (1.3). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { defineForm } from "../form-definition.ts";
import type { Form } from "../forms.ts";
import { quoted, readCount, requiredAttr } from "../reading.ts";

/** The namespace, which is also the feature, the node of service discovery and the FORM_TYPE there. */
export const OFFLINE_NS = "http://jabber.org/protocol/offline";

/** What a client wants of its offline messages (XEP-0013 §2.4 to §2.7). */
export type OfflineRequest =
  /** To get or delete those of these nodes; never empty, each once. */
  | { readonly action: "view" | "remove"; readonly nodes: readonly string[] }
  /** To get or delete all. */
  | { readonly action: "fetch" | "purge" };

/** The `<offline/>` of an IQ. @throws StanzaError `bad-request` unless it asks for one thing. */
export const offlineRequest: Codec<OfflineRequest> = codec<OfflineRequest>({
  ns: OFFLINE_NS,
  name: "offline",
  read(offline) {
    const asked = offline.elements().filter((child) => child.ns === OFFLINE_NS);
    const actions = new Set(asked.map(actionOf));
    const [action] = actions;
    if (action === undefined || actions.size > 1) {
      throw new StanzaError(
        "bad-request",
        "<offline/> needs items to view or to remove, or an order",
      );
    }
    if (action === "fetch" || action === "purge") return { action };
    return { action, nodes: [...new Set(asked.map((item) => requiredAttr(item, "node")))] };
  },
  write: (request) =>
    el(
      OFFLINE_NS,
      "offline",
      {},
      ...("nodes" in request
        ? request.nodes.map((node) => el(OFFLINE_NS, "item", { action: request.action, node }))
        : [el(OFFLINE_NS, request.action)]),
    ),
});

/** Which offline message this was. */
export interface OfflineItem {
  readonly node: string;
}

/** The `<offline/>` of a message that was asked for (XEP-0013 §2.4). @throws StanzaError `bad-request` */
export const offlineItem: Codec<OfflineItem> = codec<OfflineItem>({
  ns: OFFLINE_NS,
  name: "offline",
  read(offline) {
    const item = offline.child(OFFLINE_NS, "item");
    if (item !== undefined) return { node: requiredAttr(item, "node") };
    throw new StanzaError("bad-request", "<offline/> of a message needs an <item/>");
  },
  write: ({ node }) => el(OFFLINE_NS, "offline", {}, el(OFFLINE_NS, "item", { node })),
});

/** The form that tells in service discovery how many messages there are (XEP-0013 §2.2). */
export function offlineCountForm(count: number): Form {
  return countForm.result({ number_of_messages: count.toString() });
}

/** Reads such a form. @throws StanzaError `bad-request` for another form, or one without a number. */
export function readOfflineCount(form: Form): number {
  return readCount(countForm.read(form).number_of_messages ?? "", '"number_of_messages"');
}

const countForm = defineForm({
  formType: OFFLINE_NS,
  fields: { number_of_messages: { type: "text-single" } },
});

function actionOf(element: Element): OfflineRequest["action"] {
  if (element.name === "fetch" || element.name === "purge") return element.name;
  const action = element.name === "item" ? element.attr("action") : element.name;
  if (element.name === "item" && (action === "view" || action === "remove")) return action;
  throw new StanzaError(
    "bad-request",
    `${quoted(action ?? "")} cannot be done to offline messages`,
  );
}
