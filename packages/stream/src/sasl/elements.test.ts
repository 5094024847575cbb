import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { type Element, el, type Node } from "@rookery/xml";
import { utf8 } from "../bytes.ts";
import {
  saslAbort,
  saslAuth,
  saslChallenge,
  saslFailure,
  saslMechanisms,
  saslResponse,
  saslSuccess,
} from "./elements.ts";
import { SASL_CONDITIONS, type SaslCondition, SaslError } from "./error.ts";

const sasl = (name: string, ...children: Node[]): Element => el(NS.sasl, name, {}, ...children);
const auth = (...children: Node[]): Element =>
  el(NS.sasl, "auth", { mechanism: "PLAIN" }, ...children);

function condition(read: () => unknown): SaslCondition | "read" {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof SaslError);
    return error.condition;
  }
  return "read";
}

test("<auth/> with and without an initial response, and with an empty one (RFC 6120 §6.4.2)", () => {
  const cases = [
    [undefined, auth()],
    [new Uint8Array(), auth("=")],
    [utf8("\0juliet\0r0m30"), auth("AGp1bGlldAByMG0zMA==")],
  ] as const;
  for (const [initialResponse, element] of cases) {
    assert.deepEqual(saslAuth.read(element), { mechanism: "PLAIN", initialResponse });
    assert.deepEqual(saslAuth.write({ mechanism: "PLAIN", initialResponse }), element);
  }
});

test("<auth/> without a mechanism is an invalid-mechanism (RFC 6120 §6.5.7)", () => {
  assert.equal(
    condition(() => saslAuth.read(sasl("auth", "="))),
    "invalid-mechanism",
  );
  const empty = el(NS.sasl, "auth", { mechanism: "" });
  assert.equal(
    condition(() => saslAuth.read(empty)),
    "invalid-mechanism",
  );
});

test("challenges and responses carry data, which may be empty (RFC 6120 §6.4.3)", () => {
  for (const [codec, name] of [
    [saslChallenge, "challenge"],
    [saslResponse, "response"],
  ] as const) {
    assert.deepEqual(codec.read(sasl(name)), new Uint8Array());
    assert.deepEqual(codec.read(sasl(name, "=")), new Uint8Array());
    assert.deepEqual(codec.read(sasl(name, "Zm9v")), utf8("foo"));
    assert.deepEqual(codec.write(utf8("foo")), sasl(name, "Zm9v"));
    assert.deepEqual(codec.write(new Uint8Array()), sasl(name));
  }
});

test("<success/> with and without additional data, and with empty data (RFC 6120 §6.4.6)", () => {
  const cases = [
    [undefined, sasl("success")],
    [new Uint8Array(), sasl("success", "=")],
    [utf8("v=foo"), sasl("success", "dj1mb28=")],
  ] as const;
  for (const [data, element] of cases) {
    assert.deepEqual(saslSuccess.read(element), { data });
    assert.deepEqual(saslSuccess.write({ data }), element);
  }
});

test("malformed base64 is an incorrect-encoding (RFC 6120 §6.5.5, §13.9.1)", () => {
  const texts = [
    "A",
    "AA",
    "AA=",
    "AB==",
    "====",
    "==",
    " ",
    "AAAA\n",
    "\tAAAA",
    "AA AA",
    "AA-_",
    "é",
    "=AAA",
  ];
  for (const text of texts) {
    assert.equal(
      condition(() => saslAuth.read(auth(text))),
      "incorrect-encoding",
      text,
    );
    const response = sasl("response", text);
    assert.equal(
      condition(() => saslResponse.read(response)),
      "incorrect-encoding",
      text,
    );
    const challenge = sasl("challenge", text);
    assert.equal(
      condition(() => saslChallenge.read(challenge)),
      "incorrect-encoding",
      text,
    );
    const success = sasl("success", text);
    assert.equal(
      condition(() => saslSuccess.read(success)),
      "incorrect-encoding",
      text,
    );
  }
});

test("an element inside a message is a malformed-request", () => {
  const child = sasl("mechanism", "AAAA");
  assert.equal(
    condition(() => saslAuth.read(auth(child))),
    "malformed-request",
  );
  assert.equal(
    condition(() => saslResponse.read(sasl("response", "AA", child, "AA"))),
    "malformed-request",
  );
});

test("a failure of every condition is written and read (RFC 6120 §6.5)", () => {
  assert.equal(SASL_CONDITIONS.length, 11);
  for (const name of SASL_CONDITIONS) {
    for (const text of ["", "because"]) {
      const element = saslFailure.write(new SaslError(name, text));
      assert.ok(element.is(NS.sasl, "failure"));
      assert.ok(element.child(NS.sasl, name));
      const error = saslFailure.read(element);
      assert.deepEqual([error.condition, error.message], [name, text]);
    }
  }
});

test("a failure of an unknown condition or of none is read as not-authorized", () => {
  for (const failure of [
    sasl("failure"),
    sasl("failure", sasl("cosmic-rays"), sasl("text", "?")),
  ]) {
    assert.equal(saslFailure.read(failure).condition, "not-authorized");
  }
});

test("the cause of an error stays here", () => {
  const element = new SaslError("temporary-auth-failure", "later", new Error("disk")).toElement();
  assert.deepEqual(
    element,
    sasl(
      "failure",
      sasl("temporary-auth-failure"),
      el(NS.sasl, "text", { "xml:lang": "en" }, "later"),
    ),
  );
});

test("the offered mechanisms are written and read in their order (RFC 6120 §6.4.1)", () => {
  const names = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"];
  const element = saslMechanisms.write(names);
  assert.equal(element.elements(NS.sasl, "mechanism").length, 3);
  assert.deepEqual(saslMechanisms.read(element), names);
  assert.ok(saslAbort().is(NS.sasl, "abort"));
});
