import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { ping } from "./ping.ts";

test("a ping is an empty element (XEP-0199 §3)", () => {
  assert.deepEqual(ping.write({}), el("urn:xmpp:ping", "ping"));
});
