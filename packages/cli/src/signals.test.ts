import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listenForSignals } from "./signals.ts";

describe("listenForSignals", () => {
  it("takes the Ctrl-C that npm passes on for the same one, and a later one for a second", async () => {
    const source = new EventEmitter();
    let killed = 0;
    const signals = listenForSignals(source, () => killed++);
    assert.equal(signals.stopping, false);
    source.emit("SIGINT");
    source.emit("SIGINT");
    await signals.stop;
    assert.deepEqual([signals.stopping, killed], [true, 0]);
    await sleep(350);
    source.emit("SIGTERM");
    assert.equal(killed, 1);
  });

  it("passes SIGHUP on, and lets go of all signals", () => {
    const source = new EventEmitter();
    const signals = listenForSignals(source, () => {});
    let reloads = 0;
    signals.onReload = () => reloads++;
    source.emit("SIGHUP");
    signals.release();
    source.emit("SIGHUP");
    assert.equal(reloads, 1);
    assert.deepEqual(source.eventNames(), []);
  });
});
