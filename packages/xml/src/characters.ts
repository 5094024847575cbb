/**
 * Character classes of XML 1.0, fifth edition: §2.2 Char, §2.3 NameStartChar, NameChar and S.
 *
 * The functions that look for an end take a string and an index into it, and give the index of the
 * first character that does not belong, or the length of the string.
 */

const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
const SPACE = 0x20;
export const EXCLAMATION = 0x21;
export const QUOTATION = 0x22;
export const HASH = 0x23;
export const AMPERSAND = 0x26;
export const APOSTROPHE = 0x27;
export const HYPHEN = 0x2d;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const BRACKET = 0x5b;
export const CLOSING_BRACKET = 0x5d;
export const BOM = 0xfeff;

/** S: the white space of markup. */
export function isSpace(code: number): boolean {
  return code === SPACE || code === LF || code === CR || code === TAB;
}

/** Char; surrogates are none. */
export function isChar(codePoint: number): boolean {
  if (codePoint < SPACE) return codePoint === LF || codePoint === CR || codePoint === TAB;
  if (codePoint < 0xd800) return true;
  return (codePoint >= 0xe000 && codePoint <= 0xfffd) || isAstral(codePoint);
}

/** The end of white space. */
export function spaceEnd(text: string, from: number): number {
  let i = from;
  while (i < text.length && isSpace(text.charCodeAt(i))) i++;
  return i;
}

/** The end of an NCName (a name without a colon), not looking at what it begins with. */
export function nameEnd(text: string, from: number): number {
  const { length } = text;
  let i = from;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      if (NAME[code] === 0) return i;
      i++;
    } else {
      const codePoint = text.codePointAt(i)!;
      if (!isNameChar(codePoint)) return i;
      i += codePoint > 0xffff ? 2 : 1;
    }
  }
  return i;
}

/** The end of character data that needs no attention: at markup, references, `>`, CR and what is no Char. */
export function textEnd(text: string, from: number): number {
  const { length } = text;
  let i = from;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (code < 0x80 ? NOT_PLAIN_TEXT[code] !== 0 : code >= 0xfffe) return i;
    i++;
  }
  return i;
}

/** The end of an attribute value that needs no attention: as for text, and at quotes and white space but U+0020. */
export function valueEnd(text: string, from: number): number {
  const { length } = text;
  let i = from;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (code < 0x80 ? NOT_PLAIN_VALUE[code] !== 0 : code >= 0xfffe) return i;
    i++;
  }
  return i;
}

/** The end of what needs no attention in a CDATA section: at `]`, CR and what is no Char. */
export function cdataEnd(text: string, from: number): number {
  const { length } = text;
  let i = from;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (code < 0x80 ? NOT_PLAIN_CDATA[code] !== 0 : code >= 0xfffe) return i;
    i++;
  }
  return i;
}

/** Whether a name (an NCName) may begin at this index. */
export function isNameStartAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code < 0x80 ? NAME[code] === 2 : isNameStart(text.codePointAt(index)!);
}

/** Whether the whole text is an NCName (Namespaces in XML 1.0 §3). */
export function isName(text: string): boolean {
  return text !== "" && isNameStartAt(text, 0) && nameEnd(text, 0) === text.length;
}

/** NameStartChar beyond ASCII. */
function isNameStart(c: number): boolean {
  return (
    (c >= 0xc0 && c <= 0x2ff && c !== 0xd7 && c !== 0xf7) ||
    (c >= 0x370 && c <= 0x1fff && c !== 0x37e) ||
    c === 0x200c ||
    c === 0x200d ||
    (c >= 0x2070 && c <= 0x218f) ||
    (c >= 0x2c00 && c <= 0x2fef) ||
    (c >= 0x3001 && c <= 0xd7ff) ||
    (c >= 0xf900 && c <= 0xfdcf) ||
    (c >= 0xfdf0 && c <= 0xfffd) ||
    (c >= 0x10000 && c <= 0xeffff)
  );
}

/** NameChar beyond ASCII. */
function isNameChar(c: number): boolean {
  return isNameStart(c) || c === 0xb7 || (c >= 0x300 && c <= 0x36f) || c === 0x203f || c === 0x2040;
}

function isAstral(codePoint: number): boolean {
  return codePoint >= 0x10000 && codePoint <= 0x10ffff;
}

/** ASCII in names: 2 where a name may begin, 1 where it may go on. The colon is not in it. */
const NAME = asciiTable((character) =>
  /[A-Z_a-z]/.test(character) ? 2 : /[-.0-9]/.test(character) ? 1 : 0,
);

const NOT_PLAIN_TEXT = asciiTable((character) =>
  /[<>&\r]/.test(character) || !isChar(character.charCodeAt(0)) ? 1 : 0,
);

const NOT_PLAIN_CDATA = asciiTable((character) =>
  /[\]\r]/.test(character) || !isChar(character.charCodeAt(0)) ? 1 : 0,
);

const NOT_PLAIN_VALUE = asciiTable((character) =>
  /[<&'"\r\n\t]/.test(character) || !isChar(character.charCodeAt(0)) ? 1 : 0,
);

function asciiTable(value: (character: string) => number): Uint8Array {
  return Uint8Array.from({ length: 0x80 }, (_, code) => value(String.fromCharCode(code)));
}
