/** vcard-temp: XEP-0054 (1.3.0). */
import type { Element } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";

/** The namespace, which is also the feature. */
export const VCARD_NS = "vcard-temp";

/**
 * The `<vCard/>` as it is: people put into it what no table of ours foresees, and all of it is to
 * come back. What the server itself looks at, {@link vcardNames} and {@link vcardClass} read.
 */
export const vcard: Codec<Element> = codec<Element>({
  ns: VCARD_NS,
  name: "vCard",
  read: (element) => element,
  write: (element) => element,
});

/** Who says who may know (XEP-0054, DTD: `CLASS`). */
export type VcardClass = "public" | "private" | "confidential";

/** The privacy class that the owner chose, or undefined. */
export function vcardClass(card: Element): VcardClass | undefined {
  const chosen = card.child(VCARD_NS, "CLASS");
  if (chosen === undefined) return undefined;
  // the strictest, should there be several
  if (chosen.child(VCARD_NS, "CONFIDENTIAL")) return "confidential";
  if (chosen.child(VCARD_NS, "PRIVATE")) return "private";
  return chosen.child(VCARD_NS, "PUBLIC") && "public";
}

/** What a vCard says of who someone is; what is absent or empty is left out. */
export interface VcardNames {
  /** FN */
  readonly full?: string;
  /** N/GIVEN */
  readonly given?: string;
  /** N/FAMILY */
  readonly family?: string;
  readonly nickname?: string;
  /** The first EMAIL/USERID. */
  readonly email?: string;
}

/** The names in a vCard, each with the white space around it taken away. */
export function vcardNames(card: Element): VcardNames {
  const name = card.child(VCARD_NS, "N");
  const found = {
    full: textOf(card, "FN"),
    given: textOf(name, "GIVEN"),
    family: textOf(name, "FAMILY"),
    nickname: textOf(card, "NICKNAME"),
    email: textOf(card.child(VCARD_NS, "EMAIL"), "USERID"),
  };
  return Object.fromEntries(Object.entries(found).filter(([, text]) => text !== ""));
}

function textOf(parent: Element | undefined, name: string): string {
  return parent?.child(VCARD_NS, name)?.text.trim() ?? "";
}
