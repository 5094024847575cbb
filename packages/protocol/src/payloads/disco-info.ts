/** Service discovery, what an entity is and can: XEP-0030 (2.5.0), extended by XEP-0128 (1.0.1). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { dataForm, type Form } from "../forms.ts";
import { requiredAttr } from "../reading.ts";

/** The namespace, which is also the feature that every entity has (XEP-0030 §3.1). */
export const DISCO_INFO_NS = "http://jabber.org/protocol/disco#info";

/** What an entity is (XEP-0030 §3.1), such as `server`/`im`. */
export interface DiscoIdentity {
  readonly category: string;
  readonly type: string;
  /** A name for people. */
  readonly name?: string | undefined;
  /** The language of the name. */
  readonly lang?: string | undefined;
}

/** The `<query/>` of a request, then with a node only, or of an answer. */
export interface DiscoInfo {
  /** An answer repeats the node of the request (XEP-0030 §3.2). */
  readonly node?: string | undefined;
  readonly identities: readonly DiscoIdentity[];
  /** Namespaces and other names of what the entity supports. */
  readonly features: readonly string[];
  /** Further information by FORM_TYPE (XEP-0128); anyone may see it. */
  readonly forms: readonly Form[];
}

/**
 * The `<query/>` of disco#info.
 *
 * @throws StanzaError `bad-request` for an identity without category or type, or a feature without
 * `var`.
 */
export const discoInfo: Codec<DiscoInfo> = codec<DiscoInfo>({
  ns: DISCO_INFO_NS,
  name: "query",
  read: (query) => ({
    node: query.attr("node"),
    identities: query.elements(DISCO_INFO_NS, "identity").map(readIdentity),
    features: query
      .elements(DISCO_INFO_NS, "feature")
      .map((feature) => requiredAttr(feature, "var")),
    forms: query.elements(dataForm.ns, dataForm.name).map(dataForm.read),
  }),
  write: ({ node, identities, features, forms }) =>
    el(
      DISCO_INFO_NS,
      "query",
      { node },
      ...identities.map(writeIdentity),
      ...features.map((feature) => el(DISCO_INFO_NS, "feature", { var: feature })),
      ...forms.map(dataForm.write),
    ),
});

function readIdentity(identity: Element): DiscoIdentity {
  return {
    category: requiredAttr(identity, "category"),
    type: requiredAttr(identity, "type"),
    name: identity.attr("name"),
    lang: identity.attr("xml:lang"),
  };
}

function writeIdentity({ category, type, name, lang }: DiscoIdentity): Element {
  return el(DISCO_INFO_NS, "identity", { category, type, name, "xml:lang": lang });
}
