import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { entityTime, timeRequest } from "./time.ts";

test("the time of XEP-0202, example 2", () => {
  const time = el(
    "urn:xmpp:time",
    "time",
    {},
    el("urn:xmpp:time", "tzo", {}, "-06:00"),
    el("urn:xmpp:time", "utc", {}, "2006-12-19T17:58:35Z"),
  );
  assert.deepEqual(entityTime.read(time), {
    utc: Date.UTC(2006, 11, 19, 17, 58, 35),
    offset: -360,
  });
  assert.deepEqual(entityTime.write(entityTime.read(time)), time);
});

test("an answer has a time in UTC and an offset, each well-formed (XEP-0202 §2)", () => {
  const ns = "urn:xmpp:time";
  const utc = el(ns, "utc", {}, "2006-12-19T17:58:35Z");
  const tzo = el(ns, "tzo", {}, "Z");
  const bad = [
    timeRequest.write({}),
    el(ns, "time", {}, utc),
    el(ns, "time", {}, tzo),
    el(ns, "time", {}, el(ns, "tzo", {}, "CET"), utc),
    el(ns, "time", {}, tzo, el(ns, "utc", {}, "20061219T17:58:35")),
  ];
  for (const element of bad) {
    assert.throws(
      () => entityTime.read(element),
      (error) => error instanceof StanzaError && error.condition === "bad-request",
    );
  }
});
