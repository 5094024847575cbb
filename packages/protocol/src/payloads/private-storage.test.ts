import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import { isReservedForPrivateData, privateData } from "./private-storage.ts";

test("XEP-0049 §2.3: elements of any namespace are kept as they are", () => {
  const query = parseDocument(`<query xmlns='jabber:iq:private'>
    <exodus xmlns='exodus:prefs' v='1'><defaultnick>Hamlet</defaultnick></exodus>
    <exodus xmlns='exodus:prefs'/><x xmlns='urn:y'/></query>`);
  const elements = privateData.read(query);
  assert.deepEqual(
    elements.map(({ name, ns }) => [name, ns]),
    [
      ["exodus", "exodus:prefs"],
      ["exodus", "exodus:prefs"],
      ["x", "urn:y"],
    ],
  );
  assert.deepEqual(privateData.read(privateData.write(elements)), elements);
});

test("XEP-0049 §2.3: reserved namespaces", () => {
  for (const ns of [
    "jabber:client",
    "jabber:iq:private",
    "http://jabber.org/protocol/x",
    "vcard-temp",
    "",
  ]) {
    assert.ok(isReservedForPrivateData(ns), ns);
  }
  for (const ns of ["storage:bookmarks", "roster:delimiter", "urn:jabber:x", "http://jabber.org"]) {
    assert.ok(!isReservedForPrivateData(ns), ns);
  }
});
