import { Jid, Stanza } from "@rookery/protocol";
import { parseDocument, serialize } from "@rookery/xml";
import type { ValueCodec } from "./api.ts";

/** Keeps stanzas as XML documents. */
export const stanzaCodec: ValueCodec<Stanza> = {
  encode: (stanza) => serialize(stanza.toElement()),
  decode(xml) {
    const element = parseDocument(xml);
    return Stanza.read(element, Jid.parse(element.attr("from") ?? ""));
  },
};
