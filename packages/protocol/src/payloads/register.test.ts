import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument } from "@rookery/xml";
import fc from "fast-check";
import { StanzaError } from "../errors.ts";
import { type RegisterQuery, registerFeature, registerQuery } from "./register.ts";

const query = (inside: string) =>
  parseDocument(`<query xmlns='jabber:iq:register'>${inside}</query>`);

const NOTHING: RegisterQuery = {
  fields: {},
  registered: false,
  instructions: undefined,
  remove: false,
  form: undefined,
  url: undefined,
};

const isBadRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("XEP-0077 §3.1: a request for the fields, and the answers to it", () => {
  assert.deepEqual(registerQuery.read(query("")), NOTHING);
  assert.deepEqual(
    registerQuery.read(
      query("<instructions>Choose</instructions><username/><password/><email/><shoes/>"),
    ),
    { ...NOTHING, instructions: "Choose", fields: { username: "", password: "", email: "" } },
  );
  assert.deepEqual(
    registerQuery.read(query("<registered/><username>juliet</username><password/>")),
    { ...NOTHING, registered: true, fields: { username: "juliet", password: "" } },
  );
});

test("XEP-0077 §3.2: nothing may stand beside <remove/>", () => {
  assert.deepEqual(registerQuery.read(query(" <remove/> ")), { ...NOTHING, remove: true });
  for (const inside of [
    "<remove/><username>bill</username>",
    "<remove/><remove/>",
    "<x xmlns='urn:example'/><remove/>",
  ]) {
    assert.throws(() => registerQuery.read(query(inside)), isBadRequest);
  }
});

test("XEP-0077 §4: a form in place of the fields", () => {
  const { form, fields } = registerQuery.read(
    query("<x xmlns='jabber:x:data' type='submit'><field var='a'><value>b</value></field></x>"),
  );
  assert.deepEqual(form?.fields[0]?.values, ["b"]);
  assert.deepEqual(fields, {});
  assert.throws(
    () => registerQuery.read(query("<x xmlns='jabber:x:data' type='poem'/>")),
    isBadRequest,
  );
});

test("XEP-0077 §5: people are sent to a web page", () => {
  const read = registerQuery.read(
    query(
      "<instructions>Visit us</instructions><x xmlns='jabber:x:oob'><url>https://a.example/</url></x>",
    ),
  );
  assert.deepEqual(read, { ...NOTHING, instructions: "Visit us", url: "https://a.example/" });
});

test("what is of another namespace is no field", () => {
  const read = registerQuery.read(query("<username xmlns='urn:example'>romeo</username>"));
  assert.deepEqual(read, NOTHING);
});

test("XEP-0077 §8: the stream feature", () => {
  const feature = el("http://jabber.org/features/iq-register", "register");
  assert.deepEqual(registerFeature.write({}), feature);
  assert.deepEqual(registerFeature.read(feature), {});
});

test("what is written reads as it was", () => {
  const text = fc.string({ unit: "binary" });
  const field = fc.constantFrom("username", "password", "email", "url", "text", "misc");
  fc.assert(
    fc.property(
      fc.dictionary(field, text, { noNullPrototype: true }),
      fc.boolean(),
      fc.option(text, { nil: undefined }),
      fc.option(text, { nil: undefined }),
      (fields, registered, instructions, url) => {
        const value: RegisterQuery = { ...NOTHING, fields, registered, instructions, url };
        assert.deepEqual(registerQuery.read(registerQuery.write(value)), value);
      },
    ),
    { numRuns: 30 },
  );
  assert.deepEqual(registerQuery.read(registerQuery.write({ fields: {}, remove: true })), {
    ...NOTHING,
    remove: true,
  });
});
