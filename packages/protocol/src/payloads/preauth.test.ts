import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument } from "@rookery/xml";
import fc from "fast-check";
import { StanzaError } from "../errors.ts";
import { ibrTokenFeature, preauth } from "./preauth.ts";

test("XEP-0445 §4, XEP-0379 §3.4: a token is sent in an attribute", () => {
  const example = parseDocument("<preauth xmlns='urn:xmpp:pars:0' token='1tMFqYDdKhfe2pwp'/>");
  assert.deepEqual(preauth.read(example), { token: "1tMFqYDdKhfe2pwp" });
  const presence = parseDocument(
    "<presence><x xmlns='urn:example'/><preauth xmlns='urn:xmpp:pars:0' token='t'/></presence>",
  );
  assert.deepEqual(preauth.in(presence), { token: "t" });
});

test("a request without a token is refused", () => {
  const bad = (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === "bad-request";
  assert.throws(() => preauth.read(parseDocument("<preauth xmlns='urn:xmpp:pars:0'/>")), bad);
  assert.throws(() => preauth.read(el("urn:example", "preauth", { token: "t" })), bad);
});

test("what is written reads as it was", () => {
  fc.assert(
    fc.property(fc.string(), (token) => {
      assert.deepEqual(preauth.read(preauth.write({ token })), { token });
    }),
  );
});

test("XEP-0445 §3: the stream feature", () => {
  assert.deepEqual(ibrTokenFeature.write({}), el("urn:xmpp:ibr-token:0", "register"));
});
