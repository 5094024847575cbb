import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@rookery/testkit";
import fc from "fast-check";
import { RateLimit } from "./rate-limit.ts";

test("a burst passes at once, what is above it has to wait", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit(1000, 5000, clock);
  assert.equal(limit.take(5000), 0);
  assert.equal(limit.take(5500), 500);
  clock.advance(500);
  assert.equal(limit.take(5500), 0);
  clock.advance(60_000);
  assert.equal(limit.take(10_500), 0, "after a pause there is a burst again");
  assert.equal(limit.take(10_501), 1, "but not more");
});

test("without a limit nothing waits", () => {
  const limit = new RateLimit(0, 5000, new VirtualClock());
  assert.equal(limit.take(1e12), 0);
});

test("a clock that is set back takes nothing away", () => {
  let now = 1_000_000;
  const limit = new RateLimit(1000, 5000, { now: () => now, after: () => ({ cancel() {} }) });
  limit.take(5000);
  now -= 3_600_000;
  assert.equal(limit.take(5100), 100);
  now += 100;
  assert.equal(limit.take(5100), 0);
});

test("whoever waits as told gets the rate and no more than the burst beside it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 1_000_000 }),
      fc.integer({ min: 10_000, max: 1_000_000 }),
      fc.array(
        fc.record({
          bytes: fc.integer({ min: 0, max: 100_000 }),
          pause: fc.integer({ min: 0, max: 5000 }),
        }),
        { maxLength: 50 },
      ),
      (rate, burst, chunks) => {
        const clock = new VirtualClock();
        const start = clock.now();
        const limit = new RateLimit(rate, burst, clock);
        let total = 0;
        for (const { bytes, pause } of chunks) {
          total += bytes;
          clock.advance(pause);
          clock.advance(limit.take(total));
          assert.equal(limit.take(total), 0, "one wait is enough");
          assert.ok(total <= burst + ((clock.now() - start) * rate) / 1000 + 1);
        }
      },
    ),
  );
});
