/** RFC 8264 §8: what a code point may be used for. */
export type DerivedProperty =
  | "PVALID"
  | "FREE_PVAL"
  | "CONTEXTJ"
  | "CONTEXTO"
  | "DISALLOWED"
  | "UNASSIGNED";

/**
 * The derived property of a code point (RFC 8264 §8), computed from the Unicode properties that the
 * running JavaScript engine knows, in the order that the section prescribes.
 *
 * @param char one code point as text; a lone surrogate is DISALLOWED.
 */
export function derivedProperty(char: string): DerivedProperty {
  const exception = exceptional(char);
  if (exception !== undefined) return exception;
  // BackwardCompatible (§9.7) is empty
  if (UNASSIGNED.test(char)) return "UNASSIGNED";
  if (ASCII7.test(char)) return "PVALID";
  if (JOIN_CONTROL.test(char)) return "CONTEXTJ";
  if (OLD_HANGUL_JAMO.test(char)) return "DISALLOWED";
  if (PRECIS_IGNORABLE.test(char)) return "DISALLOWED";
  if (CONTROLS.test(char)) return "DISALLOWED";
  if (hasCompat(char)) return "FREE_PVAL";
  if (LETTER_DIGITS.test(char)) return "PVALID";
  if (OTHER_LETTER_DIGITS.test(char)) return "FREE_PVAL";
  if (SPACES_SYMBOLS_PUNCTUATION.test(char)) return "FREE_PVAL";
  return "DISALLOWED";
}

/** Exceptions (RFC 8264 §9.6, RFC 5892 §2.6). */
function exceptional(char: string): DerivedProperty | undefined {
  if (EXCEPTIONS_PVALID.test(char)) return "PVALID";
  if (EXCEPTIONS_CONTEXTO.test(char)) return "CONTEXTO";
  if (EXCEPTIONS_DISALLOWED.test(char)) return "DISALLOWED";
  return undefined;
}

/** HasCompat (RFC 8264 §9.17): NFKC makes something else of it. */
function hasCompat(char: string): boolean {
  return char.normalize("NFKC") !== char;
}

const EXCEPTIONS_PVALID = /^[\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007]$/u;
const EXCEPTIONS_CONTEXTO = /^[\u00B7\u0375\u05F3\u05F4\u30FB\u0660-\u0669\u06F0-\u06F9]$/u;
const EXCEPTIONS_DISALLOWED = /^[\u302E-\u302F\u0640\u07FA\u3031-\u3035\u303B]$/u;
/** §9.9; noncharacters, which are of the category Cn too, are PrecisIgnorableProperties. */
const UNASSIGNED = /^[\p{Cn}--\p{Noncharacter_Code_Point}]$/v;
/** §9.11 */
const ASCII7 = /^[!-~]$/u;
/** §9.12 */
const JOIN_CONTROL = /^\p{Join_Control}$/u;
/** §9.9: Hangul_Syllable_Type L, V or T, which are these ranges of Unicode's blocks. */
const OLD_HANGUL_JAMO = /^[\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7C6\uD7CB-\uD7FB]$/u;
/** §9.13 */
const PRECIS_IGNORABLE = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
/** §9.12 */
const CONTROLS = /^\p{Cc}$/u;
/** §9.1 */
const LETTER_DIGITS = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;
/** §9.18 */
const OTHER_LETTER_DIGITS = /^[\p{Lt}\p{Nl}\p{No}\p{Me}]$/u;
/** §9.14, §9.15, §9.16 */
const SPACES_SYMBOLS_PUNCTUATION = /^[\p{Zs}\p{S}\p{P}]$/u;
