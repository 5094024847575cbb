import assert from "node:assert/strict";
import { test } from "node:test";
import { Deliveries } from "./deliveries.ts";

const kept = (n: number): { readonly id: string; readonly at: number } => ({ id: `m${n}`, at: n });

/** Someone reads the backlog as far as this, and the end unless there is more. */
function read(deliveries: Deliveries, numbers: readonly number[], more = false): readonly number[] {
  deliveries.beginReading();
  const left = numbers.filter((n) => deliveries.meet(kept(n), undefined));
  if (!more) deliveries.completed();
  deliveries.endReading();
  return left;
}

test("a backlog that is read again from its beginning knows what sessions hold and clients have", () => {
  const deliveries = new Deliveries(undefined);
  assert.deepEqual(read(deliveries, [1, 2, 3], true), [1, 2, 3]);
  deliveries.hand(kept(1), 1);
  deliveries.take("m2");
  assert.deepEqual(read(deliveries, [1, 2, 3, 4]), [3, 4]);
  deliveries.leave("m1");
  assert.deepEqual(
    deliveries.left().map(({ id }) => id),
    ["m1", "m3", "m4"],
  );
});

test("what is taken at the front of a backlog is behind, even if not all of it was read", () => {
  const deliveries = new Deliveries({ upTo: undefined, taken: ["m2"] });
  read(deliveries, [1, 2, 3], true);
  deliveries.take("m1");
  assert.deepEqual(deliveries.upTo, kept(2));
  assert.deepEqual(deliveries.position(), { upTo: kept(2), taken: [] });
});

test("nothing that someone reads is forgotten meanwhile", () => {
  const deliveries = new Deliveries(undefined);
  deliveries.beginReading(); // gets 1 and 2, and looks at them later
  read(deliveries, [1, 2]);
  deliveries.take("m1");
  assert.equal(deliveries.upTo, undefined);
  assert.deepEqual(
    [deliveries.meet(kept(1), undefined), deliveries.meet(kept(2), undefined)],
    [false, true],
  );
  deliveries.endReading();
  assert.deepEqual(deliveries.upTo, kept(1));
});

test("what is taken before it was read does not wait, and is remembered", () => {
  const deliveries = new Deliveries(undefined);
  assert.ok(deliveries.waits("m3"));
  deliveries.takeUnmet("m3");
  assert.ok(!deliveries.waits("m3"));
  assert.deepEqual(deliveries.position(), { upTo: undefined, taken: ["m3"] });
  assert.deepEqual(read(deliveries, [1, 2, 3, 4]), [1, 2, 4]);
  assert.deepEqual(deliveries.position(), {
    upTo: undefined,
    taken: [],
    seen: { at: 3, had: ["m3"], missing: ["m1", "m2"] },
  });
  const later = new Deliveries(deliveries.position());
  assert.deepEqual(
    [later.waits("m3", 3), later.waits("m2", 2), later.waits("m4", 4)],
    [false, true, true],
  );
  assert.deepEqual(read(later, [1, 2, 3, 4]), [1, 2, 4]);
  assert.ok(!deliveries.waits("m5"));
});

test("SECURITY: however much comes and waits, a bounded part of it is remembered, and none of it lost", () => {
  const deliveries = new Deliveries(undefined);
  read(deliveries, []);
  const all = Array.from({ length: 12_000 }, (_, n) => n + 1);
  for (const n of all) {
    deliveries.record(kept(n), undefined);
    if (n === 7 || n === 3000) {
      deliveries.hand(kept(n), 1);
      deliveries.take(`m${n}`);
    }
    if (n === 20) deliveries.hand(kept(n), 1);
  }
  assert.ok(deliveries.size <= 5000, `${deliveries.size}`);
  assert.ok(!deliveries.complete);
  deliveries.leave("m20");
  assert.deepEqual(
    read(deliveries, all),
    all.filter((n) => n !== 7 && n !== 3000),
  );
});

test("SECURITY: what clients have is not remembered one by one, though something before it waits", () => {
  const deliveries = new Deliveries(undefined);
  read(deliveries, []);
  for (let n = 1; n <= 3000; n++) {
    deliveries.record(kept(n), undefined);
    deliveries.hand(kept(n), 1);
    if (n > 1) deliveries.take(`m${n}`);
  }
  assert.equal(deliveries.size, 1);
  const position = deliveries.position();
  assert.deepEqual(position.seen, { at: 3000, had: ["m3000"], missing: ["m1"] });
  const later = new Deliveries(JSON.parse(JSON.stringify(position)));
  const numbers = Array.from({ length: 3001 }, (_, n) => n + 1);
  assert.deepEqual(read(later, numbers), [1, 3001]);
});

test("a message of which it is not known when it came puts nothing back", () => {
  const deliveries = new Deliveries({ upTo: kept(5), taken: [] });
  deliveries.hand({ id: "expired", at: 0 }, 1); // held over a restart, and removed meanwhile
  read(deliveries, [6]);
  deliveries.take("m6");
  deliveries.take("expired");
  assert.deepEqual(deliveries.upTo, kept(6));
});

test("what comes in the millisecond of the last that clients have is not taken for theirs", () => {
  const deliveries = new Deliveries(undefined);
  read(deliveries, []);
  const [first, second, third] = ["a", "b", "c"].map((id) => ({ id, at: 7 }));
  assert.ok(first && second && third);
  deliveries.record(first, undefined);
  deliveries.record(second, undefined);
  deliveries.hand(first, 1);
  deliveries.take("a");
  const later = new Deliveries(deliveries.position()); // stored before the third came
  assert.deepEqual(later.upTo, first);
  assert.deepEqual([later.waits("b", 7), later.waits("c", 7)], [true, true]);
  later.beginReading();
  assert.deepEqual(
    [second, third].map((one) => later.meet(one, undefined)),
    [true, true],
  );
});
