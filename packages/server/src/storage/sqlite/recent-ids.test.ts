import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentIds } from "./recent-ids.ts";

const id = (n: number): string => `${Math.imul(n, 2_654_435_761).toString(16)}-${n}`;

test("an id that was drawn at random is new, and one of nowhere may be anywhere", () => {
  const recent = new RecentIds();
  assert.equal(recent.mayHave("a", 0), false);
  assert.equal(recent.mayHave("a", undefined), true);
});

test("an id of a series is new once, and of what is new hardly anything is looked for", () => {
  const recent = new RecentIds();
  let lookedFor = 0;
  for (let n = 0; n < 100_000; n++) if (recent.mayHave(id(n), 1)) lookedFor++;
  assert.ok(lookedFor < 1000, `${lookedFor}`);
  for (let n = 0; n < 100_000; n++) assert.ok(recent.mayHave(id(n), 1));
});

test("what came before the last generations is looked for; younger series are known", () => {
  const recent = new RecentIds();
  recent.mayHave("old", 1);
  for (let n = 0; n < 450_000; n++) recent.mayHave(id(n), 2);
  assert.ok(recent.mayHave("old", 1), "it is in the older generation");
  for (let n = 450_000; n < 900_000; n++) recent.mayHave(id(n), 3);
  assert.ok(recent.mayHave("never", 1), "the series is older than what is known");
  assert.ok(recent.mayHave("never too", 2));
  let lookedFor = 0;
  for (let n = 900_000; n < 901_000; n++) if (recent.mayHave(id(n), 4)) lookedFor++;
  assert.ok(lookedFor < 50, `${lookedFor}`);
});
