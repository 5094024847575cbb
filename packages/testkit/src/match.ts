import { NS, STANZA_ID_NS } from "@rookery/protocol";
import { type Element, type Node, serialize } from "@rookery/xml";

/** In a pattern, the value of an attribute or a text that may be anything. */
const ANYTHING = "*";

/**
 * How an element differs from a pattern, or undefined if it matches.
 *
 * A pattern's attributes must be there with the same value, its children must be there in the same
 * order and no others. The value `*` matches anything. Of a stanza and its children, attributes
 * that the pattern does not mention are of no interest; nor are stanza-ids (XEP-0359), which every
 * message that is kept has.
 */
export function difference(actual: Element, pattern: Element): string | undefined {
  const todo: [Element, Element][] = [[actual, pattern]];
  for (let pair = todo.pop(); pair; pair = todo.pop()) {
    const [found, expected] = pair;
    const fault = faultOf(found, expected, todo);
    if (fault !== undefined) {
      return `${fault}\n  got      ${serialize(actual, NS.client)}\n  expected ${serialize(pattern, NS.client)}`;
    }
  }
  return undefined;
}

function faultOf(
  found: Element,
  expected: Element,
  todo: [Element, Element][],
): string | undefined {
  if (!found.is(expected.ns, expected.name)) {
    return `<${found.name} xmlns='${found.ns}'> is not <${expected.name} xmlns='${expected.ns}'>`;
  }
  for (let i = 0; i < expected.attrs.length; i += 2) {
    const key = expected.attrs[i] as string;
    const value = expected.attrs[i + 1] as string;
    const actual = found.attr(key);
    if (value !== ANYTHING ? actual !== value : actual === undefined) {
      return `the attribute ${key} of <${found.name}> is ${actual === undefined ? "absent" : `"${actual}"`}, not "${value}"`;
    }
  }
  const right = significant(expected.children);
  const left = significant(found.children).filter((n) => !isStanzaId(n) || right.some(isStanzaId));
  if (right.length === 1 && right[0] === ANYTHING) return undefined;
  if (left.length !== right.length) {
    return `<${found.name}> has ${left.length} children, not ${right.length}`;
  }
  for (const [index, node] of right.entries()) {
    const other = left[index];
    if (typeof node === "string" || typeof other === "string" || other === undefined) {
      if (node !== other && node !== ANYTHING) return `the text of <${found.name}> differs`;
    } else todo.push([other, node]);
  }
  return undefined;
}

function isStanzaId(node: Node): boolean {
  return typeof node !== "string" && node.is(STANZA_ID_NS, "stanza-id");
}

/** Patterns are indented for people; white space between elements means nothing. */
function significant(children: readonly Node[]): readonly Node[] {
  const mixed = children.some((node) => typeof node !== "string");
  return mixed ? children.filter((n) => typeof n !== "string" || n.trim() !== "") : children;
}
