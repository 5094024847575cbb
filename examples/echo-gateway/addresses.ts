import { escapeLocalpart, Jid, unescapeLocalpart } from "@rookery/protocol";

/**
 * The address of a contact: its name as a localpart of the gateway's domain, escaped by XEP-0106
 * (XEP-0100 §6.2). Localparts are in lower case; so names are in this gateway. A network that tells
 * "Alice" from "alice" needs another mapping.
 *
 * @throws StanzaError `jid-malformed` for a name that no localpart can have.
 */
export function addressOf(contact: string, gateway: Jid): Jid {
  return Jid.of(escapeLocalpart(contact), gateway.domain);
}

/** The contact behind an address; undefined for the gateway itself. */
export function contactAt(address: Jid | undefined): string | undefined {
  return address === undefined || address.local === ""
    ? undefined
    : unescapeLocalpart(address.local);
}
