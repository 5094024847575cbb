import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Interned, ownText } from "./jid-intern.ts";

test("what was set is found again", () => {
  const interned = new Interned<number>(2, 10);
  assert.equal(interned.get("a"), undefined);
  interned.set("a", 1);
  assert.equal(interned.get("a"), 1);
});

test("texts that were asked for stay, others are forgotten", () => {
  const interned = new Interned<number>(2, 10);
  interned.set("hot", 1);
  interned.set("cold", 2);
  for (let i = 0; i < 10; i++) {
    assert.equal(interned.get("hot"), 1);
    interned.set(`other ${i}`, i);
  }
  assert.equal(interned.get("hot"), 1);
  assert.equal(interned.get("cold"), undefined);
});

test("long texts are not kept", () => {
  const interned = new Interned<number>(2, 3);
  interned.set("long", 1);
  assert.equal(interned.get("long"), undefined);
  assert.equal(interned.count, 0);
});

test("never more than two generations are kept, and what is found is right", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20 }))),
      (size, steps) => {
        const interned = new Interned<number>(size, 10);
        for (const [set, n] of steps) {
          if (set) interned.set(`${n}`, n);
          else assert.ok([undefined, n].includes(interned.get(`${n}`)));
          assert.ok(interned.count <= 2 * size);
        }
      },
    ),
  );
});

test("a text's own copy is the same text", () => {
  for (const text of ["", "a", "a long text, longer than what engines copy", "\uD800", "♚"]) {
    assert.equal(ownText(text), text);
  }
});
