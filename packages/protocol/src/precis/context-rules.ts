import tr46 from "tr46";

/**
 * Checks the contextual rules of RFC 5892 Appendix A, which RFC 8264 uses too.
 *
 * @param text a whole label or string, in NFC.
 * @returns what is wrong, to complete "the text …", or undefined. Takes time linear in the length.
 */
export function brokenContextRule(text: string): string | undefined {
  // every rule is about a code point in this set; most texts have none
  if (!CONTEXTUAL.test(text)) return undefined;
  if (hasStrayJoiner(text)) {
    return "contains a zero-width joiner or non-joiner where the script needs none (RFC 5892 A.1, A.2)";
  }
  if (STRAY_MIDDLE_DOT.test(text)) return "contains U+00B7 not between two l (RFC 5892 A.3)";
  if (STRAY_KERAIA.test(text)) return "contains U+0375 not before a Greek letter (RFC 5892 A.4)";
  if (STRAY_GERESH.test(text)) {
    return "contains U+05F3 or U+05F4 not after a Hebrew letter (RFC 5892 A.5, A.6)";
  }
  if (text.includes("\u30FB") && !JAPANESE.test(text)) {
    return "contains U+30FB without Hiragana, Katakana or Han (RFC 5892 A.7)";
  }
  if (ARABIC_INDIC_DIGIT.test(text) && EXTENDED_ARABIC_INDIC_DIGIT.test(text)) {
    return "mixes Arabic-Indic and Extended Arabic-Indic digits (RFC 5892 A.8, A.9)";
  }
  return undefined;
}

const CONTEXTUAL = /[\p{Join_Control}\u00B7\u0375\u05F3\u05F4\u30FB\u0660-\u0669\u06F0-\u06F9]/u;
const STRAY_MIDDLE_DOT = /(?<!l)\u00B7|\u00B7(?!l)/u;
const STRAY_KERAIA = /\u0375(?!\p{Script=Greek})/u;
const STRAY_GERESH = /(?<!\p{Script=Hebrew})[\u05F3\u05F4]/u;
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const ARABIC_INDIC_DIGIT = /[\u0660-\u0669]/u;
const EXTENDED_ARABIC_INDIC_DIGIT = /[\u06F0-\u06F9]/u;

/**
 * A.1 and A.2. JavaScript knows neither Joining_Type nor Canonical_Combining_Class, but tr46 brings
 * both for its CheckJoiners. It is asked about one joiner at a time: neither joiner has a
 * Joining_Type that the rule may step over, so what is before the previous one and behind the next
 * one cannot matter, and every piece of the text is looked at twice only.
 */
function hasStrayJoiner(text: string): boolean {
  const pieces = text.split(JOINER);
  // with the capturing group, text and joiners alternate
  for (let i = 1; i < pieces.length; i += 2) {
    const before = Array.from(pieces[i - 1] ?? "");
    const after = Array.from(pieces[i + 1] ?? "");
    const start = Math.max(before.findLastIndex(isNotTransparent), 0);
    const end = after.findIndex(isNotTransparent);
    const context = [
      ...before.slice(start),
      pieces[i] ?? "",
      ...after.slice(0, end < 0 ? after.length : end + 1),
    ].join("");
    if (!mayJoin(context)) return true;
  }
  return false;
}

/** @param context a joiner, what is next to it, and what may be stepped over between them. */
function mayJoin(context: string): boolean {
  // tr46 would map what has compatibility equivalents (presentation forms, which do not join)
  if (context.normalize("NFKC") !== context) return false;
  // a label cannot begin with a mark; "a" does not join
  return !tr46.toUnicode(`a${context}`, { checkJoiners: true }).error;
}

const JOINER = /(\p{Join_Control})/u;
/** What is of Joining_Type T is of these categories (ArabicShaping.txt), but for one letter. */
const TRANSPARENT = /^[\p{Mn}\p{Me}\p{Cf}\u{1E94B}]$/u;
const isNotTransparent = (char: string): boolean => !TRANSPARENT.test(char);
