import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument, XmlError } from "./index.ts";

function condition(text: string): string {
  try {
    parseDocument(text);
  } catch (error) {
    if (error instanceof XmlError) return error.condition;
    throw error;
  }
  return "none";
}

test("a whole document is read, with an XML declaration and white space around the root", () => {
  const ping = el("urn:xmpp:ping", "ping", { id: "1" }, "é🎈", el("urn:xmpp:ping", "x"));
  const text = "<ping xmlns='urn:xmpp:ping' id='1'>é🎈<x/></ping>";
  assert.deepEqual(parseDocument(text), ping);
  assert.deepEqual(parseDocument(` \n${text}\r\n`), ping);
  assert.deepEqual(parseDocument(`\ufeff<?xml version='1.0' encoding='UTF-8'?>\n${text}\n`), ping);
});

test("RFC 7395 §3.3: what is not exactly one element is refused", () => {
  const bad = [
    "",
    " ",
    "<a>",
    "<a",
    "<a/><b/>",
    "<a/>x",
    "x<a/>",
    "<a/>]",
    "<a/><",
    "<a/>&#32;",
    "<a></a></a>",
  ];
  for (const text of bad) assert.equal(condition(text), "not-well-formed", text);
  for (const text of [
    "<!--c--><a/>",
    "<a/><!--c-->",
    "<a/><?p?>",
    "<!DOCTYPE a><a/>",
    "<a>&b;</a>",
  ]) {
    assert.equal(condition(text), "restricted-xml", text);
  }
  assert.equal(condition("<a>\ud800</a>"), "not-well-formed");
  assert.equal(condition("<p:a/>"), "bad-namespace-prefix");
});

test("a document has limits as a stanza has them", () => {
  const limits = { bytes: 30, depth: 2, elements: 3, attributes: 1, namespaces: 1 };
  for (const text of ["<a><b/><b/></a>", "<a b='1' xmlns='2'/>", `<a>${"é".repeat(11)}</a> `]) {
    assert.ok(parseDocument(text, limits), text);
  }
  for (const text of [
    "<a><b><c/></b></a>",
    "<a><b/><b/><b/></a>",
    "<a b='' c=''/>",
    "<a xmlns='' xmlns:a='1'/>",
    `<a>${"é".repeat(12)}</a>`,
  ]) {
    assert.throws(() => parseDocument(text, limits), { condition: "policy-violation" }, text);
  }
});
