import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { forEachAtOnce } from "./batch.ts";

describe("forEachAtOnce", () => {
  it("works on as many items at once as it may, and on no more", async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await forEachAtOnce(numbers(20), 4, async (n) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      done.push(n);
    });
    assert.equal(most, 4);
    assert.equal(done.length, 20);
  });

  it("works on items about the same one after the other, in their order", async () => {
    const begun: number[] = [];
    let running = 0;
    const work = async (n: number): Promise<void> => {
      begun.push(n);
      assert.equal(++running, 1);
      await turn();
      running--;
    };
    await forEachAtOnce(numbers(6), 4, work, () => "the same");
    assert.deepEqual(
      begun,
      [...begun].sort((a, b) => a - b),
    );
    assert.equal(begun.length, 6);
  });

  it("begins nothing after an error, and lets what was begun end before it throws", async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = async (n: number): Promise<void> => {
      begun.push(n);
      await turn();
      ended++;
      if (n === 3) throw new Error("three");
    };
    await assert.rejects(forEachAtOnce(numbers(100), 2, work), /three/);
    assert.ok(begun.length < 8, `${begun.length} were begun`);
    assert.equal(ended, begun.length);
  });

  it("passes on an error of the items, after what was begun", async () => {
    let ended = 0;
    const work = async (): Promise<void> => {
      await turn();
      ended++;
    };
    await assert.rejects(forEachAtOnce(numbers(3, true), 8, work), /no more/);
    assert.equal(ended, 3);
  });
});

async function* numbers(count: number, fails = false): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n;
  if (fails) throw new Error("no more");
}
