import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { resultSetPage, resultSetRequest } from "./rsm.ts";

const NS = "http://jabber.org/protocol/rsm";
const set = (...children: Element[]): Element => el(NS, "set", {}, ...children);
const child = (name: string, text?: string): Element => el(NS, name, {}, text);

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("the pages that XEP-0059 §2 lets one ask for", () => {
  const nothing = { max: undefined, after: undefined, before: undefined, index: undefined };
  const cases: [Element, object][] = [
    [set(child("max", "10")), { max: 10 }],
    [set(child("max", "0")), { max: 0 }],
    [set(child("max", " 5 "), child("after", "uid")), { max: 5, after: "uid" }],
    [set(child("before", "uid")), { before: "uid" }],
    [set(child("before")), { before: "" }],
    [set(child("after")), {}],
    [set(child("index", "371"), child("max", "10")), { index: 371, max: 10 }],
    [set(), {}],
  ];
  for (const [element, request] of cases) {
    assert.deepEqual(resultSetRequest.read(element), { ...nothing, ...request });
  }
});

test("numbers out of bounds are refused", () => {
  for (const text of ["", "-1", "1.0", "1e3", "0x10", "ten", "2147483648", "99999999999", "1 0"]) {
    assert.throws(() => resultSetRequest.read(set(child("max", text))), badRequest, text);
    assert.throws(() => resultSetRequest.read(set(child("index", text))), badRequest, text);
    assert.throws(() => resultSetPage.read(set(child("count", text))), badRequest, text);
    assert.throws(
      () => resultSetPage.read(set(el(NS, "first", { index: text }))),
      badRequest,
      text,
    );
  }
  assert.equal(resultSetRequest.read(set(child("max", "2147483647"))).max, 2_147_483_647);
});

test("a UID longer than any we gave is refused", () => {
  const uid = "u".repeat(1024);
  assert.equal(resultSetRequest.read(set(child("after", uid))).after, uid);
  for (const name of ["after", "before"]) {
    assert.throws(() => resultSetRequest.read(set(child(name, `${uid}u`))), badRequest);
  }
});

test("an index and a UID contradict each other", () => {
  for (const other of [child("after", "uid"), child("before", "uid"), child("before")]) {
    assert.throws(() => resultSetRequest.read(set(child("index", "1"), other)), badRequest);
  }
});

test("a page has its first and last item, the position and the count (XEP-0059 §2.2)", () => {
  assert.deepEqual(
    resultSetPage.write({ first: "a", last: "b", index: 10, count: 800 }),
    set(el(NS, "first", { index: "10" }, "a"), child("last", "b"), child("count", "800")),
  );
  assert.deepEqual(resultSetPage.write({ count: 790 }), set(child("count", "790")));
});
