import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamError } from "@rookery/protocol";
import { VirtualClock } from "@rookery/testkit";
import fc from "fast-check";
import { KeepAlive, type KeepAliveOptions } from "./keep-alive.ts";

/** A stream that does what a test says when it is asked. */
class Stream {
  readonly connection: { heardAt: number; receivedBytes: number };
  asked = 0;
  ended: string | undefined = undefined;
  onAsked: () => void = () => {};
  readonly #watch: KeepAlive;
  readonly #clock: VirtualClock;

  constructor(watch: KeepAlive, clock: VirtualClock) {
    this.#watch = watch;
    this.#clock = clock;
    this.connection = { heardAt: clock.now(), receivedBytes: 0 };
  }

  speaks(): void {
    this.connection.heardAt = this.#clock.now();
    this.connection.receivedBytes++;
  }

  ask(): void {
    this.asked++;
    this.onAsked();
  }

  close(error?: StreamError): void {
    this.ended = error?.condition ?? "";
    this.#watch.forget(this);
  }
}

function watched(options: Partial<KeepAliveOptions> = {}, count = 1) {
  const clock = new VirtualClock();
  const keepAlive = new KeepAlive(clock, { idleSeconds: 100, answerSeconds: 10, ...options });
  const streams = Array.from({ length: count }, () => new Stream(keepAlive, clock));
  for (const stream of streams) keepAlive.watch(stream);
  return { clock, keepAlive, streams, stream: streams[0] as Stream };
}

test("a silent stream is asked once, then closed", () => {
  const { clock, keepAlive, stream } = watched();
  clock.advance(99_000);
  assert.equal(stream.asked, 0);
  clock.advance(3_000);
  assert.equal(stream.asked, 1);
  clock.advance(8_000);
  assert.equal(stream.ended, undefined);
  clock.advance(4_000);
  assert.equal(stream.ended, "connection-timeout");
  assert.deepEqual([keepAlive.size, clock.waiting], [0, 0]);
});

test("an answer in the millisecond of the question is an answer", () => {
  const { clock, stream } = watched();
  stream.onAsked = () => stream.speaks();
  clock.advance(1_000_000);
  assert.equal(stream.ended, undefined);
  assert.ok(stream.asked >= 9);
});

test("a stream that ends while it is asked is forgotten", () => {
  const { clock, keepAlive, stream } = watched();
  stream.onAsked = () => stream.close();
  clock.advance(1_000_000);
  assert.equal(stream.asked, 1);
  assert.deepEqual([keepAlive.size, clock.waiting], [0, 0]);
});

test("a stream that is watched twice is asked once", () => {
  const { clock, keepAlive, stream } = watched();
  keepAlive.watch(stream);
  clock.advance(105_000);
  assert.equal(stream.asked, 1);
  keepAlive.forget(stream);
  keepAlive.forget(stream);
  assert.deepEqual([keepAlive.size, clock.waiting], [0, 0]);
});

test("the wheel goes on after all were forgotten and another one came", () => {
  const { clock, keepAlive, stream } = watched();
  keepAlive.forget(stream);
  clock.advance(500_000);
  const later = new Stream(keepAlive, clock);
  keepAlive.watch(later);
  clock.advance(102_000);
  assert.deepEqual([stream.asked, later.asked], [0, 1]);
});

test("a clock that stood still for an hour asks everyone, and closes nobody unasked", () => {
  const { clock, streams } = watched({}, 10);
  clock.advance(50_000);
  for (const stream of streams) stream.onAsked = () => stream.speaks();
  clock.advance(3_600_000);
  for (const stream of streams) assert.equal(stream.ended, undefined);
});

test("whatever streams say and when, the silent are closed in time and the others never", () => {
  const seconds = fc.integer({ min: 1, max: 130 });
  fc.assert(
    fc.property(
      fc.array(fc.array(seconds, { maxLength: 8 }), { minLength: 1, maxLength: 8 }),
      (lives) => {
        const { clock, keepAlive, streams } = watched({}, lives.length);
        const last = lives.map((pauses, i) => {
          let at = 0;
          for (const pause of pauses) {
            at += pause;
            clock.after(at * 1000, () => streams[i]?.speaks());
          }
          return at;
        });
        for (let second = 1; second <= 1300; second++) {
          clock.advance(1000);
          for (const [i, pauses] of lives.entries()) {
            const { ended } = streams[i] as Stream;
            // asked at 100 or 101 s of silence, closed 10 to 12 s later
            if (ended === undefined)
              assert.ok(second - (last[i] as number) <= 114 || second <= (last[i] as number));
            else if (pauses.every((pause) => pause < 109))
              assert.ok(second >= (last[i] as number) + 109);
          }
        }
        assert.deepEqual([keepAlive.size, clock.waiting], [0, 0]);
      },
    ),
    { numRuns: 50 },
  );
});
