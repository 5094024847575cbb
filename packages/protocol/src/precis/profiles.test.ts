import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nickname, nicknameForComparison, opaqueString, usernameCaseMapped } from "./profiles.ts";

const refused = { name: "PreparationError" };

test("RFC 8265 §3.5 table 1: legal userparts", () => {
  assert.equal(usernameCaseMapped("juliet@example.com"), "juliet@example.com");
  assert.equal(usernameCaseMapped("fussball"), "fussball");
  assert.equal(usernameCaseMapped("fußball"), "fußball");
  assert.equal(usernameCaseMapped("π"), "π");
  assert.equal(usernameCaseMapped("Σ"), "σ");
  assert.equal(usernameCaseMapped("σ"), "σ");
  assert.equal(usernameCaseMapped("ς"), "ς");
});

test("RFC 8265 §3.5 table 2: strings that are no userparts", () => {
  for (const text of ["foo bar", "", "henryⅣ", "♚"]) {
    assert.throws(() => usernameCaseMapped(text), refused, text);
  }
});

test("RFC 8265 §4.3 tables 3 and 4: passwords", () => {
  const same = [
    "correct horse battery staple",
    "Correct Horse Battery Staple",
    "πßå",
    "Jack of ♦s",
    " leading and trailing ",
    "ＡＢ",
    "henryⅣ",
  ];
  for (const text of same) assert.equal(opaqueString(text), text);
  assert.equal(opaqueString("foo\u1680bar"), "foo bar");
  assert.equal(opaqueString("a\u00A0\u3000b"), "a  b");
  assert.equal(opaqueString("A\u030A"), "\u00C5");
  assert.throws(() => opaqueString(""), { ...refused, message: "is empty" });
  assert.throws(() => opaqueString("my cat is a \tby"), {
    ...refused,
    message: "contains U+0009, which the FreeformClass does not allow (RFC 8264 §8)",
  });
});

test("RFC 8266 §3 table 1: nicknames for comparison", () => {
  const table: [string, string][] = [
    ["Foo", "foo"],
    ["foo", "foo"],
    ["Foo Bar", "foo bar"],
    ["foo bar", "foo bar"],
    ["Σ", "σ"],
    ["σ", "σ"],
    ["ς", "ς"],
    // one round is not enough for this one (RFC 8264 §7)
    ["ϔ", "ϋ"],
    ["♚", "♚"],
    ["Richard Ⅳ", "richard iv"],
  ];
  for (const [text, expected] of table) assert.equal(nicknameForComparison(text), expected);
});

test("RFC 8266 §2.1: spaces of nicknames are trimmed and run together, case is kept for show", () => {
  assert.equal(nickname("  St\u00A0  Peter "), "St Peter");
  assert.equal(nickname("Richard Ⅳ"), "Richard IV");
  assert.throws(() => nickname(" \u3000 "), { ...refused, message: "is empty" });
  assert.throws(() => nickname("a\u0007"), refused);
  // NFKC makes a space and a mark of it, and the space is to be trimmed in the next round
  assert.equal(nickname("\u00A8"), "\u0308");
});

test("width is mapped in user names only (RFC 8264 §5.2.1)", () => {
  assert.equal(usernameCaseMapped("ＪＵＬＩＥＴ！"), "juliet!");
  assert.equal(usernameCaseMapped("ｶﾞ"), "ガ");
  assert.throws(() => usernameCaseMapped("a\u3000b"), refused);
  assert.throws(() => usernameCaseMapped("\uFFA1"), refused);
  assert.throws(() => usernameCaseMapped("\uFFE3"), refused);
});

test("case is mapped without a look at the neighbours (RFC 8264 §5.2.3)", () => {
  assert.equal(usernameCaseMapped("ΌΛΟΣ"), "όλοσ");
  assert.equal(usernameCaseMapped("Όλος"), "όλος");
  assert.equal(usernameCaseMapped("İIıi"), "i\u0307iıi");
  assert.equal(usernameCaseMapped("TÜRKİYE"), "türki\u0307ye");
  assert.equal(usernameCaseMapped("ᏚᎢᎵ"), "ꮪꭲꮅ");
});

test("what is canonically the same is the same user name", () => {
  assert.equal(usernameCaseMapped("\u212Aevin"), "kevin");
  assert.equal(usernameCaseMapped("\u212B"), "\u00E5");
  assert.equal(usernameCaseMapped("A\u030A"), "\u00E5");
  assert.equal(usernameCaseMapped("\u1112\u1161\u11AB"), "한");
  assert.equal(usernameCaseMapped("q\u0307\u0323"), "q\u0323\u0307");
});

