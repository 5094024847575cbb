import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { NS } from "../namespaces.ts";
import { forwarded } from "./forward.ts";

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a stanza is forwarded in its own namespace, with the time it came (XEP-0297 §3)", () => {
  const stanza = el(NS.client, "message", { to: "a.example" }, el(NS.client, "body", {}, "hi"));
  const element = forwarded.write({ stanza, delay: { stamp: 0 } });
  assert.deepEqual(
    element,
    el(
      "urn:xmpp:forward:0",
      "forwarded",
      {},
      el("urn:xmpp:delay", "delay", { stamp: "1970-01-01T00:00:00Z" }),
      stanza,
    ),
  );
  assert.equal(forwarded.read(element).stanza, stanza);
  assert.equal(forwarded.read(element).delay?.stamp, 0);
  assert.equal(forwarded.read(forwarded.write({ stanza })).delay, undefined);
});

test("nothing, two stanzas, or one in the wrong namespace are not forwarded", () => {
  const stanza = el(NS.client, "message");
  const wrong = el("urn:xmpp:forward:0", "message");
  for (const children of [[], [stanza, stanza], [wrong]]) {
    const element = el("urn:xmpp:forward:0", "forwarded", {}, ...children);
    assert.throws(() => forwarded.read(element), refused("bad-request"));
  }
});
