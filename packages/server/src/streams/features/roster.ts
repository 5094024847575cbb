import { el } from "@rookery/xml";
import type { StreamFeature } from "../feature.ts";

/** What clients learn about rosters from the stream: versioning (RFC 6121 §2.6) and pre-approval (§3.4). */
export const rosterFeatures: readonly StreamFeature[] = [
  informational("ver", "urn:xmpp:features:rosterver"),
  informational("sub", "urn:xmpp:features:pre-approval"),
];

/** A feature that tells something and has nothing to negotiate. */
function informational(name: string, ns: string): StreamFeature {
  return {
    name,
    ns,
    offer: (stream) => (stream.user === undefined ? undefined : el(ns, name)),
  };
}
