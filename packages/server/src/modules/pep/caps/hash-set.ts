/** The input of capability hashes: XEP-0390 (0.3.2) §4.1. */
import { DISCO_INFO_NS, dataForm, StanzaError } from "@rookery/protocol";
import type { Element } from "@rookery/xml";

const [FIELD, ITEM, FORM, PART] = ["\x1f", "\x1e", "\x1d", "\x1c"] as const;

/**
 * The octets that are hashed, from the `<query/>` of an answer.
 * @throws StanzaError `not-acceptable` for an answer that has no hash.
 */
export function hashSetInput(query: Element): Buffer {
  const features: Buffer[] = [];
  const identities: Buffer[] = [];
  const forms: Buffer[] = [];
  for (const child of query.elements()) {
    if (child.is(DISCO_INFO_NS, "feature")) features.push(octets(child.attr("var") ?? "", FIELD));
    else if (child.is(DISCO_INFO_NS, "identity")) identities.push(identity(child, query));
    else if (child.is(dataForm.ns, dataForm.name)) forms.push(form(child));
    else throw unusable(`<${child.name}/> is in the answer`);
  }
  return Buffer.concat([features, identities, forms].flatMap((all) => [sorted(all), octets(PART)]));
}

function identity(element: Element, query: Element): Buffer {
  const lang = element.attr("xml:lang") ?? query.attr("xml:lang") ?? "";
  const {
    category = "",
    type = "",
    name = "",
  } = {
    category: element.attr("category"),
    type: element.attr("type"),
    name: element.attr("name"),
  };
  return octets([category, type, lang, name].map((text) => text + FIELD).join(""), ITEM);
}

function form(x: Element): Buffer {
  if (x.child(dataForm.ns, "reported") || x.child(dataForm.ns, "item")) {
    throw unusable("a form in the answer has a table");
  }
  const all = x.elements(dataForm.ns, "field");
  if (!all.some((field) => field.attr("var") === "FORM_TYPE")) {
    throw unusable("a form in the answer has no FORM_TYPE");
  }
  const fields = all.map((field) => {
    const values = field.elements(dataForm.ns, "value").map((value) => octets(value.text, FIELD));
    return Buffer.concat([octets(field.attr("var") ?? "", FIELD), sorted(values), octets(ITEM)]);
  });
  return Buffer.concat([sorted(fields), octets(FORM)]);
}

function octets(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.join(""));
}

function sorted(all: readonly Buffer[]): Buffer {
  return Buffer.concat(all.toSorted((a, b) => Buffer.compare(a, b)));
}

function unusable(text: string): StanzaError {
  return new StanzaError("not-acceptable", text);
}
