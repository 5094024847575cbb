/** Private XML Storage: XEP-0049 (1.2). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";

/** The namespace of requests. */
export const PRIVATE_NS = "jabber:iq:private";

/**
 * The `<query/>` with what a client keeps: elements of its own namespaces, as they are. How many
 * there may be depends on what is asked; see the texts of XEP-0049 §2.3.
 */
export const privateData: Codec<readonly Element[]> = codec<readonly Element[]>({
  ns: PRIVATE_NS,
  name: "query",
  read: (query) => query.elements(),
  write: (elements) => el(PRIVATE_NS, "query", {}, ...elements),
});

/** True for namespaces that are not for clients to keep things in (XEP-0049 §2.3). */
export function isReservedForPrivateData(ns: string): boolean {
  return (
    ns === "" ||
    ns === "vcard-temp" ||
    ns.startsWith("jabber:") ||
    ns.startsWith("http://jabber.org/")
  );
}
