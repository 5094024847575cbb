import { XML_NS } from "./element.ts";
import { shown, XmlError } from "./errors.ts";

/** The namespace that the prefix `xmlns` is bound to, and nothing else may be. */
export const XMLNS_NS = "http://www.w3.org/2000/xmlns/";

/** The innermost declaration of a prefix, linked to those around it (Namespaces in XML 1.0 §6.1). */
export interface Scope {
  readonly prefix: string;
  readonly ns: string;
  readonly outer: Scope | undefined;
}

/** The namespace of a prefix. @throws XmlError `bad-namespace-prefix` for one that is not declared */
export function namespaceOf(prefix: string, scope: Scope | undefined): string {
  if (prefix === "xml") return XML_NS;
  for (let s = scope; s !== undefined; s = s.outer) if (s.prefix === prefix) return s.ns;
  throw new XmlError(
    "bad-namespace-prefix",
    `the namespace prefix ${shown(prefix)} is not declared`,
  );
}

/** Adds the declaration `xmlns:prefix='ns'` of an element whose parent has the scope `outside`. */
export function declare(
  prefix: string,
  ns: string,
  scope: Scope | undefined,
  outside: Scope | undefined,
): Scope {
  for (let s = scope; s !== outside && s !== undefined; s = s.outer) {
    if (s.prefix === prefix) throw duplicate(`xmlns:${prefix}`);
  }
  if (prefix === "xmlns" || ns === XMLNS_NS || (prefix === "xml") !== (ns === XML_NS)) {
    throw reserved(`xmlns:${prefix}`, ns);
  }
  if (ns === "") {
    throw new XmlError(
      "bad-namespace-prefix",
      `xmlns:${prefix}='' is not allowed: name a namespace`,
    );
  }
  return { prefix, ns, outer: scope };
}

/** Checks the declaration `xmlns='ns'`. */
export function checkDefault(ns: string): void {
  if (ns === XML_NS || ns === XMLNS_NS) throw reserved("xmlns", ns);
}

export function duplicate(attribute: string): XmlError {
  return new XmlError(
    "not-well-formed",
    `the attribute ${shown(attribute)} stands twice on an element`,
  );
}

function reserved(attribute: string, ns: string): XmlError {
  return new XmlError(
    "bad-namespace-prefix",
    `${attribute}=${shown(ns)} binds what is reserved (Namespaces in XML 1.0 §3)`,
  );
}
