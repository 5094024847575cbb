/**
 * Tokens that prove an invitation: Pre-Authenticated Roster Subscription XEP-0379 (0.3.3) and
 * Pre-Authenticated In-Band Registration XEP-0445 (0.2.0).
 */
import { el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { requiredAttr } from "../reading.ts";

/** An invitation that somebody got. */
export interface Preauth {
  readonly token: string;
}

/** In a request for a subscription (XEP-0379 §3.4), or before a registration (XEP-0445 §4). */
export const preauth: Codec<Preauth> = codec<Preauth>({
  ns: "urn:xmpp:pars:0",
  name: "preauth",
  read: (element) => ({ token: requiredAttr(element, "token") }),
  write: ({ token }) => el("urn:xmpp:pars:0", "preauth", { token }),
});

/** Says that a server takes tokens before a registration: the stream feature (XEP-0445 §3). */
export const ibrTokenFeature: Codec<Marker> = marker("urn:xmpp:ibr-token:0", "register");
