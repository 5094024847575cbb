import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareUtf8, endOfPrefix } from "./order.ts";

const text = fc.string({ unit: "binary", maxLength: 6 }).map((value) => value.toWellFormed());

test("texts compare as their UTF-8 bytes do", () => {
  assert.ok(compareUtf8("\uffee", "\u{1f426}") < 0, "where UTF-16 says otherwise");
  fc.assert(
    fc.property(text, text, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareUtf8(a, b)), bytes);
    }),
  );
});

test("the end of a prefix is after all that begin with it, and before all else after it", () => {
  assert.equal(endOfPrefix(""), undefined);
  assert.equal(endOfPrefix("\u{10ffff}\u{10ffff}"), undefined);
  assert.equal(endOfPrefix("a\u{10ffff}"), "b");
  assert.equal(endOfPrefix("a\ud7ff"), "a\ue000");
  fc.assert(
    fc.property(text, text, text, (prefix, rest, other) => {
      const end = endOfPrefix(prefix);
      const before = (value: string): boolean => end === undefined || compareUtf8(value, end) < 0;
      assert.ok(before(prefix + rest));
      const inside = compareUtf8(other, prefix) >= 0 && before(other);
      assert.equal(inside, other.startsWith(prefix));
    }),
  );
});
