import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument, serialize } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { lastActivity, lastActivityRequest } from "./last-activity.ts";

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("XEP-0012 §3: the answer of an account that is offline", () => {
  const xml = "<query xmlns='jabber:iq:last' seconds='903'>Heading Home</query>";
  const read = lastActivity.read(parseDocument(xml));
  assert.deepEqual(read, { seconds: 903, status: "Heading Home" });
  assert.deepEqual(lastActivity.write(read), parseDocument(xml));
});

test("XEP-0012 §5: the answer of a server has no text", () => {
  const read = lastActivity.read(parseDocument("<query xmlns='jabber:iq:last' seconds='123456'/>"));
  assert.deepEqual(read, { seconds: 123_456, status: undefined });
  assert.equal(
    serialize(lastActivity.write({ seconds: 0 })),
    "<query xmlns='jabber:iq:last' seconds='0'/>",
  );
});

test("XEP-0012 §10: seconds are there, whole and not negative", () => {
  for (const attr of ["", "seconds=''", "seconds='-1'", "seconds='1.5'", "seconds='1e3'"]) {
    const query = parseDocument(`<query xmlns='jabber:iq:last' ${attr}/>`);
    assert.throws(() => lastActivity.read(query), badRequest, attr);
  }
  const huge = parseDocument(`<query xmlns='jabber:iq:last' seconds='${"9".repeat(40)}'/>`);
  assert.throws(() => lastActivity.read(huge), badRequest);
});

test("XEP-0012 §2: a request says nothing", () => {
  const request = parseDocument("<query xmlns='jabber:iq:last'/>");
  assert.deepEqual(lastActivityRequest.read(request), {});
});
