/** Client State Indication: XEP-0352 (1.0.0). */
import { type Codec, type Marker, marker } from "../codec.ts";

/** The namespace of the stream feature and of what clients send. */
export const CSI_NS = "urn:xmpp:csi:0";

/** The stream feature (XEP-0352 §3). */
export const csiFeature: Codec<Marker> = marker(CSI_NS, "csi");

/** Somebody looks at the client. */
export const csiActive: Codec<Marker> = marker(CSI_NS, "active");

/** Nobody does: what is not urgent may wait or be left out. */
export const csiInactive: Codec<Marker> = marker(CSI_NS, "inactive");
