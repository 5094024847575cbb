/**
 * Why a text cannot be prepared.
 *
 * The message completes the sentence "the text …" ("contains U+0020, which …"). It names at most one
 * code point and never quotes the text, which may be a password; who knows that it is none quotes it.
 */
export class PreparationError extends Error {
  override readonly name: string = "PreparationError";
}

/** The code point of a character as the standards write it: U+0040. */
export function codePointName(char: string): string {
  const codePoint = char.codePointAt(0) ?? 0;
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}
