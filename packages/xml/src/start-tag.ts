import { isName } from "./characters.ts";
import { type Element, XML_NS } from "./element.ts";
import { escapeValue } from "./escape.ts";
import { XMLNS_NS } from "./scope.ts";

/** Prefixes in force by the namespace they are bound to. */
export interface Prefixes {
  readonly [namespace: string]: string;
}

/** More attributes than this are looked up in a set when they are checked to be unique. */
const COMPARED_ATTRIBUTES = 16;

/** The qualified name of an element where these prefixes and this default namespace are in force. */
export function qualifiedName(
  element: Element,
  defaultNs: string,
  prefixes: Prefixes | undefined,
): string {
  const { ns, name } = element;
  if (!isName(name)) throw new Error(`can not serialize an element named ${JSON.stringify(name)}`);
  if (ns === defaultNs) return name;
  const prefix = prefixOf(ns, prefixes);
  return prefix === undefined ? name : `${prefix}:${name}`;
}

/** The attributes as they stand in a start tag, each after a space, with the declarations they need. */
export function attributesText(element: Element, prefixes: Prefixes | undefined): string {
  const { attrs } = element;
  let text = "";
  let generated: Map<string, string> | undefined;
  checkUnique(attrs);
  for (let i = 0; i < attrs.length; i += 2) {
    const key = attrs[i]!;
    let qname = key;
    if (!isName(key) || key === "xmlns") {
      generated ??= new Map();
      qname = prefixedName(key, prefixes, generated);
    }
    text += ` ${qname}='${escapeValue(attrs[i + 1]!)}'`;
  }
  return generated === undefined ? text : declarations(generated) + text;
}

/** The prefix that is in force for a namespace. */
function prefixOf(ns: string, prefixes: Prefixes | undefined): string | undefined {
  if (ns === XML_NS) return "xml";
  return prefixes !== undefined && Object.hasOwn(prefixes, ns) ? prefixes[ns] : undefined;
}

/** The qualified name of an attribute with the key `xml:name` or `{namespace}name`. */
function prefixedName(
  key: string,
  prefixes: Prefixes | undefined,
  generated: Map<string, string>,
): string {
  if (key.startsWith("xml:") && isName(key.slice(4))) return key;
  const brace = key.lastIndexOf("}");
  const ns = key.slice(1, brace);
  const name = key.slice(brace + 1);
  if (!key.startsWith("{") || ns === "" || ns === XMLNS_NS || !isName(name)) throw notAKey(key);
  let prefix = prefixOf(ns, prefixes) ?? generated.get(ns);
  if (prefix === undefined) {
    prefix = newPrefix(prefixes, generated.size + 1);
    generated.set(ns, prefix);
  }
  return `${prefix}:${name}`;
}

function newPrefix(prefixes: Prefixes | undefined, number: number): string {
  const taken = Object.values(prefixes ?? {}).filter((prefix) => /^ns\d+$/.test(prefix));
  return `ns${number + Math.max(0, ...taken.map((prefix) => Number(prefix.slice(2))))}`;
}

function declarations(generated: ReadonlyMap<string, string>): string {
  let text = "";
  for (const [ns, prefix] of generated) text += ` xmlns:${prefix}='${escapeValue(ns)}'`;
  return text;
}

function checkUnique(attrs: readonly string[]): void {
  if (attrs.length > 2 * COMPARED_ATTRIBUTES) {
    const keys = new Set<string>();
    for (let i = 0; i < attrs.length; i += 2) keys.add(attrs[i]!);
    if (keys.size * 2 !== attrs.length)
      throw new Error("can not serialize an attribute that stands twice");
    return;
  }
  for (let i = 2; i < attrs.length; i += 2) {
    for (let j = 0; j < i; j += 2) {
      if (attrs[i] === attrs[j]) {
        throw new Error(`can not serialize the attribute ${JSON.stringify(attrs[i])} twice`);
      }
    }
  }
}

function notAKey(key: string): Error {
  return new Error(
    key === "xmlns" || key.startsWith("xmlns:")
      ? `can not serialize ${key} as an attribute: the namespace is a property of the element`
      : `can not serialize an attribute with the key ${JSON.stringify(key)}`,
  );
}
