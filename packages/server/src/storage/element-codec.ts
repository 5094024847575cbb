import { type Element, parseDocument, serialize } from "@rookery/xml";
import type { ValueCodec } from "./api.ts";

/** Keeps elements as XML documents, with all that is in them. */
export const elementCodec: ValueCodec<Element> = {
  encode: (element) => serialize(element),
  decode: (xml) => parseDocument(xml),
};
