import assert from "node:assert/strict";
import { test } from "node:test";
import { StanzaError } from "@rookery/protocol";
import { Turns } from "./turns.ts";

test("what one user sends is done in order, though one of it fails; others do not wait", async () => {
  const turns = new Turns();
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const one = turns.take("romeo", async () => {
    await gate.promise;
    done.push("one");
    throw new Error("it went wrong");
  });
  const two = turns.take("romeo", async () => done.push("two"));
  assert.equal(await turns.take("juliet", async () => done.push("other")), 1);
  gate.resolve();
  await assert.rejects(one, /it went wrong/);
  await two;
  assert.deepEqual(done, ["other", "one", "two"]);
});

test("only so much of one user waits", async () => {
  const turns = new Turns();
  const gate = Promise.withResolvers<void>();
  const waiting = Array.from({ length: 100 }, () => turns.take("romeo", () => gate.promise));
  await assert.rejects(
    turns.take("romeo", async () => {}),
    (error) => error instanceof StanzaError && error.condition === "resource-constraint",
  );
  await turns.take("juliet", async () => {});
  gate.resolve();
  await Promise.all(waiting);
  await turns.take("romeo", async () => {});
});
