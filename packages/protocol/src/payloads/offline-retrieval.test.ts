import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { dataForm } from "../forms.ts";
import {
  offlineCountForm,
  offlineItem,
  offlineRequest,
  readOfflineCount,
} from "./offline-retrieval.ts";

const offline = (inside: string) =>
  parseDocument(`<offline xmlns='http://jabber.org/protocol/offline'>${inside}</offline>`);
const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("XEP-0013 §2.4 to §2.7: messages are viewed and removed by node, or all together", () => {
  const view = offlineRequest.read(
    offline(
      "<item action='view' node='a'/><item action='view' node='b'/><item action='view' node='a'/>",
    ),
  );
  assert.deepEqual(view, { action: "view", nodes: ["a", "b"] });
  const remove = offlineRequest.read(offline("<item action='remove' node='a'/>"));
  assert.deepEqual(remove, { action: "remove", nodes: ["a"] });
  const all = [offlineRequest.read(offline("<fetch/>")), offlineRequest.read(offline("<purge/>"))];
  assert.deepEqual(all, [{ action: "fetch" }, { action: "purge" }]);
  for (const request of [view, remove, ...all]) {
    assert.deepEqual(offlineRequest.read(offlineRequest.write(request)), request);
  }
});

test("a request for nothing, for several things, or for something else is refused", () => {
  const malformed = [
    "",
    "<item node='a'/>",
    "<item action='view'/>",
    "<item action='eat' node='a'/>",
    "<view node='a'/>",
    "<fetch/><purge/>",
    "<item action='view' node='a'/><item action='remove' node='a'/>",
    "<item action='fetch' node='a'/>",
  ];
  for (const inside of malformed) {
    assert.throws(() => offlineRequest.read(offline(inside)), badRequest, inside);
  }
});

test("XEP-0013 §2.4: a message tells which one it was", () => {
  const read = offlineItem.read(offline("<item node='2003-02-27T22:52:37.225Z'/>"));
  assert.deepEqual(read, { node: "2003-02-27T22:52:37.225Z" });
  assert.deepEqual(offlineItem.read(offlineItem.write(read)), read);
  assert.throws(() => offlineItem.read(offline("")), badRequest);
  assert.throws(() => offlineItem.read(offline("<item/>")), badRequest);
});

test("XEP-0013 §2.2: service discovery tells how many messages there are", () => {
  const form = dataForm.read(dataForm.write(offlineCountForm(66)));
  assert.equal(form.type, "result");
  assert.equal(readOfflineCount(form), 66);
  const odd = { ...form, fields: form.fields.slice(0, 1) };
  assert.throws(() => readOfflineCount(odd), badRequest);
});
