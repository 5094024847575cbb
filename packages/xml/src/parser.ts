import type { Element } from "./element.ts";

/** Bounds on one element directly below the stream's root (a stanza), applied while reading. */
export interface ParserLimits {
  /** Bytes of the element, from its `<` to its `>`, and of the stream header. */
  readonly bytes: number;
  /** Depth of nesting; a stanza is at depth 1. */
  readonly depth: number;
  /** Elements in the stanza, itself included. */
  readonly elements: number;
  /** Attributes of one element. */
  readonly attributes: number;
  /** Namespace declarations in force at once. */
  readonly namespaces: number;
}
/** How a document breaks XML 1.0, Namespaces in XML 1.0, RFC 6120 §11 or a limit; the names are RFC 6120's stream error conditions. */
export type XmlErrorCondition = "bad-namespace-prefix" | "invalid-xml" | "not-well-formed" | "policy-violation" | "restricted-xml" | "unsupported-encoding";
export class XmlError extends Error {
  override readonly name: string = "XmlError";
  readonly condition: XmlErrorCondition;
  constructor(condition: XmlErrorCondition, text: string) { super(text); this.condition = condition; }
}
/** The start tag of the stream's root (its children are the stream). */
export interface StreamOpen { readonly event: "open"; readonly header: Element; readonly defaultNs: string }
export interface StreamElement { readonly event: "element"; readonly element: Element }
export interface StreamClose { readonly event: "close" }
export declare class StreamParser {
  constructor(limits: ParserLimits);
  /** Bounds from now on; raise them after authentication. */
  limits: ParserLimits;
  /** Adds received bytes, in any chunking. */
  write(bytes: Uint8Array): void;
  /** The next thing on the stream, or undefined until more bytes come. @throws XmlError; after it nothing more is read. */
  next(): Element | StreamOpen | StreamClose | undefined;
  /** Begins a new document (after TLS or SASL); what was written and not read belongs to it. */
  restart(): void;
}
