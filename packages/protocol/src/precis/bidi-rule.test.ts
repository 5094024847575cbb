import assert from "node:assert/strict";
import { test } from "node:test";
import { satisfiesBidiRule } from "./bidi-rule.ts";

// Hebrew letters are R, Arabic ones AL; ٠ is AN, 0 and ۰ are EN; U+05B0 is NSM
const cases: readonly (readonly [condition: string, good: string[], bad: string[]])[] = [
  ["condition 1: the first is L, R or AL", ["א", "ابج"], ["0א", "٠", "-א", "\u05B0א"]],
  ["condition 2: nothing of class L in right-to-left text", ["אב", "א-ב", "א(ב"], ["אaב", "אa"]],
  [
    "condition 3: right-to-left text ends in R, AL, EN or AN and marks",
    ["אב", "א0", "ا٠", "א\u05B0"],
    ["א-", "א.", "א!"],
  ],
  ["condition 4: not both EN and AN", ["א0", "א٠"], ["א0٠", "א٠0"]],
  ["condition 5: nothing right-to-left in left-to-right text", ["a-b"], ["aאb", "a٠b", "aא"]],
];

for (const [condition, good, bad] of cases) {
  test(`RFC 5893 §2 ${condition}`, () => {
    for (const text of good) assert.equal(satisfiesBidiRule(text), true, text);
    for (const text of bad) assert.equal(satisfiesBidiRule(text), false, text);
  });
}

test("text without right-to-left code points has no rule to satisfy (RFC 8264 §5.2.5)", () => {
  for (const text of ["0a", "-", "юлия!", "a."]) assert.equal(satisfiesBidiRule(text), true, text);
});

test("full stops do not split a name into labels", () => {
  assert.equal(satisfiesBidiRule("א.ב"), true);
  assert.equal(satisfiesBidiRule("א.a"), false);
  assert.equal(satisfiesBidiRule("a.א"), false);
});

test("letters of scripts that Unicode has only had since 14 to 16 are known", () => {
  // Arabic Extended-B is AL, Garay letters are R and Garay digits AN
  assert.equal(satisfiesBidiRule("a\u0870"), false);
  assert.equal(satisfiesBidiRule("\u{10D4A}a"), false);
  assert.equal(satisfiesBidiRule("\u{10D4A}\u{10D40}"), true);
  assert.equal(satisfiesBidiRule("\u{10D4A}\u{10D40}0"), false);
});
