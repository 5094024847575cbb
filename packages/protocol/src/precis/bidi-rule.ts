import tr46 from "tr46";

/**
 * The Bidi Rule (RFC 5893 §2), for text that has right-to-left code points; other text satisfies it
 * (RFC 8264 §5.2.5 applies it to the former only).
 *
 * Bidi_Class is not to be had from JavaScript. tr46 brings it for the labels of domain names and
 * checks exactly this rule with CheckBidi, so that the text is shown to it as one label.
 *
 * @param text prepared text of the IdentifierClass, in NFC and lower case.
 */
export function satisfiesBidiRule(text: string): boolean {
  if (!RIGHT_TO_LEFT_BLOCKS.test(text)) return true;
  // a full stop would split it into labels; a comma is of the same Bidi_Class, CS
  return !tr46.toUnicode(text.replaceAll(".", ","), { checkBidi: true }).error;
}

/**
 * Where code points of the classes R, AL and AN are and will be: Unicode keeps these blocks for them
 * (DerivedBidiClass.txt). That they also hold others does no harm, tr46 knows.
 */
const RIGHT_TO_LEFT_BLOCKS =
  /[\u0590-\u08FF\u200F\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
