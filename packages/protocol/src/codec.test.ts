import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { codec, marker } from "./codec.ts";
import { StanzaError } from "./errors.ts";
import { quoted } from "./reading.ts";

const word = codec<string>({
  ns: "urn:example",
  name: "word",
  read: (element) => element.text,
  write: (text) => el("urn:example", "word", {}, text),
});

test("a codec reads and writes its element, and finds it inside another", () => {
  assert.equal(word.read(word.write("hi")), "hi");
  const parent = el("urn:x", "x", {}, "text", el("urn:other", "word", {}, "no"), word.write("yes"));
  assert.equal(word.in(parent), "yes");
  assert.equal(word.in(el("urn:x", "x")), undefined);
});

test("a codec refuses an element of another name or namespace", () => {
  for (const element of [el("urn:example", "other"), el("urn:other", "word")]) {
    assert.throws(
      () => word.read(element),
      (error) => error instanceof StanzaError && error.condition === "bad-request",
    );
  }
});

test("a refusal does not repeat a long name at full length", () => {
  assert.throws(
    () => word.read(el("n".repeat(100_000), "e".repeat(100_000))),
    (error: Error) => error.message.length < 300,
  );
});

test("a marker says everything by being there, whatever is inside (RFC 6120 §8.4)", () => {
  const on = marker("urn:example", "on");
  assert.deepEqual(on.write({}), el("urn:example", "on"));
  assert.deepEqual(on.read(el("urn:example", "on", { a: "b" }, "text")), {});
  assert.equal(on.in(el("urn:x", "x")), undefined);
});

test("a quoted text is cut without tearing a character apart", () => {
  assert.equal(quoted("short"), '"short"');
  assert.equal(quoted("a".repeat(64)), `"${"a".repeat(64)}"`);
  assert.equal(quoted("a".repeat(65)), `"${"a".repeat(64)}…"`);
  const torn = quoted(`${"a".repeat(63)}🐦🐦`);
  assert.equal(torn, `"${"a".repeat(63)}…"`);
  assert.ok(torn.isWellFormed());
});
