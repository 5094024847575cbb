import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Utf8Reader, utf8Length } from "./utf8.ts";

const text = fc.string({ unit: "binary", maxLength: 50 });

test("the length in UTF-8 is that of the encoder", () => {
  for (const code of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
    const character = String.fromCodePoint(code);
    const length = new TextEncoder().encode(character).length;
    assert.equal(utf8Length(character, 0, character.length), length, code.toString(16));
  }
  fc.assert(
    fc.property(text, (s) => {
      assert.equal(utf8Length(s, 0, s.length), new TextEncoder().encode(s).length);
    }),
  );
});

test("text is read in whole characters from chunks of any size, and from many at once", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 7 }), fc.boolean(), (s, size, atOnce) => {
      const bytes = new TextEncoder().encode(s);
      const reader = new Utf8Reader();
      let read = "";
      const drain = (): void => {
        for (let part = reader.read(); part !== ""; part = reader.read()) {
          assert.ok(part.isWellFormed());
          read += part;
        }
      };
      for (let i = 0; i < bytes.length; i += size) {
        reader.write(bytes.slice(i, i + size));
        if (!atOnce) drain();
      }
      drain();
      assert.equal(read, s);
      assert.equal(reader.pending, false);
    }),
  );
});

test("a chunk is read in slices, and a queue of chunks that is never empty lets go of what was read", () => {
  const reader = new Utf8Reader();
  const long = `${"x".repeat(16_383)}é${"🎈".repeat(20_000)}`;
  reader.write(new TextEncoder().encode(long));
  let read = "";
  for (let part = reader.read(); part !== ""; part = reader.read()) {
    assert.ok(part.length <= 16_384 + 3);
    read += part;
  }
  assert.equal(read, long);
  for (let i = 0; i < 2000; i++) {
    reader.write(Uint8Array.of(0x61 + (i % 26)));
    if (i > 0) assert.equal(reader.read(), String.fromCharCode(0x61 + ((i - 1) % 26)));
  }
  assert.equal(reader.pending, true);
});
