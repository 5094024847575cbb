import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { NS } from "../namespaces.ts";
import { allTexts, body, subject, textIn, thread } from "./message.ts";

const children = [
  el(NS.client, "subject", {}, "Imploring"),
  body.write({ text: "Wherefore art thou, Romeo?", lang: "en-GB" }),
  body.write({ text: "PročeŽ jsi ty, Romeo?", lang: "cs" }),
  body.write({ text: "ohne Sprache" }),
  el("urn:other", "body", {}, "not one"),
];

test("a text is taken in the wanted language (RFC 6121 §5.2.3)", () => {
  const message = { children, lang: "de" };
  assert.equal(textIn(message, body, "cs"), "PročeŽ jsi ty, Romeo?");
  assert.equal(textIn(message, body, "EN"), "Wherefore art thou, Romeo?");
  assert.equal(textIn(message, body, "de"), "ohne Sprache");
  assert.equal(textIn(message, subject), "Imploring");
});

test("a language that is not there gives the text without one, or else the first", () => {
  assert.equal(textIn({ children }, body, "fr"), "ohne Sprache");
  assert.equal(textIn({ children }, body, "e"), "ohne Sprache");
  assert.equal(textIn({ children }, body), "ohne Sprache");
  assert.equal(
    textIn({ children: children.slice(0, 3) }, body, "fr"),
    "Wherefore art thou, Romeo?",
  );
  assert.equal(textIn({ children: [] }, body), undefined);
});

test("all texts are listed in their order, an empty one too", () => {
  assert.deepEqual(
    allTexts(children, body).map(({ lang }) => lang),
    ["en-GB", "cs", undefined],
  );
  assert.equal(textIn({ children: [el(NS.client, "subject")] }, subject), "");
});

test("a thread may have a parent (RFC 6121 §5.2.5)", () => {
  assert.deepEqual(
    thread.write({ id: "t2", parent: "t1" }),
    el(NS.client, "thread", { parent: "t1" }, "t2"),
  );
});
