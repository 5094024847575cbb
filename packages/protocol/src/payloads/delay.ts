/** Delayed Delivery: XEP-0203 (2.0), and XEP-0091 (1.4), its older form, for reading. */
import { type Element, el, type Node } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { formatDateTime, parseDateTime, parseLegacyDateTime } from "../datetime.ts";
import { Jid } from "../jid.ts";
import { requiredAttr } from "../reading.ts";

const DELAY_NS = "urn:xmpp:delay";
const LEGACY_NS = "jabber:x:delay";

/** When a stanza was first sent. Anyone can claim it: only that of an entity one trusts counts. */
export interface Delay {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly stamp: number;
  /** Who sent the stanza or kept it back. */
  readonly from?: Jid | undefined;
  /** Why, for people. */
  readonly reason?: string | undefined;
}

/** The `<delay/>` of a stanza. @throws StanzaError `bad-request` or `jid-malformed` for its attributes. */
export const delay: Codec<Delay> = codec<Delay>({
  ns: DELAY_NS,
  name: "delay",
  read: (element) => read(element, parseDateTime),
  write: ({ stamp, from, reason }) =>
    el(DELAY_NS, "delay", { from: from?.toString(), stamp: formatDateTime(stamp) }, reason),
});

/** The delay of a stanza in the new form or, failing that, the old one, as XEP-0203 §4 asks. */
export function delayOf(parent: { readonly children: readonly Node[] }): Delay | undefined {
  const known = delay.in(parent);
  if (known !== undefined) return known;
  for (const node of parent.children) {
    if (typeof node !== "string" && node.is(LEGACY_NS, "x")) return read(node, parseLegacyDateTime);
  }
  return undefined;
}

function read(element: Element, parse: (text: string) => number): Delay {
  const from = element.attr("from");
  return {
    stamp: parse(requiredAttr(element, "stamp")),
    from: from === undefined ? undefined : Jid.parse(from),
    reason: element.text.trim() || undefined,
  };
}
