import { XmlError } from "./errors.ts";

/**
 * Bounds on one element directly below the stream's root (a stanza), or on a whole document,
 * applied while it is read.
 */
export interface ParserLimits {
  /**
   * Bytes of UTF-8 of the element, from its `<` to its `>`; also of the stream header and of the
   * XML declaration, each.
   */
  readonly bytes: number;
  /** Depth of nesting; a stanza is at depth 1. */
  readonly depth: number;
  /** Elements in the stanza, itself included. */
  readonly elements: number;
  /** Attributes of one element; namespace declarations are not among them. */
  readonly attributes: number;
  /** Namespace declarations on all open elements together, those of the stream header included. */
  readonly namespaces: number;
}

/** The error for what exceeds a limit; its text names the limit and its value. */
export function exceeded(limit: keyof ParserLimits, limits: ParserLimits): XmlError {
  return new XmlError("policy-violation", `${MEANING[limit]} (limit: ${limits[limit]})`);
}

const MEANING: Readonly<Record<keyof ParserLimits, string>> = {
  bytes: "the element has too many bytes",
  depth: "elements are nested too deep",
  elements: "the element contains too many elements",
  attributes: "an element has too many attributes",
  namespaces: "too many namespace declarations are in force",
};
