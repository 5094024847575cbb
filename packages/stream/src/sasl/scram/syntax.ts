/** What the messages of SCRAM have in common (RFC 5802 §7). */
import { readUtf8 } from "../../bytes.ts";
import type { SaslError } from "../error.ts";

/** The error for a message that cannot be read, from why it cannot. */
export type Malformed = (why: string) => SaslError;

/** The text of a message. */
export function readText(message: Uint8Array, malformed: Malformed): string {
  const text = readUtf8(message);
  if (text === undefined) throw malformed("it is not UTF-8");
  return text;
}

/** The attributes of a message, `n=value` each. None is mandatory to know that we do not (§5.1). */
export function splitAttributes(text: string, malformed: Malformed): string[] {
  const attributes = text.split(",");
  if (attributes.some((part) => part.startsWith("m="))) {
    throw malformed("mandatory extensions (m=) are not supported");
  }
  return attributes;
}

/** The value of an attribute if it has this name and is not empty. */
export function attribute(name: string, part: string): string | undefined {
  return part.length > 2 && part[0] === name && part[1] === "=" ? part.slice(2) : undefined;
}

/** Whether a nonce (`c-nonce`) is printable ASCII without the comma. */
export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/** Extensions that are not known are ignored (§5.1), if they have the syntax of one (`attr-val`). */
export function checkExtensions(parts: readonly string[], malformed: Malformed): void {
  for (const part of parts) {
    if (!EXTENSION.test(part)) throw malformed("what follows is not an extension");
  }
}

const NONCE = /^[!-+\--~]+$/u;
const EXTENSION = /^[A-Za-z]=[^\0,]+$/u;
