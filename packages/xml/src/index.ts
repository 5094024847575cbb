export { parseDocument } from "./document.ts";
export { type AttributeValues, Element, el, type Node, XML_NS } from "./element.ts";
export { XmlError, type XmlErrorCondition } from "./errors.ts";
export type { ParserLimits } from "./limits.ts";
export { StreamParser } from "./parser.ts";
export { type Prefixes, serialize } from "./serializer.ts";
export { serializeOpen } from "./stream-header.ts";
export type { StreamClose, StreamOpen } from "./tree.ts";
