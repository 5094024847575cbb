import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes, readUtf8, utf8 } from "./bytes.ts";

test("UTF-8 is read as it came, a byte order mark with it", () => {
  assert.equal(readUtf8(utf8("\ufeffé😀")), "\ufeffé😀");
  assert.equal(readUtf8(new Uint8Array()), "");
});

test("what is not UTF-8 is not read", () => {
  for (const bytes of [
    [0xff],
    [0xc3],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
  ]) {
    assert.equal(readUtf8(Uint8Array.from(bytes)), undefined);
  }
});

test("byte strings are equal if their length and every byte is", () => {
  assert.ok(equalBytes(utf8("abc"), utf8("abc")));
  assert.ok(equalBytes(utf8(""), utf8("")));
  for (const other of ["", "ab", "abcd", "abd", "bbc"]) {
    assert.ok(!equalBytes(utf8("abc"), utf8(other)), other);
  }
});
