/** The elements of Bind 2 (XEP-0386 1.1.0). */
import { type Codec, codec } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";

/** The namespace of Bind 2. */
export const BIND2_NS = "urn:xmpp:bind:0";

/** `<bind/>` within the offer of SASL2: the features that can be switched on with it (§3.1). */
export const bind2Offer: Codec<readonly string[]> = codec<readonly string[]>({
  ns: BIND2_NS,
  name: "bind",
  read: (element) =>
    element
      .child(BIND2_NS, "inline")
      ?.elements(BIND2_NS, "feature")
      .map((feature) => feature.attr("var") ?? "") ?? [],
  write: (features) =>
    el(
      BIND2_NS,
      "bind",
      {},
      features.length > 0
        ? el(
            BIND2_NS,
            "inline",
            {},
            ...features.map((name) => el(BIND2_NS, "feature", { var: name })),
          )
        : undefined,
    ),
});

/** What a client asks for (§3.2). */
export interface Bind2Request {
  /** A short text that says what program this is; others can see it in the resource. */
  readonly tag?: string | undefined;
  /** What is to be switched on: all elements of other namespaces. */
  readonly features: readonly Element[];
}

/** `<bind/>` within `<authenticate/>`. */
export const bind2Request: Codec<Bind2Request> = codec<Bind2Request>({
  ns: BIND2_NS,
  name: "bind",
  read: (element) => ({
    tag: element.child(BIND2_NS, "tag")?.text || undefined,
    features: element.elements().filter((child) => child.ns !== BIND2_NS),
  }),
  write: ({ tag, features }) =>
    el(
      BIND2_NS,
      "bind",
      {},
      tag === undefined ? undefined : el(BIND2_NS, "tag", {}, tag),
      ...features,
    ),
});

/** `<bound/>` within `<success/>`: what the features answer (§3.2). */
export const bind2Bound: Codec<readonly Element[]> = codec<readonly Element[]>({
  ns: BIND2_NS,
  name: "bound",
  read: (element) => element.elements(),
  write: (answers) => el(BIND2_NS, "bound", {}, ...answers),
});
