import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import {
  STANZA_ERROR_CONDITIONS,
  STREAM_ERROR_CONDITIONS,
  StanzaError,
  type StanzaErrorCondition,
  type StanzaErrorType,
  StreamError,
} from "./errors.ts";
import { NS } from "./namespaces.ts";

const TYPES: Record<StanzaErrorCondition, StanzaErrorType> = {
  "bad-request": "modify",
  conflict: "cancel",
  "feature-not-implemented": "cancel",
  forbidden: "auth",
  gone: "cancel",
  "internal-server-error": "cancel",
  "item-not-found": "cancel",
  "jid-malformed": "modify",
  "not-acceptable": "modify",
  "not-allowed": "cancel",
  "not-authorized": "auth",
  "policy-violation": "modify",
  "recipient-unavailable": "wait",
  redirect: "modify",
  "registration-required": "auth",
  "remote-server-not-found": "cancel",
  "remote-server-timeout": "wait",
  "resource-constraint": "wait",
  "service-unavailable": "cancel",
  "subscription-required": "auth",
  "undefined-condition": "cancel",
  "unexpected-request": "wait",
};

test("all conditions of RFC 6120 §8.3.3 are there, with their types", () => {
  assert.deepEqual([...STANZA_ERROR_CONDITIONS].sort(), Object.keys(TYPES).sort());
  for (const condition of STANZA_ERROR_CONDITIONS) {
    assert.equal(new StanzaError(condition).type, TYPES[condition], condition);
  }
});

test("a stanza error has the form of RFC 6120 §8.3.2", () => {
  assert.deepEqual(
    new StanzaError("gone", "moved", {
      by: "example.com",
      uri: "xmpp:romeo@example.org",
      specific: el("urn:example", "why"),
    }).toElement(),
    el(
      NS.client,
      "error",
      { type: "cancel", by: "example.com" },
      el(NS.stanzaErrors, "gone", {}, "xmpp:romeo@example.org"),
      el(NS.stanzaErrors, "text", { "xml:lang": "en" }, "moved"),
      el("urn:example", "why"),
    ),
  );
  assert.deepEqual(
    new StanzaError("forbidden").toElement(),
    el(NS.client, "error", { type: "auth" }, el(NS.stanzaErrors, "forbidden")),
  );
});

test("every stanza error is read as it was written, with and without detail", () => {
  for (const condition of STANZA_ERROR_CONDITIONS) {
    for (const type of ["auth", "cancel", "continue", "modify", "wait"] as const) {
      const hasAddress = condition === "gone" || condition === "redirect";
      const error = new StanzaError(condition, "what happened", {
        type,
        by: "conference.example.com",
        specific: el("urn:example", "detail"),
        ...(hasAddress && { uri: "xmpp:other.example" }),
      });
      const again = StanzaError.read(error.toElement());
      assert.deepEqual(again.toElement(), error.toElement());
      assert.equal(again.message, "what happened");
      assert.equal(again.by, "conference.example.com");
      assert.equal(again.uri, hasAddress ? "xmpp:other.example" : undefined);
    }
    const bare = new StanzaError(condition);
    assert.deepEqual(StanzaError.read(bare.toElement()).toElement(), bare.toElement());
  }
});

test("only gone and redirect carry an address (RFC 6120 §8.3.3.5, §8.3.3.14)", () => {
  const chatty = el(
    NS.client,
    "error",
    { type: "modify" },
    el(NS.stanzaErrors, "bad-request", {}, "you did it wrong"),
  );
  assert.equal(StanzaError.read(chatty).uri, undefined);
  assert.equal(
    new StanzaError("conflict", "", { uri: "xmpp:x" }).toElement().child(NS.stanzaErrors)?.text,
    "",
  );
});

test("an error that says nothing known is an undefined condition", () => {
  const cases = [
    el(NS.client, "error"),
    el(NS.client, "error", { type: "nonsense" }, el(NS.stanzaErrors, "payment-required")),
    el(NS.client, "error", {}, el(NS.stanzaErrors, "toString")),
    el(NS.client, "error", {}, "text", el("urn:example", "conflict")),
  ];
  for (const element of cases) {
    const error = StanzaError.read(element);
    assert.equal(error.condition, "undefined-condition");
    assert.equal(error.type, "cancel");
  }
});

test("the text is found before and after the condition, and an application condition beside both", () => {
  const text = el(NS.stanzaErrors, "text", { "xml:lang": "de" }, "nein");
  const condition = el(NS.stanzaErrors, "conflict");
  const specific = el("urn:example", "text");
  for (const children of [
    [text, condition, specific],
    [specific, condition, text],
  ]) {
    const error = StanzaError.read(el(NS.client, "error", { type: "cancel" }, ...children));
    assert.equal(error.condition, "conflict");
    assert.equal(error.message, "nein");
    assert.equal(error.specific, specific);
  }
});

test("every stream error of RFC 6120 §4.9.3 is read as it was written", () => {
  assert.equal(STREAM_ERROR_CONDITIONS.length, 25);
  for (const condition of STREAM_ERROR_CONDITIONS) {
    const error = new StreamError(condition, "why", { specific: el("urn:example", "detail") });
    const again = StreamError.read(error.toElement());
    assert.equal(again.condition, condition);
    assert.equal(again.message, "why");
    assert.deepEqual(again.toElement(), error.toElement());
  }
});

test("see-other-host alone names a host (RFC 6120 §4.9.3.19)", () => {
  const error = new StreamError("see-other-host", "", { host: "[2001:db8::1]:5222" });
  assert.deepEqual(
    error.toElement(),
    el(NS.streams, "error", {}, el(NS.streamErrors, "see-other-host", {}, "[2001:db8::1]:5222")),
  );
  assert.equal(StreamError.read(error.toElement()).host, "[2001:db8::1]:5222");
  const other = el(NS.streams, "error", {}, el(NS.streamErrors, "reset", {}, "host"));
  assert.equal(StreamError.read(other).host, undefined);
});

test("an unknown stream error is an undefined condition", () => {
  const old = el(NS.streams, "error", {}, el(NS.streamErrors, "xml-not-well-formed"));
  assert.equal(StreamError.read(old).condition, "undefined-condition");
  assert.equal(StreamError.read(el(NS.streams, "error")).condition, "undefined-condition");
});
