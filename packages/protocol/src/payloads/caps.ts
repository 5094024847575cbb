/** Entity Capabilities: XEP-0115 (1.6.0). */
import { el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { type Form, formTypeOf } from "../forms.ts";
import { requiredAttr } from "../reading.ts";
import type { DiscoInfo } from "./disco-info.ts";

const CAPS_NS = "http://jabber.org/protocol/caps";

/** What presence says about the sender's capabilities (XEP-0115 §4). */
export interface EntityCaps {
  /** The hash function by its name, such as `sha-1`; absent in the format before version 1.4. */
  readonly hash?: string | undefined;
  /** A URI of the software. Information is asked for at the node `node#ver`. */
  readonly node: string;
  /** The verification string: see {@link capsInput}. */
  readonly ver: string;
}

/** The `<c/>` of presence. @throws StanzaError `bad-request` without `node` or `ver`. */
export const entityCaps: Codec<EntityCaps> = codec<EntityCaps>({
  ns: CAPS_NS,
  name: "c",
  read: (c) => ({
    hash: c.attr("hash"),
    node: requiredAttr(c, "node"),
    ver: requiredAttr(c, "ver"),
  }),
  write: ({ hash, node, ver }) => el(CAPS_NS, "c", { hash, node, ver }),
});

/**
 * The string S of XEP-0115 §5.1; the verification string is its UTF-8, hashed, in Base64.
 *
 * @throws StanzaError `not-acceptable` for information that §5.4 calls ill-formed, and for texts that
 * contain a separator: with those, different information has the same S, by which one entity could
 * describe another one in everyone's cache (§9.3). Such information is never cached.
 */
export function capsInput(info: DiscoInfo): string {
  const identities = info.identities.map(({ category, type, lang = "", name = "" }) =>
    [free(category, "/"), free(type, "/"), free(lang, "/"), name].join("/"),
  );
  const forms = info.forms
    .filter((form) => formTypeOf(form) !== undefined)
    .map((form) => ({ form, type: formType(form) }))
    .sort((a, b) => byOctets(a.type, b.type));
  checkDistinct(identities, "identity");
  checkDistinct(info.features, "feature");
  checkDistinct(
    forms.map(({ type }) => type),
    "FORM_TYPE",
  );
  return [
    ...identities.sort(byOctets),
    ...info.features.toSorted(byOctets),
    ...forms.flatMap(({ type, form }) => [type, ...fieldStrings(form)]),
  ]
    .map((text) => `${free(text, "<")}<`)
    .join("");
}

function formType(form: Form): string {
  const values = form.fields.find((field) => field.var === "FORM_TYPE")?.values ?? [];
  if (new Set(values).size > 1) throw illFormed("a form has two FORM_TYPEs");
  return values[0] ?? "";
}

function fieldStrings(form: Form): string[] {
  return form.fields
    .map((field) => ({ name: field.var ?? "", values: field.values.toSorted(byOctets) }))
    .filter((field) => field.name !== "FORM_TYPE")
    .sort((a, b) => byOctets(a.name, b.name))
    .flatMap(({ name, values }) => [name, ...values]);
}

/** XEP-0115 §5.4, steps 3.3 to 3.5. */
function checkDistinct(texts: readonly string[], what: string): void {
  if (new Set(texts).size !== texts.length) throw illFormed(`an entity has the same ${what} twice`);
}

function free(text: string, separator: string): string {
  if (!text.includes(separator)) return text;
  throw illFormed(`capabilities with "${separator}" in them can be taken for others`);
}

/**
 * The collation `i;octet` (RFC 4790 §9.3). UTF-8 sorts as code points do; UTF-16 puts those beyond
 * U+FFFF before U+E000.
 */
function byOctets(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates behind all other code units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}

function illFormed(text: string): StanzaError {
  return new StanzaError("not-acceptable", text);
}
