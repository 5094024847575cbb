/** What owners of nodes ask of Publish-Subscribe, and its answers: XEP-0060 (1.30.0) §8. */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../../codec.ts";
import { StanzaError } from "../../errors.ts";
import type { Form } from "../../forms.ts";
import type { Jid } from "../../jid.ts";
import { requiredAttr } from "../../reading.ts";
import {
  formIn,
  PUBSUB_OWNER_NS as NS,
  type PubSubAffiliation,
  type PubSubSubscription,
  readAffiliation,
  readSubscription,
  requiredJid,
  requiredNode,
  writeForm,
  writeSubscription,
} from "./parts.ts";

/** What a `<pubsub/>` of an owner asks or is told; `kind` is the name of the element that tells it. */
export type PubSubOwner =
  /** The configuration of a node (§8.2); a request to tell it has no form. */
  | { readonly kind: "configure"; readonly node: string; readonly form?: Form | undefined }
  /** The configuration that nodes begin with (§8.3). */
  | { readonly kind: "default"; readonly form?: Form | undefined }
  /** Delete a node (§8.4); subscribers are told the URI of one that takes its place. */
  | { readonly kind: "delete"; readonly node: string; readonly redirect?: string | undefined }
  /** Delete all items of a node (§8.5). */
  | { readonly kind: "purge"; readonly node: string }
  /** The subscriptions of a node, or those to change (§8.8). */
  | {
      readonly kind: "subscriptions";
      readonly node: string;
      readonly subscriptions: readonly PubSubSubscription[];
    }
  /** The affiliations with a node, or those to change (§8.9). */
  | {
      readonly kind: "affiliations";
      readonly node: string;
      readonly affiliations: readonly {
        readonly jid: Jid;
        readonly affiliation: PubSubAffiliation;
      }[];
    };

/**
 * The `<pubsub/>` of owners.
 *
 * @throws StanzaError `bad-request`, with `nodeid-required` or `jid-required` where that is what is
 * wrong; `jid-malformed`.
 */
export const pubsubOwner: Codec<PubSubOwner> = codec<PubSubOwner>({
  ns: NS,
  name: "pubsub",
  read(pubsub) {
    const asked = pubsub.elements().filter((child) => child.ns === NS && isKind(child.name));
    const [request] = asked;
    if (request === undefined || asked.length > 1) {
      throw new StanzaError("bad-request", `<pubsub/> asks for one thing, not ${asked.length}`);
    }
    return READERS[request.name as PubSubOwner["kind"]](request);
  },
  write: (value) => el(NS, "pubsub", {}, write(value)),
});

function isKind(name: string): name is PubSubOwner["kind"] {
  return Object.hasOwn(READERS, name);
}

const READERS: Readonly<Record<PubSubOwner["kind"], (request: Element) => PubSubOwner>> = {
  configure: (request) => ({
    kind: "configure",
    node: requiredNode(request),
    form: formIn(request),
  }),
  default: (request) => ({ kind: "default", form: formIn(request) }),
  delete: (request) => ({
    kind: "delete",
    node: requiredNode(request),
    redirect: redirectOf(request),
  }),
  purge: (request) => ({ kind: "purge", node: requiredNode(request) }),
  subscriptions: (request) => ({
    kind: "subscriptions",
    node: requiredNode(request),
    subscriptions: request.elements(NS, "subscription").map((element) => {
      requiredAttr(element, "subscription");
      return readSubscription(element);
    }),
  }),
  affiliations: (request) => ({
    kind: "affiliations",
    node: requiredNode(request),
    affiliations: request.elements(NS, "affiliation").map((element) => ({
      jid: requiredJid(element),
      affiliation: readAffiliation(element),
    })),
  }),
};

function redirectOf(element: Element): string | undefined {
  const redirect = element.child(NS, "redirect");
  return redirect && requiredAttr(redirect, "uri");
}

function write(value: PubSubOwner): Element {
  switch (value.kind) {
    case "configure":
      return el(NS, "configure", { node: value.node }, writeForm(value.form));
    case "default":
      return el(NS, "default", {}, writeForm(value.form));
    case "delete": {
      const { node, redirect: uri } = value;
      return el(
        NS,
        "delete",
        { node },
        uri === undefined ? undefined : el(NS, "redirect", { uri }),
      );
    }
    case "purge":
      return el(NS, "purge", { node: value.node });
    case "subscriptions":
      return el(
        NS,
        "subscriptions",
        { node: value.node },
        ...value.subscriptions.map((one) => writeSubscription(NS, one)),
      );
    case "affiliations":
      return el(
        NS,
        "affiliations",
        { node: value.node },
        ...value.affiliations.map(({ jid, affiliation }) =>
          el(NS, "affiliation", { jid: jid.toString(), affiliation }),
        ),
      );
  }
}
