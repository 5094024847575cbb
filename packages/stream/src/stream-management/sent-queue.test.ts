import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countOn, HandledCountTooHigh, SentQueue } from "./sent-queue.ts";

interface Entry {
  readonly name: string;
  readonly bytes: number;
}

function entries(...names: readonly string[]): Entry[] {
  return names.map((name) => ({ name, bytes: name.length }));
}

test("XEP-0198 §4: h acknowledges all that was sent up to it, in order", () => {
  const queue = new SentQueue<Entry>();
  for (const entry of entries("a", "bb", "ccc")) queue.add(entry);
  assert.deepEqual([queue.size, queue.bytes, queue.sent, queue.acknowledged], [3, 6, 3, 0]);
  assert.deepEqual(queue.acknowledge(2), entries("a", "bb"));
  assert.deepEqual([queue.size, queue.bytes, queue.sent, queue.acknowledged], [1, 3, 3, 2]);
  assert.deepEqual(queue.acknowledge(2), []);
  assert.deepEqual(queue.waiting(), entries("ccc"));
});

test("XEP-0198 §6: an h beyond what was sent, or below what was acknowledged, is refused", () => {
  const queue = new SentQueue<Entry>();
  for (const entry of entries("a", "b", "c")) queue.add(entry);
  queue.acknowledge(2);
  for (const wrong of [4, 1, 0, 2 ** 32 - 1]) {
    assert.throws(() => queue.acknowledge(wrong), HandledCountTooHigh);
  }
  assert.deepEqual(queue.waiting(), entries("c"), "nothing was changed by it");
});

test("XEP-0198 §4: the count goes on at zero after 2³² - 1", () => {
  const queue = new SentQueue<Entry>(2 ** 32 - 2);
  for (const entry of entries("a", "b", "c", "d")) queue.add(entry);
  assert.deepEqual([queue.sent, queue.acknowledged], [2, 2 ** 32 - 2]);
  assert.deepEqual(queue.acknowledge(2 ** 32 - 1), entries("a"));
  assert.deepEqual(queue.acknowledge(1), entries("b", "c"));
  assert.equal(countOn(2 ** 32 - 1), 0);
});

test("what is given up is no longer waited for", () => {
  const queue = new SentQueue<Entry>();
  for (const entry of entries("a", "b")) queue.add(entry);
  assert.deepEqual(queue.clear(), entries("a", "b"));
  assert.deepEqual([queue.size, queue.bytes, queue.sent], [0, 0, 2]);
});

test("the queue behaves as a list of which the front is taken away", () => {
  const step = fc.oneof(
    fc.record({ add: fc.string({ maxLength: 5 }) }),
    fc.record({ acknowledge: fc.nat({ max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new SentQueue<Entry>();
      const model: Entry[] = [];
      let acknowledged = 0;
      for (const action of steps) {
        if ("add" in action) {
          const entry = { name: action.add, bytes: action.add.length };
          queue.add(entry);
          model.push(entry);
        } else {
          const count = Math.min(action.acknowledge, model.length);
          acknowledged += count;
          assert.deepEqual(queue.acknowledge(acknowledged), model.splice(0, count));
        }
        assert.deepEqual(queue.waiting(), model);
        assert.equal(
          queue.bytes,
          model.reduce((sum, { bytes }) => sum + bytes, 0),
        );
      }
    }),
  );
});
