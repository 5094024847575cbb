import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { NS } from "../namespaces.ts";
import { priorityOf, readAvailability, writeAvailability } from "./presence.ts";

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

const priority = (text: string) => ({ children: [el(NS.client, "priority", {}, text)] });

test("a priority is a byte with a sign, 0 if absent (RFC 6121 §4.7.2.3)", () => {
  assert.equal(priorityOf({ children: [] }), 0);
  const good: [string, number][] = [
    ["0", 0],
    ["-0", 0],
    ["+5", 5],
    ["127", 127],
    ["-128", -128],
    ["007", 7],
    ["\n 3 ", 3],
  ];
  for (const [text, value] of good) assert.ok(Object.is(priorityOf(priority(text)), value), text);
  for (const text of [
    "",
    " ",
    "128",
    "-129",
    "1.5",
    "1e1",
    "0x1",
    "ten",
    "--1",
    "1 2",
    "9".repeat(99),
  ]) {
    assert.throws(() => priorityOf(priority(text)), badRequest, text);
  }
});

test("two priorities, or two shows, are refused (RFC 6121 §4.7.2)", () => {
  const one = el(NS.client, "priority", {}, "1");
  assert.throws(() => priorityOf({ children: [one, one] }), badRequest);
  const show = el(NS.client, "show", {}, "away");
  assert.throws(() => readAvailability({ children: [show, show] }), badRequest);
});

test("show is one of four (RFC 6121 §4.7.2.1)", () => {
  for (const text of ["", "online", "Away", "busy"]) {
    const children = [el(NS.client, "show", {}, text)];
    assert.throws(() => readAvailability({ children }), badRequest, text);
  }
});

test("presence that says nothing is written as nothing", () => {
  assert.deepEqual(writeAvailability({ priority: 0, status: [] }), []);
});
