/** Message Processing Hints: XEP-0334 (1.0.0). */
import { type Element, el } from "@rookery/xml";
import type { Stanza } from "../stanza.ts";

const HINTS_NS = "urn:xmpp:hints";

/** What a sender would like to happen to a message (XEP-0334 §4). */
export type Hint = "no-copy" | "no-permanent-store" | "no-store" | "store";

const NO_HINTS: ReadonlySet<Hint> = new Set();

/** The hints of a message; those inside an error belong to the message it answers (XEP-0334 §5). */
export function hintsOf(message: Stanza): ReadonlySet<Hint> {
  if (message.type === "error") return NO_HINTS;
  let hints: Set<Hint> | undefined;
  for (const node of message.children) {
    if (typeof node === "string" || node.ns !== HINTS_NS) continue;
    if (isHint(node.name)) (hints ??= new Set()).add(node.name);
  }
  return hints ?? NO_HINTS;
}

/** The element of a hint. */
export function hint(name: Hint): Element {
  return el(HINTS_NS, name);
}

function isHint(name: string): name is Hint {
  return (
    name === "no-copy" || name === "no-permanent-store" || name === "no-store" || name === "store"
  );
}
