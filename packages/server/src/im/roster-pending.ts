/** Subscription requests that wait for the user's answer (RFC 6121 §3.1.3). */
import { type Jid, Stanza } from "@rookery/protocol";
import { stanzaCodec } from "../storage/stanza-codec.ts";

/** Strangers choose what is in a request, and it is kept until somebody answers. */
const MOST_BYTES = 4096;

/** A request as it is kept: complete, or without its payload if it is too large. */
export function writeRequest(request: Stanza): string {
  const xml = stanzaCodec.encode(request);
  if (Buffer.byteLength(xml) <= MOST_BYTES) return xml;
  const { from, to } = request;
  return stanzaCodec.encode(new Stanza({ kind: "presence", type: "subscribe", from, to }));
}

/** The request of a contact again; one of which nothing is known says just that it is one. */
export function readRequest(account: Jid, contact: Jid, xml: string): Stanza {
  if (xml !== "") return stanzaCodec.decode(xml);
  return new Stanza({ kind: "presence", type: "subscribe", from: contact, to: account });
}