test("what only looks the same is refused or another name", () => {
  for (const text of ["ﬁ", "ª", "①", "ſ", "ᵃ", "e\u00AD", "a\u200Bb", "a\uFE0F", "\u202Eabc"]) {
    assert.throws(() => usernameCaseMapped(text), refused, text);
  }
  assert.notEqual(usernameCaseMapped("о"), usernameCaseMapped("o"));
});

test("user names obey the Bidi Rule, opaque strings need not (RFC 8265 §3.3.1, §4.2.1)", () => {
  assert.equal(usernameCaseMapped("יוליה7"), "יוליה7");
  assert.throws(() => usernameCaseMapped("juliet-יוליה"), refused);
  assert.equal(opaqueString("juliet-יוליה"), "juliet-יוליה");
});

test("contextual rules hold in both classes (RFC 8264 §4.2.2, §4.3.2)", () => {
  assert.equal(usernameCaseMapped("COL·LECCIÓ"), "col·lecció");
  assert.throws(() => usernameCaseMapped("a·b"), refused);
  assert.throws(() => opaqueString("a·b"), refused);
  assert.throws(() => opaqueString("👩\u200D👧"), refused);
});

test("lone surrogates and what is not assigned are refused", () => {
  for (const text of ["\uD800", "a\uDC00", "\u0378", "\uFFFF", "\uE000"]) {
    assert.throws(() => usernameCaseMapped(text), refused);
    assert.throws(() => opaqueString(text), refused);
  }
});

test("lengths are counted in bytes of the result", () => {
  const tooLong = { ...refused, message: "is longer than 8 bytes" };
  assert.equal(usernameCaseMapped("A".repeat(8), 8), "a".repeat(8));
  assert.equal(usernameCaseMapped("Ａ".repeat(8), 8), "a".repeat(8));
  assert.equal(usernameCaseMapped("ü".repeat(4), 8), "ü".repeat(4));
  assert.equal(usernameCaseMapped("u\u0308\u0301".repeat(4), 8), "ǘ".repeat(4));
  assert.throws(() => usernameCaseMapped("a".repeat(9), 8), tooLong);
  assert.throws(() => usernameCaseMapped("ü".repeat(5), 8), tooLong);
  assert.equal(opaqueString("𐐀".repeat(2), 8), "𐐀".repeat(2));
  assert.throws(() => opaqueString("𐐀".repeat(2), 7), { message: "is longer than 7 bytes" });
  assert.throws(() => opaqueString("漢".repeat(1_000_000), 8), tooLong);
});

const profiles = { usernameCaseMapped, opaqueString, nickname, nicknameForComparison };
for (const [name, profile] of Object.entries(profiles)) {
  test(`${name} gives back unchanged what it made`, () => {
    fc.assert(
      fc.property(unicode, (text) => {
        const prepared = attempt(() => profile(text));
        return prepared === undefined || profile(prepared) === prepared;
      }),
      { numRuns: 3000 },
    );
  });

  test(`${name} takes canonically equivalent text for the same, or refuses both`, () => {
    fc.assert(
      fc.property(unicode, (text) => {
        const [nfc, nfd] = [text.normalize("NFC"), text.normalize("NFD")];
        return attempt(() => profile(nfc)) === attempt(() => profile(nfd));
      }),
      { numRuns: 3000 },
    );
  });
}

test("every single code point is prepared to something stable or refused", () => {
  for (let codePoint = 0; codePoint < 0x30000; codePoint += 1 + (codePoint >> 12)) {
    const char = String.fromCodePoint(codePoint);
    for (const profile of Object.values(profiles)) {
      const prepared = attempt(() => profile(`a${char}`));
      if (prepared !== undefined && profile(prepared) !== prepared) assert.fail(char);
    }
  }
});

/** Any code points, and scripts that normalization, case and direction do something to. */
const unicode = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(
      ...Array.from(
        "aKſßẞİıΣςσΌϔᾳͅǅǆ한각ガｶﾞ漢ﬁⅣאب٠۰·l\u0301\u0308\u0323\u05B0\u1100\u1161\u11A8\u200C\u200D\u212A\u00A0\u3000 .",
      ),
    ),
    maxLength: 8,
  }),
);

function attempt<T>(prepare: () => T): T | undefined {
  try {
    return prepare();
  } catch (error) {
    assert.equal((error as Error).name, "PreparationError");
    return undefined;
  }
}
