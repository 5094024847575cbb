/** The layout of data forms: XEP-0141 (1.0). */
import { type Element, el, type Node } from "@rookery/xml";
import { type Codec, codec } from "./codec.ts";
import { StanzaError } from "./errors.ts";
import { requiredAttr } from "./reading.ts";

const LAYOUT_NS = "http://jabber.org/protocol/xdata-layout";

/** Sections may lie in sections; deeper ones help nobody and are refused. */
const MAX_DEPTH = 8;

/** A page of a form, shown at once (XEP-0141 §3.1). */
export interface FormPage {
  readonly label?: string | undefined;
  readonly parts: readonly LayoutPart[];
}

/** What a page or section shows, in its order. */
export type LayoutPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "section"; readonly section: FormPage }
  /** The field of this name; ignored if the form has none. */
  | { readonly kind: "field"; readonly var: string }
  /** The table of a result. */
  | { readonly kind: "reported" };

/** The `<page/>` of a form. @throws StanzaError `bad-request` for sections more than 8 deep. */
export const formPage: Codec<FormPage> = codec<FormPage>({
  ns: LAYOUT_NS,
  name: "page",
  read: (page) => readPage(page, 0),
  write: (page) => writePage("page", page),
});

function readPage(page: Element, depth: number): FormPage {
  if (depth > MAX_DEPTH) {
    throw new StanzaError("bad-request", `a form has sections at most ${MAX_DEPTH} deep`);
  }
  const parts: LayoutPart[] = [];
  for (const element of page.elements()) {
    const part = element.ns === LAYOUT_NS ? readPart(element, depth) : undefined;
    if (part) parts.push(part);
  }
  return { label: page.attr("label"), parts };
}

function readPart(element: Element, depth: number): LayoutPart | undefined {
  switch (element.name) {
    case "text":
      return { kind: "text", text: element.text };
    case "section":
      return { kind: "section", section: readPage(element, depth + 1) };
    case "fieldref":
      return { kind: "field", var: requiredAttr(element, "var") };
    case "reportedref":
      return { kind: "reported" };
    default:
      return undefined;
  }
}

function writePage(name: string, page: FormPage): Element {
  return el(LAYOUT_NS, name, { label: page.label }, ...page.parts.map(writePart));
}

function writePart(part: LayoutPart): Node {
  switch (part.kind) {
    case "text":
      return el(LAYOUT_NS, "text", {}, part.text);
    case "section":
      return writePage("section", part.section);
    case "field":
      return el(LAYOUT_NS, "fieldref", { var: part.var });
    case "reported":
      return el(LAYOUT_NS, "reportedref");
  }
}
