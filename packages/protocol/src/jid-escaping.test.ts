import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Jid } from "./jid.ts";
import { escapeLocalpart, unescapeLocalpart } from "./jid-escaping.ts";

test("XEP-0106 §3.2, §3.3: the ten escapes", () => {
  const table: [string, string][] = [
    ["a b", "a\\20b"],
    ['"', "\\22"],
    ["&", "\\26"],
    ["'", "\\27"],
    ["/", "\\2f"],
    [":", "\\3a"],
    ["<", "\\3c"],
    [">", "\\3e"],
    ["@", "\\40"],
    ["\\5c", "\\5c5c"],
  ];
  for (const [shown, escaped] of table) {
    assert.equal(escapeLocalpart(shown), escaped);
    assert.equal(unescapeLocalpart(escaped), shown);
  }
});

const examples: readonly (readonly [where: string, shown: string, escaped: string])[] = [
  ["§3.1", "d'artagnan", "d\\27artagnan"],
  ["§3.3", "tréville@musketeers.lit", "tréville\\40musketeers.lit"],
  ["§4.3", "c:\\5commas", "c\\3a\\5c5commas"],
  ["§5.1 1", "space cadet", "space\\20cadet"],
  ["§5.1 2", 'call me "ishmael"', "call\\20me\\20\\22ishmael\\22"],
  ["§5.1 3", "at&t guy", "at\\26t\\20guy"],
  ["§5.1 5", "/.fanboy", "\\2f.fanboy"],
  ["§5.1 6", "::foo::", "\\3a\\3afoo\\3a\\3a"],
  ["§5.1 7", "<foo>", "\\3cfoo\\3e"],
  ["§5.1 8", "user@host", "user\\40host"],
  ["§5.1 9", "c:\\net", "c\\3a\\net"],
  ["§5.1 10", "c:\\\\net", "c\\3a\\\\net"],
  ["§5.1 11", "c:\\cool stuff", "c\\3a\\cool\\20stuff"],
  ["§5.2", "here's_a_wild_&_/cr%zy/_address", "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address"],
  [
    "§5.5",
    'here\'s_a_wild_&_/cr%zy/_address_for:<wv>("IMPS")',
    "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address_for\\3a\\3cwv\\3e(\\22IMPS\\22)",
  ],
  ["§5.5", "\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool"],
  [
    "§5.6",
    "CN=D'Artagnan Saint-Andr\\E9,O=Example & Company, Inc.,DC=example,DC=com",
    "CN=D\\27Artagnan\\20Saint-Andr\\E9,O=Example\\20\\26\\20Company,\\20Inc.,DC=example,DC=com",
  ],
  [
    "§5.7",
    "somenick!user\"&'/:<>\\3address",
    "somenick!user\\22\\26\\27\\2f\\3a\\3c\\3e\\5c3address",
  ],
];

for (const [where, shown, escaped] of examples) {
  test(`XEP-0106 ${where}: ${shown}`, () => {
    assert.equal(escapeLocalpart(shown), escaped);
    assert.equal(unescapeLocalpart(escaped), shown);
  });
}

test("XEP-0106 §4.3: what is no escape is left alone by both", () => {
  for (const text of ["\\2plus\\2is\\4", "foo\\bar", "foob\\41r", "\\3A\\2F\\5C", "\\", "a\\"]) {
    assert.equal(escapeLocalpart(text), text);
    assert.equal(unescapeLocalpart(text), text);
  }
});

test("XEP-0106 §4.1: a space at an end has no escape, and \\20 there is none", () => {
  for (const text of [" a", "a ", " "]) {
    assert.throws(() => escapeLocalpart(text), { condition: "jid-malformed" });
  }
  for (const text of ["\\20a", "a\\20", "\\20"]) assert.equal(unescapeLocalpart(text), text);
});

test("unescaping undoes escaping, and the escaped text has no character that is not allowed", () => {
  const unit = fc.oneof(
    fc.constantFrom(...Array.from(" \"&'/:<>@\\2034567abcef")),
    fc.string({ maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      fc.pre(!text.startsWith(" ") && !text.endsWith(" "));
      const escaped = escapeLocalpart(text);
      assert.equal(unescapeLocalpart(escaped), text);
      assert.doesNotMatch(escaped, /[ "&'/:<>@]/u);
    }),
    { numRuns: 2000 },
  );
});

test("an escaped localpart makes an address, unlike the text itself", () => {
  assert.equal(
    Jid.of(escapeLocalpart("O'Hara"), "example.org").toString(),
    "o\\27hara@example.org",
  );
  assert.throws(() => Jid.of("O'Hara", "example.org"), { condition: "jid-malformed" });
});
