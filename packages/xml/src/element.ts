/** A child of an element: another element, or character data (already unescaped). */
export type Node = Element | string;

/** Attribute values by name, as the builder {@link el} takes them; `undefined` leaves one out. */
export interface AttributeValues {
  readonly [key: string]: string | undefined;
}

/** The namespace that the prefix `xml` is bound to for ever. */
export const XML_NS = "http://www.w3.org/XML/1998/namespace";

const NO_ATTRIBUTES: readonly string[] = [];
const NO_CHILDREN: readonly Node[] = [];

/**
 * An immutable XML element with its namespace resolved.
 *
 * Attributes are a flat list `[key, value, key, value, …]` in document order. The key of an
 * attribute in no namespace is its name, of one in the `xml` namespace `xml:name`, and of one in
 * any other namespace `{namespace}name`. Namespace declarations are not attributes.
 * Adjacent character data is one string, and no string is empty.
 */
export class Element {
  readonly name: string;
  readonly ns: string;
  readonly attrs: readonly string[];
  readonly children: readonly Node[];

  constructor(
    ns: string,
    name: string,
    attrs: readonly string[] = NO_ATTRIBUTES,
    children: readonly Node[] = NO_CHILDREN,
  ) {
    this.name = name;
    this.ns = ns;
    this.attrs = attrs;
    this.children = children;
  }

  /** The value of an attribute by its key (see the class), or undefined. */
  attr(key: string): string | undefined {
    const { attrs } = this;
    for (let i = 0; i < attrs.length; i += 2) if (attrs[i] === key) return attrs[i + 1];
    return undefined;
  }

  /** True for an element of this namespace and, if given, this name. */
  is(ns: string, name?: string): boolean {
    return this.ns === ns && (name === undefined || this.name === name);
  }

  /** The first child element of this namespace and, if given, this name. */
  child(ns: string, name?: string): Element | undefined {
    for (const node of this.children) {
      if (typeof node !== "string" && node.is(ns, name)) return node;
    }
    return undefined;
  }

  /** All child elements, or those of this namespace and name. */
  elements(ns?: string, name?: string): Element[] {
    const found: Element[] = [];
    for (const node of this.children) {
      if (typeof node !== "string" && (ns === undefined || node.is(ns, name))) found.push(node);
    }
    return found;
  }

  /** The character data directly inside this element; that of child elements is not included. */
  get text(): string {
    let text = "";
    for (const node of this.children) if (typeof node === "string") text += node;
    return text;
  }

  /** This element with other children. */
  withChildren(children: readonly Node[]): Element {
    return new Element(this.ns, this.name, this.attrs, children);
  }

  /** This element with attributes set (or, by `undefined`, removed); the others keep their place. */
  withAttrs(values: AttributeValues): Element {
    const attrs: string[] = [];
    for (let i = 0; i < this.attrs.length; i += 2) {
      const key = this.attrs[i]!;
      if (!Object.hasOwn(values, key)) attrs.push(key, this.attrs[i + 1]!);
    }
    return new Element(this.ns, this.name, attrs.concat(flatten(values)), this.children);
  }
}

/**
 * Builds an element.
 *
 * @example
 * el("urn:xmpp:ping", "ping")
 * el("jabber:iq:roster", "item", { jid: "juliet@example.org", name: undefined }, el(...), "text")
 */
export function el(
  ns: string,
  name: string,
  attrs?: AttributeValues,
  ...children: readonly (Node | undefined)[]
): Element {
  return new Element(ns, name, attrs && flatten(attrs), joined(children));
}

function flatten(values: AttributeValues): string[] {
  const attrs: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) attrs.push(key, value);
  }
  return attrs;
}

/** Leaves out what is absent or empty and joins neighbouring character data. */
function joined(children: readonly (Node | undefined)[]): readonly Node[] {
  const nodes: Node[] = [];
  for (const node of children) {
    if (node === undefined || node === "") continue;
    const last = nodes.at(-1);
    if (typeof node === "string" && typeof last === "string") nodes[nodes.length - 1] = last + node;
    else nodes.push(node);
  }
  return nodes;
}
