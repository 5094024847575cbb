import assert from "node:assert/strict";
import { test } from "node:test";
import { der } from "./der.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("lengths are short below 128 bytes and long from there (X.690 §8.1.3)", () => {
  assert.equal(hex(der.octetString(new Uint8Array(127))).slice(0, 4), "047f");
  assert.equal(hex(der.octetString(new Uint8Array(128))).slice(0, 6), "048180");
  assert.equal(hex(der.octetString(new Uint8Array(70_000))).slice(0, 10), "0483011170");
});

test("integers are positive and as short as can be (X.690 §8.3)", () => {
  assert.equal(hex(der.integer(Uint8Array.of(0, 0, 5))), "020105");
  assert.equal(hex(der.integer(Uint8Array.of(0x80))), "02020080");
  assert.equal(hex(der.integer(Uint8Array.of(0))), "020100");
});

test("object identifiers are written in base 128 (X.690 §8.19)", () => {
  assert.equal(hex(der.oid("2.5.29.17")), "0603551d11");
  assert.equal(hex(der.oid("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
});

test("times change their form in 2050 (RFC 5280 §4.1.2.5)", () => {
  const text = (ms: number): string => Buffer.from(der.time(ms)).toString("latin1", 2);
  assert.equal(text(Date.UTC(2049, 11, 31, 23, 59, 59)), "491231235959Z");
  assert.equal(text(Date.UTC(2050, 0, 1)), "20500101000000Z");
});
