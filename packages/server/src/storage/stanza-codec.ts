import { Jid, NS, Stanza } from "@rookery/protocol";
import { type Element, parseDocument, serialize } from "@rookery/xml";
import type { ValueCodec } from "./api.ts";

/** Keeps stanzas as XML documents. */
export const stanzaCodec: ValueCodec<Stanza> = {
  encode: (stanza) => serialize(stanza.toElement()),
  decode: (xml) => stanzaOf(parseDocument(xml)),
};

/** Keeps stanzas as the text that goes to clients, which is made once for both. */
export const streamStanzaCodec: ValueCodec<Stanza> = {
  encode: (stanza) => stanza.toXml(),
  decode: streamStanza,
};

/** Reads a stanza as it was written for a stream of clients. */
export function streamStanza(text: string): Stanza {
  const [element] = parseDocument(`<s xmlns='${NS.client}'>${text}</s>`).elements();
  if (element === undefined) throw new Error("what was kept is no stanza");
  return stanzaOf(element);
}

function stanzaOf(element: Element): Stanza {
  return Stanza.read(element, Jid.parse(element.attr("from") ?? ""));
}
