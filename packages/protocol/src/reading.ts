import type { Element } from "@rookery/xml";
import { StanzaError } from "./errors.ts";

/** An attribute that the specification says is REQUIRED, or `bad-request`. */
export function requiredAttr(element: Element, key: string): string {
  const value = element.attr(key);
  if (value === undefined) {
    throw new StanzaError("bad-request", `<${element.name}/> needs the attribute "${key}"`);
  }
  return value;
}

/** The text of a REQUIRED child element of the same namespace, or `bad-request`. */
export function requiredText(element: Element, name: string): string {
  const child = element.child(element.ns, name);
  if (child === undefined) {
    throw new StanzaError("bad-request", `<${element.name}/> needs the element <${name}/>`);
  }
  return child.text;
}

/** XML Schema `xs:int` that is not negative: 0 to 2,147,483,647, with white space around it. */
export function readCount(text: string, what: string): number {
  const value = /^[ \t\r\n]*\d{1,10}[ \t\r\n]*$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 0x7fff_ffff) return value;
  throw new StanzaError(
    "bad-request",
    `${what} is a number from 0 to 2147483647, not ${quoted(text)}`,
  );
}

/** XML Schema `xs:boolean`, or undefined for any other text. */
export function readBoolean(text: string | undefined): boolean | undefined {
  switch (text) {
    case "true":
    case "1":
      return true;
    case "false":
    case "0":
      return false;
    default:
      return undefined;
  }
}

const QUOTED_LENGTH = 64;

/**
 * A value for an error text, in quotes and cut to 64 characters, so that an answer to hostile input
 * stays small. Never cuts a surrogate pair in two, which would not be XML.
 */
export function quoted(text: string): string {
  if (text.length <= QUOTED_LENGTH) return `"${text}"`;
  const last = text.charCodeAt(QUOTED_LENGTH - 1);
  const cutsPair = last >= 0xd800 && last <= 0xdbff;
  return `"${text.slice(0, QUOTED_LENGTH - (cutsPair ? 1 : 0))}…"`;
}
