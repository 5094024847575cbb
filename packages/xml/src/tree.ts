import { isSpace, spaceEnd } from "./characters.ts";
import { Element, type Node } from "./element.ts";
import { shown, XmlError } from "./errors.ts";
import { exceeded, type ParserLimits } from "./limits.ts";
import { Pieces } from "./pieces.ts";
import { checkDefault, declare, duplicate, namespaceOf, type Scope } from "./scope.ts";

/** The start tag of the stream's root (its children are the stream). */
export interface StreamOpen {
  readonly event: "open";
  /** The root without children. */
  readonly header: Element;
  /** The default namespace declared on it, "" for none. */
  readonly defaultNs: string;
}

/** The end tag of the stream's root. */
export interface StreamClose {
  readonly event: "close";
}

/** Up to this many attributes are compared with each other; more are put into a set. */
const COMPARED_ATTRIBUTES = 16;

/** An element whose end tag has not come. */
interface OpenElement {
  readonly qname: string;
  readonly ns: string;
  readonly name: string;
  readonly attrs: string[] | undefined;
  children: Node[] | undefined;
  readonly defaultNs: string;
  readonly scope: Scope | undefined;
  readonly declarations: number;
  readonly parent: OpenElement | undefined;
}

/**
 * Builds elements from the parts of markup: resolves namespaces, checks that tags match, applies
 * the limits on all but bytes. What it builds one by one are units: in a stream the children of the
 * root, in a document the root itself.
 */
export class TreeBuilder {
  limits: ParserLimits;
  /** What was finished and not taken. */
  item: Element | StreamOpen | StreamClose | undefined = undefined;
  /** The root was closed. */
  ended = false;
  readonly #isStream: boolean;
  /** Open elements around a unit. */
  readonly #outside: 0 | 1;
  readonly #text = new Pieces();
  #hasText = false;
  #open: OpenElement | undefined = undefined;
  #depth = 0;
  #elements = 0;
  // The start tag being read.
  #qname = "";
  #colon = -1;
  #attrs: string[] | undefined = undefined;
  #prefixed = 0;
  #names: Set<string> | undefined = undefined;
  #hasDefault = false;
  #defaultNs = "";
  #scope: Scope | undefined = undefined;
  #declarations = 0;

  constructor(kind: "stream" | "document", limits: ParserLimits) {
    this.#isStream = kind === "stream";
    this.#outside = this.#isStream ? 1 : 0;
    this.limits = limits;
  }

  /** A unit has begun and not ended. */
  get inUnit(): boolean {
    return this.#depth > this.#outside;
  }

  /** No root was opened yet. */
  get inProlog(): boolean {
    return this.#depth === 0 && !this.ended;
  }

  /** The name that the next end tag must have; undefined if no element is open. */
  get openName(): string | undefined {
    return this.#open?.qname;
  }

  /** Takes what was finished. */
  take(): Element | StreamOpen | StreamClose | undefined {
    const { item } = this;
    // A stream whose root is an empty-element tag closes as it opens.
    this.item = this.ended && item !== undefined && isOpen(item) ? { event: "close" } : undefined;
    return item;
  }

  /** Adds character data that stands literally in the document. */
  text(piece: string): void {
    if (this.inUnit) {
      this.#text.add(piece);
      this.#hasText = true;
    } else if (!isSpace(piece.charCodeAt(0)) || spaceEnd(piece, 0) < piece.length) {
      throw this.outsideUnit("text");
    }
  }

  /** The error for what may only stand inside a unit. */
  outsideUnit(what: string): XmlError {
    return this.#open === undefined
      ? new XmlError("not-well-formed", `found ${what} outside of the root element`)
      : new XmlError("bad-format", `found ${what} between the elements of the stream`);
  }

