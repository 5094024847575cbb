/** XMPP Ping: XEP-0199 (2.0.1). The answer is an empty result. */
import { type Codec, type Marker, marker } from "../codec.ts";

/** The `<ping/>` of a request. */
export const ping: Codec<Marker> = marker("urn:xmpp:ping", "ping");
