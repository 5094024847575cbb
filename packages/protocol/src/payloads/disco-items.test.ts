import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { resultSetRequest } from "../rsm.ts";
import { discoItems } from "./disco-items.ts";

const ITEMS = "http://jabber.org/protocol/disco#items";

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("an item needs a JID (XEP-0030 §4.1)", () => {
  const query = (attrs: Record<string, string>) => el(ITEMS, "query", {}, el(ITEMS, "item", attrs));
  assert.equal(discoItems.read(query({ jid: "a.example" })).items[0]?.jid.domain, "a.example");
  assert.throws(() => discoItems.read(query({})), refused("bad-request"));
  assert.throws(() => discoItems.read(query({ jid: "a@b@c" })), refused("jid-malformed"));
});

test("a request for a page of items is found inside the query (XEP-0059 §4)", () => {
  const query = el(ITEMS, "query", {}, resultSetRequest.write({ max: 20, after: "x" }));
  assert.equal(resultSetRequest.in(query)?.max, 20);
  assert.deepEqual(discoItems.read(query).items, []);
});
