/** Stanza Forwarding: XEP-0297 (1.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { stanzaKind } from "../stanza.ts";
import { type Delay, delay } from "./delay.ts";

const FORWARD_NS = "urn:xmpp:forward:0";

/**
 * A stanza inside another one. It is not to be taken for one that arrived: anyone can write anything
 * there, unless the protocol around it says who may (XEP-0297 §5).
 */
export interface Forwarded {
  /** The stanza as it was, in its namespace. */
  readonly stanza: Element;
  /** When whoever forwards the stanza got it. */
  readonly delay?: Delay | undefined;
}

/** The `<forwarded/>` around a stanza. @throws StanzaError `bad-request` unless it has one stanza. */
export const forwarded: Codec<Forwarded> = codec<Forwarded>({
  ns: FORWARD_NS,
  name: "forwarded",
  read(element) {
    const [stanza, ...others] = element.elements().filter((child) => stanzaKind(child));
    if (stanza === undefined || others.length > 0) {
      throw new StanzaError("bad-request", "<forwarded/> needs one stanza of jabber:client");
    }
    return { stanza, delay: delay.in(element) };
  },
  write: (value) =>
    el(FORWARD_NS, "forwarded", {}, value.delay && delay.write(value.delay), value.stanza),
});
