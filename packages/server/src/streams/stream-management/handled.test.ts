import assert from "node:assert/strict";
import { test } from "node:test";
import { Handled } from "./handled.ts";

/** Writes that settle when a test says so. */
function writes(): { asked: number; settled: number; whenSettled(): Promise<void> } {
  return { asked: 0, settled: 0, whenSettled: () => Promise.resolve() };
}

test("XEP-0198 §4: what is handled is safe when the writes up to it have settled, in order", () => {
  const progress = writes();
  const handled = new Handled(progress, 2 ** 32 - 2);
  handled.add();
  assert.equal(handled.safe, 2 ** 32 - 1, "nothing was written because of it");
  progress.asked = 2;
  handled.add();
  handled.add();
  progress.asked = 3;
  handled.add();
  assert.deepEqual([handled.count, handled.safe], [2, 2 ** 32 - 1]);
  progress.settled = 2;
  assert.equal(handled.safe, 1);
  progress.settled = 3;
  assert.equal(handled.safe, 2);
});

test("SECURITY: no more is remembered than writes are on their way, even if nobody asks what is safe", () => {
  const progress = writes();
  const handled = new Handled(progress);
  for (let n = 1; n <= 10_000; n++) {
    progress.asked = n;
    progress.settled = Math.max(0, n - 5);
    handled.add();
  }
  assert.ok(handled.steps <= 6, `${handled.steps}`);
});
