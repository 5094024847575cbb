import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Progress } from "./progress.ts";

test("what is held back settles with what holds it back, and nothing else waits for that", async () => {
  const progress = new Progress();
  const [first, second] = [progress.ask(), progress.ask()];
  const again = Promise.withResolvers<void>();
  progress.reach(first);
  progress.holdBack(again.promise); // as who is told of the failure does
  const settled = progress.whenSettled(first);
  progress.reach(second);
  await turn();
  assert.equal(progress.settled, 0);
  again.reject(new Error("it failed once more"));
  await settled;
  await turn();
  assert.equal(progress.settled, 2);
});

test("someone who holds back all the time holds nobody up for long", async () => {
  const progress = new Progress();
  const former: PromiseWithResolvers<void>[] = [];
  for (let n = 1; n <= 50; n++) {
    const mark = progress.ask();
    progress.reach(mark);
    const work = Promise.withResolvers<void>();
    progress.holdBack(work.promise);
    former.push(work);
    await turn();
    former.shift()?.resolve();
    await turn();
    assert.equal(progress.settled, mark);
  }
});
