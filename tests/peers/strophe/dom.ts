/**
 * As much of a browser's DOM as Strophe.js asks for. It is made from what another parser reads, so
 * that nothing of ours tells whether our XML is right.
 */
import { SaxesParser } from "saxes";

const ELEMENT = 1;
const TEXT = 3;

class TextNode {
  readonly nodeType: number = TEXT;
  readonly nodeName: string = "#text";
  readonly nodeValue: string;
  readonly childNodes: readonly never[] = [];
  parentNode: ElementNode | null = null;

  constructor(text: string) {
    this.nodeValue = text;
  }

  get textContent(): string {
    return this.nodeValue;
  }
}

interface Attribute {
  readonly name: string;
  readonly nodeName: string;
  readonly value: string;
}

class ElementNode {
  readonly nodeType: number = ELEMENT;
  readonly nodeName: string;
  readonly namespaceURI: string | null;
  readonly childNodes: (ElementNode | TextNode)[] = [];
  parentNode: ElementNode | null = null;
  readonly #attributes: Map<string, string> = new Map();

  constructor(name: string, ns: string | null) {
    this.nodeName = name;
    this.namespaceURI = ns;
  }

  get tagName(): string {
    return this.nodeName;
  }

  get localName(): string {
    return this.nodeName.slice(this.nodeName.indexOf(":") + 1);
  }

  get parentElement(): ElementNode | null {
    return this.parentNode;
  }

  get children(): readonly ElementNode[] {
    return this.childNodes.filter((node): node is ElementNode => node instanceof ElementNode);
  }

  get firstElementChild(): ElementNode | null {
    return this.children[0] ?? null;
  }

  get firstChild(): ElementNode | TextNode | null {
    return this.childNodes[0] ?? null;
  }

  get textContent(): string {
    return this.childNodes.map((node) => node.textContent).join("");
  }

  get attributes(): readonly Attribute[] & { getNamedItem(name: string): Attribute | null } {
    const list = [...this.#attributes].map(([name, value]) => ({ name, nodeName: name, value }));
    const getNamedItem = (name: string): Attribute | null =>
      list.find(({ nodeName }) => nodeName === name) ?? null;
    return Object.assign(list, { getNamedItem });
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  setAttribute(name: string, value: string): void {
    this.#attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  appendChild<T extends ElementNode | TextNode>(node: T): T {
    this.childNodes.push(node);
    node.parentNode = this;
    return node;
  }

  getElementsByTagName(name: string): readonly ElementNode[] {
    return this.#below((element) => name === "*" || element.nodeName === name);
  }

  getElementsByTagNameNS(ns: string, name: string): readonly ElementNode[] {
    return this.#below((element) => element.namespaceURI === ns && element.localName === name);
  }

  #below(wanted: (element: ElementNode) => boolean): readonly ElementNode[] {
    return this.children.flatMap((child) => [
      ...(wanted(child) ? [child] : []),
      ...child.#below(wanted),
    ]);
  }
}

class DocumentNode extends ElementNode {
  readonly implementation: { createDocument(): DocumentNode } = {
    createDocument: () => new DocumentNode("#document", null),
  };

  get documentElement(): ElementNode | null {
    return this.firstElementChild;
  }

  createElement(name: string): ElementNode {
    return new ElementNode(name, null);
  }

  createTextNode(text: string): TextNode {
    return new TextNode(text);
  }

  importNode(node: ElementNode | TextNode): ElementNode | TextNode {
    if (node instanceof TextNode) return new TextNode(node.nodeValue);
    const copy = new ElementNode(node.nodeName, node.namespaceURI);
    for (const { nodeName, value } of node.attributes) copy.setAttribute(nodeName, value);
    for (const child of node.childNodes) copy.appendChild(this.importNode(child));
    return copy;
  }
}

/** The document of a text, with the namespaces in force. @throws Error if it is none */
function parse(text: string): DocumentNode {
  const document = new DocumentNode("#document", null);
  let open: ElementNode = document;
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    open = open.appendChild(new ElementNode(tag.name, tag.uri));
    for (const { name, value } of Object.values(tag.attributes)) open.setAttribute(name, value);
  });
  parser.on("text", (text) => void open.appendChild(new TextNode(text)));
  parser.on("closetag", () => {
    open = open.parentNode ?? document;
  });
  parser.write(text).close();
  return document;
}

/** Requests that have no response. */
const REQUESTS: Set<Request> = new Set();

/** Cuts off all requests that wait, as a network that is gone. */
export function cutRequests(): number {
  const { size } = REQUESTS;
  for (const request of REQUESTS) request.cut();
  return size;
}

/** Of XMLHttpRequest what Strophe.js uses. */
class Request {
  onreadystatechange: () => void = () => {};
  readyState = 0;
  status = 0;
  responseText = "";
  readonly #abort: AbortController = new AbortController();
  #url = "";
  readonly #headers: Map<string, string> = new Map();

  open(_method: string, url: string): void {
    this.#url = url;
    this.readyState = 1;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  getAllResponseHeaders(): string {
    return "";
  }

  get responseXML(): DocumentNode | null {
    return this.responseText === "" ? null : parse(this.responseText);
  }

  send(body: string): void {
    REQUESTS.add(this);
    const headers = Object.fromEntries(this.#headers);
    const { signal } = this.#abort;
    fetch(this.#url, { method: "POST", body, headers, signal })
      .then(async (response) => this.#done(response.status, await response.text()))
      .catch(() => this.#done(0, ""));
  }

  abort(): void {
    this.onreadystatechange = () => {};
    this.#abort.abort();
  }

  cut(): void {
    this.#abort.abort();
  }

  #done(status: number, text: string): void {
    REQUESTS.delete(this);
    this.status = status;
    this.responseText = text;
    this.readyState = 4;
    this.onreadystatechange();
  }
}

class Parser {
  parseFromString(text: string): DocumentNode {
    return parse(text);
  }
}

class Serializer {
  serializeToString(node: ElementNode | TextNode): string {
    if (node instanceof TextNode) return escaped(node.nodeValue);
    const attributes = node.attributes.map(({ name, value }) => ` ${name}="${escaped(value)}"`);
    const children = node.childNodes.map((child) => this.serializeToString(child)).join("");
    return `<${node.nodeName}${attributes.join("")}>${children}</${node.nodeName}>`;
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** Gives Strophe.js what it looks for in a browser. */
export function installDom(): void {
  Object.assign(globalThis, {
    document: new DocumentNode("#document", null),
    DOMParser: Parser,
    XMLSerializer: Serializer,
    XMLHttpRequest: Request,
  });
}
