export { type AttributeValues, Element, el, type Node, XML_NS } from "./element.ts";
export { type ParserLimits, type StreamClose, type StreamOpen, StreamParser, XmlError, type XmlErrorCondition } from "./parser.ts";
export { serialize } from "./serializer.ts";
