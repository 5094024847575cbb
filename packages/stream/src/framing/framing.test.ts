import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, NS, Stanza, StreamError } from "@rookery/protocol";
import { type Element, el, type ParserLimits, parseDocument, XmlError } from "@rookery/xml";
import fc from "fast-check";
import { readStreamHeader } from "../header.ts";
import { FrameReader } from "./frame-reader.ts";
import { elementFraming, FRAMING_NS } from "./framed.ts";
import { documentFraming } from "./framing.ts";

const LIMITS: ParserLimits = {
  bytes: 1000,
  depth: 8,
  elements: 20,
  attributes: 10,
  namespaces: 10,
};
const OPEN = `<open xmlns='${FRAMING_NS}' to='example.org' version='1.0'/>`;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, limits = LIMITS): ReturnType<FrameReader["read"]> =>
  new FrameReader().read(bytes(text), limits);

test("RFC 7395 §3.3.2: <open/> and <close/> stand for the header and the end of a stream", () => {
  const open = read(OPEN);
  assert.ok("event" in open && open.event === "open");
  assert.equal(readStreamHeader(open, NS.client).to, "example.org");
  assert.deepEqual(read(`<close xmlns="${FRAMING_NS}"/>`), { event: "close" });
  assert.deepEqual(read(`<close xmlns="${FRAMING_NS}" see-other-uri='wss://a'></close>`), {
    event: "close",
  });
});

test("RFC 7395 §3.3: each frame is one whole element, and nothing else", () => {
  const refused: readonly [string, string][] = [
    ["", "bad-format"],
    [" <presence/>", "bad-format"],
    ["hello", "bad-format"],
    ["<presence/><presence/>", "bad-format"],
    ["<presence/> text", "bad-format"],
    ["<presence/><", "bad-format"],
    ["<presence>", "not-well-formed"],
    ["<presence", "not-well-formed"],
    ["</frames>", "not-well-formed"],
    ["</presence>", "not-well-formed"],
    ["<presence></message>", "not-well-formed"],
    ["<?xml version='1.0'?><presence/>", "restricted-xml"],
    ["<!-- --><presence/>", "restricted-xml"],
    ["<!DOCTYPE a><presence/>", "restricted-xml"],
    ["<presence>&a;</presence>", "restricted-xml"],
    ["<stream:features/>", "bad-namespace-prefix"],
    [`<stream:stream xmlns:stream='${NS.streams}'>`, "not-well-formed"],
    [`<begin xmlns='${FRAMING_NS}'/>`, "bad-format"],
    [`<open xmlns='${FRAMING_NS}'>hello</open>`, "bad-format"],
  ];
  for (const [text, condition] of refused) {
    assert.throws(
      () => read(text),
      (error) =>
        (error instanceof StreamError || error instanceof XmlError) &&
        error.condition === condition,
      text,
    );
  }
});

test("the limits of a frame are those it is read with", () => {
  const large = `<a>${"x".repeat(500)}</a>`;
  const reader = new FrameReader();
  reader.read(bytes(large), LIMITS);
  assert.throws(() => reader.read(bytes(large), { ...LIMITS, bytes: 100 }), /too many bytes/);
  reader.read(bytes(large), LIMITS);
  assert.throws(() => read(`${"<a>".repeat(9)}${"</a>".repeat(9)}`), /nested too deep/);
});

test("a frame that is refused leaves nothing behind for the next one", () => {
  const good = ["<a xmlns='u:a'/>", "<b>text</b>", OPEN];
  const bad = [
    "<a>",
    "</a>",
    "<a/><b/>",
    "<a xmlns:p='u:p'>",
    "<a>\u{1f600}</b>",
    "<a b='",
    "&amp;",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...good, ...bad)), (frames) => {
      const reader = new FrameReader();
      for (const frame of frames) {
        if (good.includes(frame)) assert.deepEqual(reader.read(bytes(frame), LIMITS), read(frame));
        else assert.throws(() => reader.read(bytes(frame), LIMITS));
      }
    }),
  );
});

test("a frame that breaks off in a character is refused", () => {
  const whole = bytes("<a>é</a>");
  assert.throws(() => new FrameReader().read(whole.subarray(0, 4), LIMITS), XmlError);
  assert.throws(() => new FrameReader().read(Uint8Array.of(0x3c, 0xff), LIMITS), XmlError);
});

test("RFC 7395 §3.3: what is sent declares its namespaces itself", () => {
  const features = el(NS.streams, "features", {}, el(NS.bind, "bind"), el(NS.streams, "x"));
  const said: readonly [string, Element][] = [
    [elementFraming.element(features), features],
    [elementFraming.element(el(NS.sasl, "success")), el(NS.sasl, "success")],
    [elementFraming.element(el(NS.client, "a", { b: "'" })), el(NS.client, "a", { b: "'" })],
  ];
  for (const [text, element] of said) assert.deepEqual(parseDocument(text, LIMITS), element);
  assert.match(said[0]?.[0] ?? "", /^<stream:features xmlns:stream='/);
  assert.equal(
    elementFraming.element(new StreamError("conflict").toElement()),
    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>" +
      "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  );
});

test("RFC 7395 §3.3: stanzas are of the namespace jabber:client, whatever is in them", () => {
  const stanzas = [
    el(NS.client, "message", { type: "chat" }, el(NS.client, "body", {}, "<hi> & bye")),
    el(NS.client, "presence"),
    el(NS.client, "iq", { type: "get", id: "1", from: "a@b" }, el("urn:xmpp:ping", "ping")),
    el(NS.client, "presence", { from: "a@b/c" }),
  ];
  for (const element of stanzas) {
    const stanza = Stanza.read(element, Jid.parse("a@b/c"));
    const framed = elementFraming.stanza(stanza.toXml());
    assert.deepEqual(parseDocument(framed, LIMITS), stanza.toElement());
    assert.equal(elementFraming.stanza(framed), framed);
    assert.equal(documentFraming.stanza(stanza.toXml()), stanza.toXml());
  }
});

test("a header says the same in both framings", () => {
  const fields = { contentNs: NS.client, from: "example.org", id: "a'b", to: "a@b", lang: "en" };
  const open = read(elementFraming.header(fields));
  assert.ok("event" in open && open.event === "open");
  const { from, id, to, lang, version } = readStreamHeader(open, NS.client);
  assert.deepEqual(
    { from, id, to, lang },
    { from: "example.org", id: "a'b", to: "a@b", lang: "en" },
  );
  assert.deepEqual(version, { major: 1, minor: 0 });
});
