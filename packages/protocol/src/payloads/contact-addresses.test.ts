import assert from "node:assert/strict";
import { test } from "node:test";
import { StanzaError } from "../errors.ts";
import { contactForm, readContactForm } from "./contact-addresses.ts";

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("contact addresses are read as they were written (XEP-0157 §2)", () => {
  const addresses = {
    abuse: ["mailto:abuse@example.com", "xmpp:abuse@example.com"],
    status: ["https://status.example.com/"],
  };
  assert.deepEqual(readContactForm(contactForm(addresses)), addresses);
  assert.deepEqual(contactForm({}).fields.length, 1);
});

test("a form of another FORM_TYPE has no contact addresses", () => {
  assert.throws(() => readContactForm({ type: "result", fields: [] }), refused("bad-request"));
});
