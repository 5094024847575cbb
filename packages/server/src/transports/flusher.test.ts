import assert from "node:assert/strict";
import { test } from "node:test";
import { Flusher } from "./flusher.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("all that one turn of the event loop queues is flushed once, in order, at its end", async () => {
  const flusher = new Flusher();
  const flushed: number[] = [];
  flusher.soon(() => flushed.push(1));
  await Promise.resolve();
  flusher.soon(() => flushed.push(2));
  assert.deepEqual([flushed, flusher.waiting], [[], 2]);
  await turn();
  assert.deepEqual([flushed, flusher.waiting], [[1, 2], 0]);
});

test("what is queued while flushing waits for the next turn", async () => {
  const flusher = new Flusher();
  const flushed: number[] = [];
  flusher.soon(() => {
    flushed.push(1);
    flusher.soon(() => flushed.push(2));
  });
  await turn();
  assert.deepEqual([flushed, flusher.waiting], [[1], 1]);
  await turn();
  assert.deepEqual([flushed, flusher.waiting], [[1, 2], 0]);
});
