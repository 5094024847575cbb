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
  let frame = opened(node, defaultNs, prefixes, undefined);
  let out = frame.tag;
  for (;;) {
    // Elements can be nested deeper than functions can call each other: no recursion.
    const child = frame.children[frame.next++];
    if (child === undefined) {
      out += frame.end;
      if (frame.parent === undefined) return out;
      frame = frame.parent;
    } else if (typeof child === "string") {
      out += escapeText(child);
    } else {
      frame = opened(child, frame.defaultNs, prefixes, frame);
      out += frame.tag;
    }
  }
}

/** An element that is being written. */
interface Frame {
  /** The start tag; that of an element without children is all of it. */
  readonly tag: string;
  readonly end: string;
  readonly defaultNs: string;
  readonly children: readonly Node[];
  next: number;
  readonly parent: Frame | undefined;
}

function opened(
  element: Element,
  outerNs: string,
  prefixes: Prefixes | undefined,
  parent: Frame | undefined,
): Frame {
  const { ns, name, children } = element;
  const qname = qualifiedName(element, outerNs, prefixes);
  let tag = `<${qname}`;
  let defaultNs = outerNs;
  if (ns !== outerNs && qname === name) {
    if (ns === XMLNS_NS) throw new Error(`can not serialize an element of the namespace ${ns}`);
    tag += ` xmlns='${escapeValue(ns)}'`;
    defaultNs = ns;
  }
  if (element.attrs.length > 0) tag += attributesText(element, prefixes);
  const empty = children.length === 0;
  return {
    tag: tag + (empty ? "/>" : ">"),
    end: empty ? "" : `</${qname}>`,
    defaultNs,
    children,
    next: 0,
    parent,
  };
}
