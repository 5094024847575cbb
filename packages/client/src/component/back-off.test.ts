import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backOffMs } from "./back-off.ts";

test("pauses double up to the longest, half of each by chance", () => {
  const options = { firstMs: 100, maxMs: 1000 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((attempt) => backOffMs(options, attempt, 1)),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.equal(backOffMs(options, 1, 0), 50);
  assert.equal(backOffMs({ attempts: 2 }, 2, 0), 500);
  assert.equal(backOffMs({ attempts: 2 }, 3, 0), undefined);
});

test("a pause is never longer than the longest, however many tries there were", () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), chance, (attempt, by) => {
      const ms = backOffMs({}, attempt, by);
      assert.ok(ms !== undefined && ms >= 250 && ms <= 60_000);
    }),
  );
});
