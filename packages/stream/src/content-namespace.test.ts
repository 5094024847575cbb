import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el, parseDocument, serialize } from "@rookery/xml";
import { toClientNs } from "./content-namespace.ts";

const ACCEPT = "jabber:component:accept";

test("RFC 6120 §4.8.2: what is in the content namespace is in jabber:client, the rest is not touched", () => {
  const received = parseDocument(
    `<message xmlns='${ACCEPT}' to='a@b' xml:lang='en'><body>hi </body></message>`,
  );
  assert.equal(
    serialize(toClientNs(received, ACCEPT)),
    "<message xmlns='jabber:client' to='a@b' xml:lang='en'><body>hi </body></message>",
  );
  const forwarded = parseDocument(
    `<message xmlns='${ACCEPT}'>a<f xmlns='urn:x'><message xmlns='jabber:client'><body/></message><error xmlns='${ACCEPT}'/></f>b<x xmlns='jabber:server'/></message>`,
  );
  assert.equal(
    serialize(toClientNs(forwarded, ACCEPT), "jabber:client"),
    "<message>a<f xmlns='urn:x'><message xmlns='jabber:client'><body/></message><error xmlns='jabber:client'/></f>b<x xmlns='jabber:server'/></message>",
  );
});

test("an element without the content namespace is given back as it is", () => {
  const element = el("jabber:client", "iq", {}, el("urn:x", "q", {}, el("urn:y", "r"), "text"));
  assert.equal(toClientNs(element, ACCEPT), element);
  assert.equal(toClientNs(element, "jabber:client"), element);
  const parts = toClientNs(el(ACCEPT, "iq", {}, element), ACCEPT);
  assert.equal(parts.children[0], element);
});

test("depth does not matter", () => {
  let element: Element = el(ACCEPT, "x");
  for (let n = 0; n < 50_000; n++) element = el("urn:x", "x", {}, element);
  let inner: Element = toClientNs(element, ACCEPT);
  for (let child = inner.elements()[0]; child !== undefined; child = child.elements()[0])
    inner = child;
  assert.equal(inner.ns, "jabber:client");
});
