/** What presence says: RFC 6121 §4.7.2. */
import { type Element, el, type Node } from "@rookery/xml";
import type { Codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { NS } from "../namespaces.ts";
import { quoted } from "../reading.ts";
import { allTexts, type LocalText, localText } from "./message.ts";

/** RFC 6121 §4.7.2.1. */
export type Show = "away" | "chat" | "dnd" | "xa";

/** How available someone is. */
export interface Availability {
  /** Absent for one who is simply available. */
  readonly show?: Show | undefined;
  /** From -128 to 127; below 0, messages to the bare JID go elsewhere (RFC 6121 §4.7.2.3). */
  readonly priority: number;
  /** A text for people in one or several languages. */
  readonly status: readonly LocalText[];
}

/** One `<status/>` (RFC 6121 §4.7.2.2). */
export const status: Codec<LocalText> = localText("status");

type Parent = { readonly children: readonly Node[] };

/** Reads presence. @throws StanzaError `bad-request` as {@link priorityOf}, and for an unknown show. */
export function readAvailability(presence: Parent): Availability {
  return {
    show: readShow(presence),
    priority: priorityOf(presence),
    status: allTexts(presence.children, status),
  };
}

/** The children of a presence stanza; a priority of 0 is not written, being the default. */
export function writeAvailability({ show, priority, status: texts }: Availability): Element[] {
  const children = show === undefined ? [] : [el(NS.client, "show", {}, show)];
  children.push(...texts.map(status.write));
  if (priority !== 0) children.push(el(NS.client, "priority", {}, String(priority)));
  return children;
}

/**
 * The priority of presence, 0 if it has none (RFC 6121 §4.7.2.3).
 *
 * @throws StanzaError `bad-request` for what is not an integer from -128 to 127, or two of them.
 */
export function priorityOf(presence: Parent): number {
  const text = only(presence, "priority");
  if (text === undefined) return 0;
  const priority = /^[ \t\r\n]*[+-]?\d{1,3}[ \t\r\n]*$/.test(text) ? Number(text) : Number.NaN;
  // `+ 0` makes 0 of -0.
  if (priority >= -128 && priority <= 127) return priority + 0;
  throw new StanzaError(
    "bad-request",
    `a priority is an integer from -128 to 127, not ${quoted(text)}`,
  );
}

function readShow(presence: Parent): Show | undefined {
  const text = only(presence, "show");
  switch (text) {
    case undefined:
    case "away":
    case "chat":
    case "dnd":
    case "xa":
      return text;
    default:
      throw new StanzaError("bad-request", `show is away, chat, dnd or xa, not ${quoted(text)}`);
  }
}

/** The text of an element that presence has at most once (RFC 6121 §4.7.2). */
function only({ children }: Parent, name: string): string | undefined {
  let found: Element | undefined;
  for (const node of children) {
    if (typeof node === "string" || !node.is(NS.client, name)) continue;
    if (found) throw new StanzaError("bad-request", `presence has one <${name}/>`);
    found = node;
  }
  return found?.text;
}
