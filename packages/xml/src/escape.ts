/** Character data as it stands in a document. @throws Error for what XML can not carry (§2.2 Char) */
export function escapeText(text: string): string {
  return NOT_PLAIN_TEXT.test(text) ? escaped(text, IN_TEXT) : text;
}

/** An attribute value as it stands between either quotes. @throws Error for what XML can not carry */
export function escapeValue(value: string): string {
  return NOT_PLAIN_VALUE.test(value) ? escaped(value, IN_VALUE) : value;
}

// Whatever may have to be escaped, and surrogates, which may be lone. A regular expression looks at
// a string several times faster than a loop does.
const NOT_PLAIN_TEXT = /[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd]/;
const NOT_PLAIN_VALUE = /[^ !#-%(-;=?-\ud7ff\ue000-\ufffd]/;

type Escapes = readonly (string | undefined)[];

/** By code of the character: what stands for it, "" if nothing can, undefined if it stands for itself. */
const IN_TEXT = escapes({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" });
const IN_VALUE = escapes({
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
});

function escapes(special: Readonly<Record<string, string>>): Escapes {
  return Array.from({ length: 0x80 }, (_, code) => {
    const character = String.fromCharCode(code);
    return special[character] ?? (code < 0x20 && !/[\t\n\r]/.test(character) ? "" : undefined);
  });
}

/** Index of the first character from `start` that may not stand for itself, or -1; a surrogate pair may. */
function needingEscape(text: string, start: number, table: Escapes): number {
  const { length } = text;
  for (let i = start; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      if (table[code] !== undefined) return i;
    } else if (code >= 0xd800 && (code <= 0xdfff || code >= 0xfffe)) {
      if (code > 0xdfff || text.codePointAt(i)! <= 0xffff) return i;
      i++;
    }
  }
  return -1;
}

function escaped(text: string, table: Escapes): string {
  let out = "";
  let done = 0;
  for (let i = needingEscape(text, 0, table); i >= 0; i = needingEscape(text, done, table)) {
    const escape = table[text.charCodeAt(i)];
    if (!escape) throw impossible(text, i);
    out += text.slice(done, i) + escape;
    done = i + 1;
  }
  return done === 0 ? text : out + text.slice(done);
}

function impossible(text: string, index: number): Error {
  const code = text.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0");
  return new Error(
    `can not serialize U+${code} at index ${index} of a text of ${text.length}: XML has no way to ` +
      "carry it (XML 1.0 §2.2); remove it first",
  );
}
