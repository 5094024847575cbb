import { createHash } from "node:crypto";
import type { Element } from "@rookery/xml";

/**
 * The keys of a session in the clear (XEP-0124 §15): each request tells what the key before it is
 * the SHA-1 of, so that who only listens cannot send one. They are asked for once a client has
 * begun with them.
 */
export class KeySequence {
  /** What the next key has to hash to, in lower case. */
  #expected: string | undefined = undefined;

  /** Takes the keys of the next request in order; false if it is not who began the session. */
  accept(header: Element): boolean {
    const key = header.attr("key");
    const next = header.attr("newkey");
    if (this.#expected !== undefined) {
      if (key === undefined || sha1(key) !== this.#expected) return false;
      this.#expected = key.toLowerCase();
    }
    if (next === undefined) return true;
    this.#expected = next.toLowerCase();
    return HASH.test(next);
  }
}

const HASH = /^[\da-f]{40}$/iu;

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
