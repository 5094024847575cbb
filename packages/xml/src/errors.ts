/**
 * How a document breaks XML 1.0, Namespaces in XML 1.0, RFC 6120 §11 or a limit; the names are
 * RFC 6120's stream error conditions (§4.9.3).
 */
export type XmlErrorCondition =
  | "bad-format"
  | "bad-namespace-prefix"
  | "invalid-xml"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** What was read can not be accepted; the stream it came on has to end with this condition. */
export class XmlError extends Error {
  override readonly name: string = "XmlError";
  readonly condition: XmlErrorCondition;

  constructor(condition: XmlErrorCondition, text: string) {
    super(text);
    this.condition = condition;
  }
}

/** What XML 1.0 does not allow as a character (§2.2); a lone surrogate is among it. */
const NO_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** A name or value as error texts show it: short, and only what XML can carry. */
export function shown(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `"${short.replace(NO_CHARACTER, "\ufffd")}"`;
}

/** A character as error texts show it; it may be one that XML can not carry. */
export function shownCharacter(codePoint: number): string {
  const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  return codePoint > 0x20 && codePoint < 0x7f ? `"${String.fromCodePoint(codePoint)}"` : code;
}
