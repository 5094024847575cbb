import { satisfiesBidiRule } from "./bidi-rule.ts";
import { mapCase, mapSpaces, mapWidth } from "./mapping.ts";
import { PreparationError } from "./preparation-error.ts";
import { checkStringClass, type StringClass } from "./string-class.ts";
import { utf8Length } from "./utf8-length.ts";

/**
 * Enforces UsernameCaseMapped (RFC 8265 §3.3): the canonical form of a user name.
 *
 * The rules come first and what is allowed is decided on their result, as RFC 8264 §7 orders it, so
 * that decomposed text (Hangul as some systems type it, the Kelvin sign) is read as what it stands
 * for. Preparing the result again gives it back unchanged.
 *
 * @param longest bytes that the result may have in UTF-8.
 * @throws PreparationError if there is no such form.
 */
export function usernameCaseMapped(
  text: string,
  longest: number = Number.POSITIVE_INFINITY,
): string {
  if (text.length <= longest && PRINTABLE_ASCII.test(text)) return text.toLowerCase();
  const rules = (t: string): string => mapCase(mapWidth(t)).normalize("NFC");
  const name = enforce(text, "IdentifierClass", longest, rules);
  if (!satisfiesBidiRule(name)) {
    throw new PreparationError("mixes writing directions against the Bidi Rule (RFC 5893 §2)");
  }
  return name;
}

/**
 * Enforces OpaqueString (RFC 8265 §4.2): passwords and resourceparts. Case and width are kept.
 *
 * @param longest bytes that the result may have in UTF-8.
 * @throws PreparationError if the text is empty or contains what the FreeformClass does not allow.
 */
export function opaqueString(text: string, longest: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= longest && ASCII_WITH_SPACE.test(text)) return text;
  return enforce(text, "FreeformClass", longest, (t) => mapSpaces(t).normalize("NFC"));
}

/**
 * Enforces Nickname (RFC 8266 §2.3): how a nickname is shown. Case is kept, so that two nicknames are
 * to be compared by {@link nicknameForComparison}.
 *
 * @param longest bytes that the result may have in UTF-8.
 * @throws PreparationError if nothing is left of it or it contains what the FreeformClass does not allow.
 */
export function nickname(text: string, longest: number = Number.POSITIVE_INFINITY): string {
  return enforce(text, "FreeformClass", longest, (t) => trimSpaces(t).normalize("NFKC"));
}

/**
 * The form of a nickname that decides whether two are the same (RFC 8266 §2.4).
 *
 * @param longest bytes that the result may have in UTF-8.
 * @throws PreparationError as {@link nickname} does.
 */
export function nicknameForComparison(
  text: string,
  longest: number = Number.POSITIVE_INFINITY,
): string {
  return enforce(text, "FreeformClass", longest, (t) => mapCase(trimSpaces(t)).normalize("NFKC"));
}

/** RFC 8266 §2.1: no space at the ends, and one where there are several. */
function trimSpaces(text: string): string {
  return mapSpaces(text).replace(SPACES, " ").replace(SPACE_AT_AN_END, "");
}

/**
 * RFC 8264 §7: the rules are applied until they change nothing, three times at most after the first;
 * then the result must belong to the class. Lengths are looked at before what costs more.
 */
function enforce(
  text: string,
  stringClass: StringClass,
  longest: number,
  rules: (text: string) => string,
): string {
  // no result is shorter than this (ǘ may come as three UTF-16 code units and has two bytes), unless
  // a nickname comes with many spaces
  if (text.length > longest * 1.5) throw tooLong(longest);
  let result = rules(text);
  for (let again = 0; ; again++) {
    const next = rules(result);
    if (next === result) break;
    if (again === 3) throw new PreparationError("has no stable form (RFC 8264 §7)");
    result = next;
  }
  if (result === "") throw new PreparationError("is empty");
  // three bytes are the most that a UTF-16 code unit makes
  if (result.length * 3 > longest && utf8Length(result) > longest) throw tooLong(longest);
  checkStringClass(result, stringClass);
  return result;
}

const tooLong = (longest: number): PreparationError =>
  new PreparationError(`is longer than ${longest} bytes`);

/** All of it is PVALID (ASCII7, RFC 8264 §9.11) and no rule but the mapping of case touches it. */
const PRINTABLE_ASCII = /^[!-~]+$/u;
const ASCII_WITH_SPACE = /^[ -~]+$/u;
const SPACES = / {2,}/gu;
const SPACE_AT_AN_END = /^ | $/gu;
