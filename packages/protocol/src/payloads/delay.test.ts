import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { delay, delayOf } from "./delay.ts";

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a delay is read from the old format where the new one is missing (XEP-0203 §4)", () => {
  const stamp = Date.UTC(2002, 8, 10, 23, 8, 25);
  const old = el(
    "jabber:x:delay",
    "x",
    { from: "example.net", stamp: "20020910T23:08:25" },
    "Offline",
  );
  const read = { stamp, from: Jid.parse("example.net"), reason: "Offline" };
  assert.deepEqual(delayOf({ children: [old] }), read);
  const now = delay.write({ stamp: stamp + 1000 });
  assert.equal(delayOf({ children: [old, now] })?.stamp, stamp + 1000);
  assert.equal(delayOf({ children: ["text"] }), undefined);
});

test("a delay without a good stamp is refused", () => {
  for (const attrs of [{}, { stamp: "" }, { stamp: "20020910T23:08:25" }, { stamp: "yesterday" }]) {
    assert.throws(() => delay.read(el(delay.ns, delay.name, attrs)), refused("bad-request"));
  }
  const bad = el(delay.ns, delay.name, { stamp: "2002-09-10T23:08:25Z", from: "a@b@c" });
  assert.throws(() => delay.read(bad), refused("jid-malformed"));
});