  /** Begins a start tag; `colon` is the index of the colon in the qualified name, or -1. */
  startTag(qname: string, colon: number): void {
    if (this.ended)
      throw new XmlError(
        "not-well-formed",
        `the element ${shown(qname)} stands after the root element`,
      );
    if (this.inUnit) this.#flush();
    else this.#elements = 0;
    if (this.#depth >= this.#outside) this.#countElement();
    const open = this.#open;
    this.#qname = qname;
    this.#colon = colon;
    this.#attrs = undefined;
    this.#prefixed = 0;
    this.#names = undefined;
    this.#hasDefault = false;
    if (open === undefined) return;
    this.#defaultNs = open.defaultNs;
    this.#scope = open.scope;
    this.#declarations = open.declarations;
  }

  /** Adds an attribute of the start tag. */
  attribute(qname: string, colon: number, value: string): void {
    if (colon < 0) {
      if (qname === "xmlns") this.#declareDefault(value);
      else this.#add(qname, value);
    } else if (qname.startsWith("xmlns:")) {
      this.#countDeclaration();
      this.#scope = declare(qname.slice(6), value, this.#scope, this.#open?.scope);
    } else {
      this.#prefixed++;
      this.#add(qname, value);
    }
  }

  /** Ends the start tag; `empty` if it is the whole element. */
  startTagEnd(empty: boolean): void {
    const qname = this.#qname;
    const attrs = this.#attrs;
    let ns = this.#defaultNs;
    let name = qname;
    if (this.#colon >= 0) {
      ns = namespaceOf(elementPrefix(qname, this.#colon), this.#scope);
      name = qname.slice(this.#colon + 1);
    }
    if (this.#prefixed > 0 && attrs !== undefined) this.#expand(attrs);
    if (empty && this.#depth >= this.#outside) {
      this.#deliver(new Element(ns, name, attrs));
      return;
    }
    this.#open = {
      qname,
      ns,
      name,
      attrs,
      children: undefined,
      defaultNs: this.#defaultNs,
      scope: this.#scope,
      declarations: this.#declarations,
      parent: this.#open,
    };
    this.#depth++;
    if (this.#depth > this.#outside) return;
    const header = new Element(ns, name, attrs);
    this.item = { event: "open", header, defaultNs: this.#defaultNs };
    if (empty) {
      this.#open = undefined;
      this.#depth = 0;
      this.ended = true;
    }
  }

  /** Ends the innermost open element. */
  endTag(): void {
    const open = this.#open!;
    if (this.inUnit) this.#flush();
    this.#open = open.parent;
    this.#depth--;
    if (this.#depth < this.#outside) {
      this.item = { event: "close" };
      this.ended = true;
    } else {
      this.#deliver(new Element(open.ns, open.name, open.attrs, open.children));
    }
  }

  #deliver(element: Element): void {
    if (this.#depth > this.#outside) {
      append(this.#open!, element);
    } else {
      this.item = element;
      if (!this.#isStream) this.ended = true;
    }
  }

  #flush(): void {
    if (!this.#hasText) return;
    this.#hasText = false;
    append(this.#open!, this.#text.take());
  }

  #countElement(): void {
    if (++this.#elements > this.limits.elements) throw exceeded("elements", this.limits);
    if (this.#depth - this.#outside >= this.limits.depth) throw exceeded("depth", this.limits);
  }

  #countDeclaration(): void {
    if (++this.#declarations > this.limits.namespaces) throw exceeded("namespaces", this.limits);
  }

  #declareDefault(ns: string): void {
    if (this.#hasDefault) throw duplicate("xmlns");
    this.#countDeclaration();
    checkDefault(ns);
    this.#hasDefault = true;
    this.#defaultNs = ns;
  }

  #add(qname: string, value: string): void {
    const attrs = this.#attrs;
    if (attrs === undefined) {
      if (this.limits.attributes < 1) throw exceeded("attributes", this.limits);
      this.#attrs = [qname, value];
      return;
    }
    if (attrs.length >= 2 * this.limits.attributes) throw exceeded("attributes", this.limits);
    if (this.#has(attrs, qname)) throw duplicate(qname);
    attrs.push(qname, value);
  }

  #has(attrs: readonly string[], qname: string): boolean {
    if (attrs.length < 2 * COMPARED_ATTRIBUTES) {
      for (let i = 0; i < attrs.length; i += 2) if (attrs[i] === qname) return true;
      return false;
    }
    this.#names ??= new Set(keys(attrs));
    if (this.#names.has(qname)) return true;
    this.#names.add(qname);
    return false;
  }

  /** Replaces prefixes by namespaces (Namespaces in XML 1.0 §6.3: unique after that, too). */
  #expand(attrs: string[]): void {
    for (let i = 0; i < attrs.length; i += 2) {
      const qname = attrs[i]!;
      const colon = qname.indexOf(":");
      if (colon < 0 || qname.startsWith("xml:")) continue;
      const ns = namespaceOf(qname.slice(0, colon), this.#scope);
      attrs[i] = `{${ns}}${qname.slice(colon + 1)}`;
    }
    if (this.#prefixed < 2) return;
    const seen = new Set<string>();
    for (const key of keys(attrs)) {
      if (seen.has(key)) throw duplicate(key);
      seen.add(key);
    }
  }
}

function isOpen(item: Element | StreamOpen | StreamClose): boolean {
  return "event" in item && item.event === "open";
}

function append(parent: OpenElement, node: Node): void {
  if (parent.children === undefined) parent.children = [node];
  else parent.children.push(node);
}

function* keys(attrs: readonly string[]): Iterable<string> {
  for (let i = 0; i < attrs.length; i += 2) yield attrs[i]!;
}

/** The prefix `xmlns` is for declarations only (Namespaces in XML 1.0 §3). */
function elementPrefix(qname: string, colon: number): string {
  const prefix = qname.slice(0, colon);
  if (prefix !== "xmlns") return prefix;
  throw new XmlError("bad-namespace-prefix", `the element ${shown(qname)} has a reserved prefix`);
}
