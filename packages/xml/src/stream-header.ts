import type { Element } from "./element.ts";
import { escapeValue } from "./escape.ts";
import { attributesText, type Prefixes, qualifiedName } from "./start-tag.ts";

/**
 * The XML declaration and the start tag that open a stream (RFC 6120 §4.7, §4.8), with the default
 * namespace and the prefixes declared that {@link serialize} takes for everything on the stream.
 *
 * @param header the root; its children are not written
 * @throws Error as `serialize` does
 *
 * @example
 * const prefixes = { "http://etherx.jabber.org/streams": "stream" };
 * serializeOpen(el("http://etherx.jabber.org/streams", "stream", { version: "1.0" }), "jabber:client", prefixes)
 * // <?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>
 */
export function serializeOpen(header: Element, defaultNs: string, prefixes: Prefixes): string {
  const qname = qualifiedName(header, defaultNs, prefixes);
  if (header.ns !== defaultNs && qname === header.name) {
    throw new Error(`can not open a stream: ${JSON.stringify(header.ns)} has no prefix`);
  }
  let tag = `<?xml version='1.0'?><${qname}`;
  if (defaultNs !== "") tag += ` xmlns='${escapeValue(defaultNs)}'`;
  for (const [ns, prefix] of Object.entries(prefixes)) {
    tag += ` xmlns:${prefix}='${escapeValue(ns)}'`;
  }
  return `${tag}${attributesText(header, prefixes)}>`;
}
