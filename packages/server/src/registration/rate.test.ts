import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@rookery/testkit";
import fc from "fast-check";
import { RegistrationRate } from "./rate.ts";

const HOUR = 3_600_000;

function rateOf(clock: VirtualClock, all: number, here: number, tries = 3): RegistrationRate {
  const limits = {
    registrations: all,
    registrationsPerAddress: here,
    registrationTriesPerAddress: tries,
  };
  return new RegistrationRate(clock, limits);
}

test("a place that is given back is another's, but not in the next hour", () => {
  const clock = new VirtualClock();
  const rate = rateOf(clock, 10, 1);
  const first = rate.take("127.0.0.1");
  assert.ok(typeof first === "function");
  assert.equal(rate.take("127.0.0.1"), "address");
  first();
  assert.ok(typeof rate.take("::ffff:127.0.0.1") === "function");
  clock.advance(HOUR);
  const later = rate.take("127.0.0.1");
  assert.ok(typeof later === "function");
  first(); // of the hour before: it frees nothing now
  assert.equal(rate.take("127.0.0.1"), "address");
});

test("0 turns a bound off", () => {
  const rate = rateOf(new VirtualClock(), 0, 0, 0);
  for (let i = 0; i < 1000; i++) {
    assert.ok(typeof rate.take("192.0.2.1") === "function");
    rate.failed("192.0.2.1");
  }
  assert.equal(rate.isTired("192.0.2.1"), false);
});

test("failures of one network say nothing of another, and are forgotten after an hour", () => {
  const clock = new VirtualClock();
  const rate = rateOf(clock, 10, 10);
  for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:1::"]) rate.failed(address);
  assert.equal(rate.isTired("2001:db8::ffff"), true);
  assert.equal(rate.isTired("2001:db8:0:1::1"), false);
  clock.advance(HOUR);
  assert.equal(rate.isTired("2001:db8::1"), false);
});

test("many addresses do not fill the memory: the oldest is forgotten", () => {
  const rate = rateOf(new VirtualClock(), 10, 10, 1);
  rate.failed("192.0.2.1");
  for (let i = 0; i < 20_000; i++) rate.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  assert.equal(rate.isTired("192.0.2.1"), false);
  assert.equal(rate.isTired("10.0.78.31"), true);
});

test("whatever is taken and given back, no bound is passed", () => {
  const step = fc.record({ address: fc.constantFrom("a", "b", "c"), back: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rate = rateOf(new VirtualClock(), 5, 2);
      const taken = new Map<string, (() => void)[]>();
      for (const { address, back } of steps) {
        const mine = taken.get(address) ?? [];
        taken.set(address, mine);
        const place = back ? undefined : rate.take(address);
        if (back) mine.pop()?.();
        else if (typeof place === "function") mine.push(place);
        const all = [...taken.values()].flat().length;
        assert.ok(mine.length <= 2 && all <= 5);
        if (place === "address") assert.equal(mine.length, 2);
        if (place === "server") assert.equal(all, 5);
      }
    }),
  );
});
