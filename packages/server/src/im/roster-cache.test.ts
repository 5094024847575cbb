import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RosterCache } from "./roster-cache.ts";

interface Entry {
  size: number;
  idle: boolean;
}

test("what was asked for lately stays, what was not goes", () => {
  const cache = new RosterCache<Entry>(10);
  const kept = { size: 2, idle: true };
  cache.set("kept", kept);
  for (let i = 0; i < 20; i++) {
    cache.set(`other${i}`, { size: 1, idle: true });
    assert.equal(cache.get("kept"), kept);
  }
  assert.equal(cache.get("other0"), undefined);
});

test("a roster with changes that are not committed is never forgotten", () => {
  const cache = new RosterCache<Entry>(10);
  const dirty = { size: 2, idle: false };
  cache.set("dirty", dirty);
  for (let i = 0; i < 50; i++) cache.set(`other${i}`, { size: 1, idle: true });
  assert.equal(cache.get("dirty"), dirty);
});

test("a roster larger than the cache can be had all the same", () => {
  const cache = new RosterCache<Entry>(10);
  const large = { size: 100, idle: true };
  cache.set("large", large);
  assert.equal(cache.get("large"), large);
  assert.equal(cache.get("large"), large);
});

test("the cache holds no more than it may, but for the last roster of a generation", () => {
  const step = fc.record({
    account: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
    do: fc.constantFrom("get", "set", "grow", "shrink", "delete"),
    by: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const cache = new RosterCache<Entry>(20);
      let largest = 0;
      for (const { account, do: what, by } of steps) {
        const entry = cache.get(account);
        if (what === "set" && entry === undefined) cache.set(account, { size: by, idle: true });
        else if (what === "delete") cache.delete(account);
        else if (entry && (what === "grow" || what === "shrink")) {
          const size = Math.max(1, what === "grow" ? entry.size + by : entry.size - by);
          const grown = size - entry.size;
          entry.size = size;
          cache.grown(account, grown);
        }
        largest = Math.max(largest, entry?.size ?? by);
        assert.ok(cache.size <= 20 + 2 * largest, `${cache.size} are held`);
      }
    }),
  );
});
