import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenContextRule } from "./context-rules.ts";

const cases: readonly (readonly [rule: string, good: readonly string[], bad: readonly string[]])[] =
  [
    [
      "A.1: a zero-width non-joiner follows a virama or stands between letters that would join",
      [
        "क्\u200Cष",
        "نامه\u200Cای",
        "ب\u200Cب",
        // what is transparent for joining may stand in between
        "ب\u064E\u200C\u064Eب",
        "𐴀\u07FD\u200C\u07FDࢎ",
      ],
      [
        "\u200C",
        "a\u200C",
        "a\u200Cb",
        "\u200Cब",
        "ب\u200C",
        "ب\u200Ca",
        "ا\u200Cب",
        "ب\u200C\u200Cب",
      ],
    ],
    [
      "A.2: a zero-width joiner follows a virama",
      ["क्\u200Dष", "ශ්\u200Dරී"],
      ["\u200D", "a\u200Db", "ب\u200Dب", "क\u200Dष", "👩\u200D👧"],
    ],
    [
      "A.3: a middle dot stands between two l",
      ["col·lecció", "l·l·l"],
      ["·", "l·", "·l", "l·L", "a·l"],
    ],
    ["A.4: a keraia precedes a Greek letter", ["͵α", "α͵β"], ["͵", "α͵", "͵a"]],
    ["A.5, A.6: geresh and gershayim follow a Hebrew letter", ["א׳", "צה״ל"], ["׳", "a׳", "״א"]],
    [
      "A.7: a katakana middle dot needs Hiragana, Katakana or Han somewhere",
      ["アイ・ウ", "・あ", "a・漢"],
      ["・", "a・b"],
    ],
    ["A.8, A.9: the two kinds of Arabic digits do not mix", ["٠١٢", "۰۱۲", "ا٠"], ["٠۰", "۰ا٠"]],
  ];

for (const [rule, good, bad] of cases) {
  test(`RFC 5892 ${rule}`, () => {
    for (const text of good) assert.equal(brokenContextRule(text), undefined, escape(text));
    for (const text of bad) assert.notEqual(brokenContextRule(text), undefined, escape(text));
  });
}

test("a joiner is judged by its own neighbours, not by another joiner's", () => {
  assert.equal(
    brokenContextRule("ب\u200Cबक्\u200Cष"),
    "contains a zero-width joiner or non-joiner where the script needs none (RFC 5892 A.1, A.2)",
  );
  assert.equal(brokenContextRule("ب\u200Cبक्\u200Cष"), undefined);
  assert.notEqual(brokenContextRule("ب\u200Cبक्\u200Cष\u200C"), undefined);
});

function escape(text: string): string {
  return Array.from(text, (c) => c.codePointAt(0)?.toString(16)).join(" ");
}
