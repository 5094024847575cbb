import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { el } from "@rookery/xml";
import { systemClock } from "../clock.ts";
import { Progress } from "../storage/progress.ts";
import type { Connection } from "../transports/connection.ts";
import { Pump } from "./pump.ts";
import { RateLimit } from "./rate-limit.ts";

/** A connection on which so many stanzas have come. */
function connection(stanzas: number): { readonly of: Connection; left: number; paused: boolean } {
  const state = {
    left: stanzas,
    paused: false,
    of: {
      queuedBytes: 0,
      receivedBytes: 0,
      ended: false,
      onReadable: () => {},
      read: () => (state.left-- > 0 ? el("jabber:client", "message") : undefined),
      pause: () => void (state.paused = true),
      resume: () => void (state.paused = false),
    } as unknown as Connection,
  };
  return state;
}

/** Pumps what comes on it; each stanza is one write. */
function pump(of: Connection, progress: Progress, backlog: number, handled: () => void): Pump {
  const made = new Pump({
    connection: of,
    clock: systemClock,
    rate: new RateLimit(0, 0, systemClock),
    queuedBytes: 1000,
    storage: { progress, backlog },
    handle: () => {
      handled();
      progress.ask();
    },
    failed: (error) => assert.fail(String(error)),
    ended: () => {},
  });
  of.onReadable();
  return made;
}

test("the limit storageBacklog: what the disk does not take is left with those who send it", async () => {
  const progress = new Progress();
  const limit = 10;
  let handled = 0;
  const senders = [connection(100), connection(100)];
  const pumps = senders.map(({ of }) => pump(of, progress, limit, () => handled++));
  await turn();
  assert.equal(handled, limit + 1);
  assert.ok(senders.every(({ paused }) => paused));
  // nothing goes on before half of it is done, then all do
  progress.reach(limit / 2);
  await turn();
  assert.equal(handled, limit + 1);
  progress.reach(limit / 2 + 1);
  await turn();
  assert.ok(handled > limit + 1 && handled <= limit + limit / 2 + 2, `${handled}`);
  for (let n = 0; n < 500; n++) {
    progress.reach(progress.asked);
    await turn();
  }
  assert.equal(handled, 200);
  assert.ok(senders.every(({ paused }) => !paused));
  for (const one of pumps) one.stop();
});

test("without the limit nobody waits for the disk", async () => {
  const progress = new Progress();
  let handled = 0;
  const one = pump(connection(1000).of, progress, 0, () => handled++);
  for (let n = 0; n < 30; n++) await turn();
  assert.equal(handled, 1000);
  one.stop();
});
