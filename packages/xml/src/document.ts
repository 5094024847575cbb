import { Element } from "./element.ts";
import { XmlError } from "./errors.ts";
import type { ParserLimits } from "./limits.ts";
import { Tokenizer } from "./tokenizer.ts";
import { TreeBuilder } from "./tree.ts";

/** Bounds of {@link parseDocument}, generous for one document and still bounds. */
const DOCUMENT_LIMITS: ParserLimits = {
  bytes: 16 * 1024 * 1024,
  depth: 1024,
  elements: 1_000_000,
  attributes: 1024,
  namespaces: 1024,
};

/**
 * The root element of a whole document. The grammar is that of streams: no DTD, comments,
 * processing instructions; an XML declaration and white space around the root are allowed.
 *
 * @param limits bounds on the root element, by default 16 MiB, 1024 levels, 1,000,000 elements
 * @throws XmlError for what is no such document, or is not all of one
 *
 * @example
 * parseDocument("<ping xmlns='urn:xmpp:ping'/>").is("urn:xmpp:ping", "ping") // true
 */
export function parseDocument(text: string, limits: ParserLimits = DOCUMENT_LIMITS): Element {
  if (!text.isWellFormed()) {
    throw new XmlError("not-well-formed", "the text contains half of a surrogate pair");
  }
  const tree = new TreeBuilder("document", limits);
  const tokenizer = new Tokenizer(tree);
  tokenizer.feed(text, false);
  tokenizer.run();
  const root = tree.take();
  if (!(root instanceof Element)) {
    throw new XmlError("not-well-formed", "the document ends before its root element does");
  }
  tokenizer.run();
  if (tokenizer.inToken) throw new XmlError("not-well-formed", "the document ends within markup");
  return root;
}
