import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { utf8 } from "./bytes.ts";

test("the test vectors of RFC 4648 §10 are written and read", () => {
  const vectors = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ] as const;
  for (const [text, base64] of vectors) {
    assert.equal(encodeBase64(utf8(text)), base64);
    assert.deepEqual(decodeBase64(base64), utf8(text));
  }
});

test("any bytes are written as Buffer writes them, and read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = encodeBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64"));
      assert.deepEqual(decodeBase64(text), bytes);
    }),
  );
});

test("long data is written and read", () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, i) => (i * 31) & 255);
  assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString("base64"));
  assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
});

test("what is not canonical base64 is refused (RFC 4648 §3, RFC 6120 §13.9.1)", () => {
  const malformed = [
    "Z",
    "Zg",
    "Zg=",
    "Zm8",
    "Zm9vYg", // padding is missing
    "Zh==", // bits that are left over
    "Zm9=",
    "=",
    "==",
    "===",
    "====",
    "Z===",
    "Zg==Zg==", // padding inside
    "Zm8=Zm8=",
    "Zm9v====",
    "Zm9v\n", // white space
    " Zm9v",
    "Zm 9",
    "Zm9v\r\nZm9v",
    "Zm-_", // the alphabet for URLs
    "Zm9\u0000",
    "Zm9é",
    "Zm9\u0141", // its low byte is in the alphabet
    "Zm\u{1f600}",
  ];
  for (const text of malformed) {
    assert.equal(decodeBase64(text), undefined, JSON.stringify(text));
  }
});

test("what is read is written the same again: no two texts mean the same bytes", () => {
  const text = fc.string({ unit: fc.constantFrom(..."AZaz09+/= g".split("")), maxLength: 12 });
  fc.assert(
    fc.property(text, (base64) => {
      const bytes = decodeBase64(base64);
      if (bytes !== undefined) assert.equal(encodeBase64(bytes), base64);
    }),
    { numRuns: 2000 },
  );
});
