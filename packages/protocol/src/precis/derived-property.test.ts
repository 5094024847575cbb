import assert from "node:assert/strict";
import { test } from "node:test";
import { type DerivedProperty, derivedProperty } from "./derived-property.ts";
import { checkStringClass } from "./string-class.ts";

const at = (codePoint: number): DerivedProperty => derivedProperty(String.fromCodePoint(codePoint));

const EXPECTED: readonly (readonly [DerivedProperty, string, readonly number[]])[] = [
  ["PVALID", "exceptions, RFC 5892 §2.6", [0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007]],
  ["CONTEXTO", "exceptions", [0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb, 0x660, 0x669, 0x6f0, 0x6f9]],
  ["DISALLOWED", "exceptions", [0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3035, 0x303b]],
  ["UNASSIGNED", "unassigned", [0x378, 0x2fe0, 0xd0000]],
  ["PVALID", "ASCII7", [0x21, 0x40, 0x41, 0x7e]],
  ["CONTEXTJ", "join controls", [0x200c, 0x200d]],
  ["DISALLOWED", "old Hangul jamo", [0x1100, 0x1160, 0x11ff, 0xa960, 0xd7b0, 0xd7fb]],
  ["DISALLOWED", "ignorable", [0xad, 0x34f, 0x200b, 0x2060, 0xfeff, 0xfdd0, 0xffff, 0x10ffff]],
  ["DISALLOWED", "controls", [0x0, 0x9, 0x1f, 0x7f, 0x9f]],
  ["FREE_PVAL", "HasCompat", [0xa0, 0xaa, 0x132, 0x2126, 0x212a, 0x2163, 0xf900, 0xff21, 0xfb01]],
  ["PVALID", "letters and digits", [0xc0, 0x3c0, 0x430, 0x5d0, 0x966, 0x4e00, 0xac00, 0x10400]],
  ["FREE_PVAL", "other letters and digits", [0x488, 0x20dd, 0x2180, 0xbf0]],
  ["FREE_PVAL", "spaces", [0x20, 0x1680]],
  ["FREE_PVAL", "symbols", [0xa2, 0x20ac, 0x221e, 0x265a, 0x1f600]],
  ["FREE_PVAL", "punctuation", [0xa1, 0x2019, 0x3001]],
  [
    "DISALLOWED",
    "the rest: private use, surrogates, format",
    [0xe000, 0xd800, 0xdfff, 0x6dd, 0x2028],
  ],
];

for (const [property, what, codePoints] of EXPECTED) {
  test(`RFC 8264 §8 derives ${property} for ${what}`, () => {
    for (const codePoint of codePoints) {
      assert.equal(at(codePoint), property, `U+${codePoint.toString(16)}`);
    }
  });
}

test("the string classes allow of all code points what RFC 8264 §4 says", () => {
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    const property = at(codePoint);
    // these depend on their neighbours
    if (property === "CONTEXTJ" || property === "CONTEXTO") continue;
    const char = String.fromCodePoint(codePoint);
    const allowed = [accepts(char, "IdentifierClass"), accepts(char, "FreeformClass")];
    const expected = [property === "PVALID", property === "PVALID" || property === "FREE_PVAL"];
    if (allowed[0] !== expected[0] || allowed[1] !== expected[1]) {
      assert.fail(`U+${codePoint.toString(16)} is ${property}, but allowed: ${allowed.join()}`);
    }
  }
});

test("what is not allowed is named, and nothing else of the text", () => {
  assert.throws(() => checkStringClass("secret word", "IdentifierClass"), {
    name: "PreparationError",
    message: "contains U+0020, which the IdentifierClass does not allow (RFC 8264 §8)",
  });
});

function accepts(char: string, stringClass: "IdentifierClass" | "FreeformClass"): boolean {
  const { stackTraceLimit } = Error;
  // a million refusals; their stacks are not looked at
  Error.stackTraceLimit = 0;
  try {
    checkStringClass(char, stringClass);
    return true;
  } catch {
    return false;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
