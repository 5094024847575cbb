import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { type SearchAnswer, searchAnswer, searchRequest } from "./search.ts";

const query = (inside: string) =>
  parseDocument(`<query xmlns='jabber:iq:search'>${inside}</query>`);

test("XEP-0055 §2.1: a request asks for the fields, or has some", () => {
  assert.deepEqual(searchRequest.read(query("")), { fields: {}, form: undefined, page: undefined });
  const read = searchRequest.read(query("<last>Capulet</last><age>13</age>"));
  assert.deepEqual(read.fields, { last: "Capulet" });
  assert.deepEqual(searchRequest.read(searchRequest.write(read)), read);
});

test("XEP-0055 §2.1: an answer with the fields, and one with what was found", () => {
  const offered = searchAnswer.read(query("<instructions>Fill in</instructions><first/><email/>"));
  assert.deepEqual(offered.fields, { first: "", email: "" });
  assert.equal(offered.instructions, "Fill in");
  const found: SearchAnswer = {
    instructions: undefined,
    fields: {},
    form: undefined,
    items: [
      { jid: Jid.parse("juliet@capulet.com"), fields: { first: "Juliet", nick: "JuliC" } },
      { jid: Jid.parse("tybalt@shakespeare.lit"), fields: {} },
    ],
    page: { first: "juliet@capulet.com", last: "tybalt@shakespeare.lit", index: 0, count: 2 },
  };
  assert.deepEqual(searchAnswer.read(searchAnswer.write(found)), found);
});

test("XEP-0055 §3: a form beside the fields, and XEP-0059 §2: which page", () => {
  const read = searchRequest.read(
    query(`<x xmlns='jabber:x:data' type='submit'><field var='first'><value>J</value></field></x>
      <set xmlns='http://jabber.org/protocol/rsm'><max>10</max></set>`),
  );
  assert.equal(read.form?.fields[0]?.values[0], "J");
  assert.equal(read.page?.max, 10);
  assert.deepEqual(searchRequest.read(searchRequest.write(read)), read);
});

test("an item without an address is a bad request", () => {
  assert.throws(
    () => searchAnswer.read(query("<item/>")),
    (error) => error instanceof StanzaError && error.condition === "bad-request",
  );
});
