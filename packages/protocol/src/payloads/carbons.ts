/** Message Carbons: XEP-0280 (1.0.1). */
import { el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { NS } from "../namespaces.ts";
import { type Forwarded, forwarded } from "./forward.ts";

/** The namespace, which is also the feature. */
export const CARBONS_NS = "urn:xmpp:carbons:2";

/** The feature of those who copy as XEP-0280 §6.1 recommends. */
export const CARBONS_RULES: string = "urn:xmpp:carbons:rules:0";

/** Asks for copies (XEP-0280 §4). */
export const carbonsEnable: Codec<Marker> = marker(CARBONS_NS, "enable");

/** Asks for no more copies (XEP-0280 §5). */
export const carbonsDisable: Codec<Marker> = marker(CARBONS_NS, "disable");

/** In a message of which no copies are wanted (XEP-0280 §9). */
export const carbonsPrivate: Codec<Marker> = marker(CARBONS_NS, "private");

/**
 * The copy of a message that another resource got (XEP-0280 §7). Only one that comes from one's own
 * bare JID is one (§11).
 *
 * @throws StanzaError `bad-request` unless it has a message inside.
 */
export const carbonReceived: Codec<Forwarded> = copy("received");

/** The copy of a message that another resource sent (XEP-0280 §8), as {@link carbonReceived}. */
export const carbonSent: Codec<Forwarded> = copy("sent");

function copy(name: "received" | "sent"): Codec<Forwarded> {
  return codec<Forwarded>({
    ns: CARBONS_NS,
    name,
    read(element) {
      const inside = forwarded.in(element);
      if (inside?.stanza.is(NS.client, "message")) return inside;
      throw new StanzaError("bad-request", `<${name}/> of carbons needs a forwarded message`);
    },
    write: (inside) => el(CARBONS_NS, name, {}, forwarded.write(inside)),
  });
}
