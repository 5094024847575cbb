import type { Element, Node } from "./element.ts";
import { escapeText, escapeValue } from "./escape.ts";
import { XMLNS_NS } from "./scope.ts";
import { attributesText, type Prefixes, qualifiedName } from "./start-tag.ts";

export type { Prefixes } from "./start-tag.ts";

/**
 * Canonical XML of a node inside an element whose default namespace is `defaultNs`.
 *
 * An element declares its namespace as the default one where it differs from that of its parent; if
 * `prefixes` (declared outside, on the stream header for instance) has one for it, that is used.
 * Attributes in a namespace get a prefix declared on their element.
 *
 * @throws Error for names that are none, attributes that stand twice and characters that XML can
 *   not carry; nothing that would break a stream is ever given.
 *
 * @example
 * serialize(el("jabber:client", "presence"), "jabber:client") // "<presence/>"
 * serialize(el("urn:xmpp:ping", "ping"), "jabber:client") // "<ping xmlns='urn:xmpp:ping'/>"
 */
export function serialize(node: Node, defaultNs = "", prefixes?: Prefixes): string {
  if (typeof node === "string") return escapeText(node);
  let frame: Frame | undefined = undefined;
  let element = node;
  let outerNs = defaultNs;
  let out = "";
  // Elements can be nested deeper than functions can call each other: no recursion.
  for (;;) {
    const { children } = element;
    const qname = qualifiedName(element, outerNs, prefixes);
    out += startTag(element, qname, outerNs, prefixes);
    const only = children[0];
    if (only === undefined) {
      out += "/>";
    } else if (children.length === 1 && typeof only === "string") {
      out += `>${escapeText(only)}</${qname}>`;
    } else {
      out += ">";
      const inside: string = qname === element.name ? element.ns : outerNs;
      frame = { children, next: 0, defaultNs: inside, qname, parent: frame };
    }
    for (;;) {
      if (frame === undefined) return out;
      const child: Node | undefined = frame.children[frame.next++];
      if (child === undefined) {
        out += `</${frame.qname}>`;
        frame = frame.parent;
      } else if (typeof child === "string") {
        out += escapeText(child);
      } else {
        element = child;
        outerNs = frame.defaultNs;
        break;
      }
    }
  }
}

/** An element of which the start tag was written. */
interface Frame {
  readonly children: readonly Node[];
  /** Index of the child that is written next. */
  next: number;
  /** The default namespace inside the element. */
  readonly defaultNs: string;
  readonly qname: string;
  readonly parent: Frame | undefined;
}

/** The start tag up to its last attribute. */
function startTag(
  element: Element,
  qname: string,
  outerNs: string,
  prefixes: Prefixes | undefined,
): string {
  let tag = `<${qname}`;
  if (element.ns !== outerNs && qname === element.name) {
    if (element.ns === XMLNS_NS) {
      throw new Error(`can not serialize an element of the namespace ${XMLNS_NS}`);
    }
    tag += ` xmlns='${escapeValue(element.ns)}'`;
  }
  return element.attrs.length === 0 ? tag : tag + attributesText(element, prefixes);
}
