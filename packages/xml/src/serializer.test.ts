import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isChar } from "./characters.ts";
import {
  Element,
  el,
  type Node,
  parseDocument,
  StreamParser,
  serialize,
  serializeOpen,
  XML_NS,
} from "./index.ts";

const STREAMS = "http://etherx.jabber.org/streams";

test("an element declares its namespace where it differs from its parent's", () => {
  const message = el(
    "jabber:client",
    "message",
    { to: "a" },
    el("jabber:client", "body", {}, "hi"),
    el("urn:x", "x", {}, el("urn:x", "y"), el("", "z")),
    el("jabber:client", "b"),
  );
  const inside = "<body>hi</body><x xmlns='urn:x'><y/><z xmlns=''/></x><b/></message>";
  assert.equal(serialize(message, "jabber:client"), `<message to='a'>${inside}`);
  assert.equal(serialize(message), `<message xmlns='jabber:client' to='a'>${inside}`);
});

test("what is special is escaped", () => {
  const node = el("", "a", { b: `&<>'"\t\n\r` }, `&<>'"\t\n\r]]>`);
  assert.equal(
    serialize(node),
    `<a b='&amp;&lt;&gt;&apos;&quot;&#9;&#10;&#13;'>&amp;&lt;&gt;'"\t\n&#13;]]&gt;</a>`,
  );
  assert.equal(serialize("a & b"), "a &amp; b");
  assert.deepEqual(parseDocument(serialize(node)), node);
});

test("attributes in a namespace get a prefix on their element, those in xml have one", () => {
  const node = new Element("urn:a", "a", [
    "x",
    "1",
    "{urn:b}x",
    "2",
    "{urn:'c}x",
    "3",
    "{urn:b}y",
    "4",
    "xml:lang",
    "de",
  ]);
  assert.equal(
    serialize(node),
    "<a xmlns='urn:a' xmlns:ns1='urn:b' xmlns:ns2='urn:&apos;c' x='1' ns1:x='2' ns2:x='3' ns1:y='4' xml:lang='de'/>",
  );
  assert.deepEqual(parseDocument(serialize(node)), node);
});

test("a prefix that is in force is used, and no other thing is called so", () => {
  const prefixes = { [STREAMS]: "stream", "urn:n": "ns3" };
  const features = el(
    STREAMS,
    "features",
    { [`{${STREAMS}}a`]: "1", "{urn:b}b": "2" },
    el("urn:x", "x"),
    el("jabber:client", "y"),
    el(STREAMS, "z"),
  );
  assert.equal(
    serialize(features, "jabber:client", prefixes),
    "<stream:features xmlns:ns4='urn:b' stream:a='1' ns4:b='2'><x xmlns='urn:x'/><y/><stream:z/></stream:features>",
  );
  assert.equal(serialize(el("constructor", "a"), "", prefixes), "<a xmlns='constructor'/>");
  assert.equal(serialize(el("__proto__", "a"), "", {}), "<a xmlns='__proto__'/>");
  assert.equal(serialize(new Element(XML_NS, "a")), "<xml:a/>");
});

test("what XML can not carry is an error and never on a stream", () => {
  for (const bad of [
    "\0",
    "\x01",
    "\x0b",
    "\x1f",
    "\ufffe",
    "\uffff",
    "\ud800",
    "\udc00",
    "\udc00\ud800",
    "\ud83c",
    "a\ud83cb",
  ]) {
    assert.throws(() => serialize(bad), /can not serialize U\+/, JSON.stringify(bad));
    assert.throws(() => serialize(`fine & ${bad}`), /can not serialize U\+/);
    assert.throws(() => serialize(el("", "a", { b: bad })), /can not serialize U\+/);
    assert.throws(() => serialize(el(`urn:${bad}`, "a")), /can not serialize U\+/);
  }
  assert.throws(() => serialize("ab\0"), /U\+0000 at index 2 of a text of 3/);
});

test("names that are none, attributes that stand twice and declarations as attributes are errors", () => {
  for (const name of ["", "a b", "a>", "1", "a:b", "é é", "a/"]) {
    assert.throws(() => serialize(el("", name)), /can not serialize an element/, name);
    assert.throws(
      () => serialize(el("", "a", { [name]: "" })),
      /can not serialize an attribute/,
      name,
    );
    assert.throws(
      () => serialize(el("", "a", { [`{urn:b}${name}`]: "" })),
      /can not serialize an attribute/,
    );
  }
  for (const key of ["xmlns", "xmlns:a"]) {
    assert.throws(
      () => serialize(el("", "a", { [key]: "b" })),
      /namespace is a property of the element/,
    );
  }
  for (const key of ["{}a", "{http://www.w3.org/2000/xmlns/}a", "xml:", "xml:a:b", "{a", "a}b"]) {
    assert.throws(
      () => serialize(el("", "a", { [key]: "b" })),
      /can not serialize an attribute/,
      key,
    );
  }
  assert.throws(() => serialize(new Element("", "a", ["b", "1", "b", "2"])), /twice/);
  const many = Array.from({ length: 40 }, (_, i) => [`a${i % 39}`, ""]).flat();
  assert.throws(() => serialize(new Element("", "a", many)), /twice/);
  assert.throws(() => serialize(el("http://www.w3.org/2000/xmlns/", "a")), /can not serialize/);
});

test("RFC 6120 §4.7: a stream header declares its namespaces, and a parser reads it", () => {
  const header = el(STREAMS, "stream", {
    from: "example.org",
    id: "'<",
    version: "1.0",
    "xml:lang": "en",
  });
  const text = serializeOpen(header, "jabber:client", { [STREAMS]: "stream" });
  assert.equal(
    text,
    `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' from='example.org' id='&apos;&lt;' version='1.0' xml:lang='en'>`,
  );
  const parser = new StreamParser({
    bytes: 1000,
    depth: 9,
    elements: 9,
    attributes: 9,
    namespaces: 9,
  });
  parser.write(new TextEncoder().encode(text));
  assert.deepEqual(parser.next(), { event: "open", header, defaultNs: "jabber:client" });
  assert.throws(() => serializeOpen(header, "jabber:client", {}), /has no prefix/);
  const open = el("urn:ietf:params:xml:ns:xmpp-framing", "open");
  assert.equal(serializeOpen(open, open.ns, {}), `<?xml version='1.0'?><open xmlns='${open.ns}'>`);
});

// ── properties ───────────────────────────────────────────────────────────────

const special = fc.constantFrom(
  "&",
  "<",
  ">",
  "'",
  '"',
  "\r",
  "\n",
  "\t",
  "\r\n",
  "]]>",
  "🎈",
  "\u0085",
  "\ufffd",
  "\ufeff",
  "&amp;",
);
const carried = fc
  .string({ unit: "binary" })
  .map((s) => Array.from(s, (c) => (isChar(c.codePointAt(0)!) ? c : "")).join(""));
const text = fc
  .array(fc.oneof(special, carried), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(""))
  .filter((s) => s !== "");
const name = fc.constantFrom("a", "b", "é", "_x-1.", "\u{10000}", "message", "xml");
const ns = fc.constantFrom(
  "",
  "jabber:client",
  STREAMS,
  "urn:'<&>\"\n\t",
  "http://x/}{",
  "constructor",
);
const key = fc.oneof(
  name,
  fc.constant("xml:lang"),
  fc
    .tuple(
      ns.filter((n) => n !== ""),
      name,
    )
    .map(([n, local]) => `{${n}}${local}`),
);
const attrs = fc
  .uniqueArray(fc.tuple(key, fc.oneof(text, fc.constant(""))), {
    selector: ([k]) => k,
    maxLength: 20,
  })
  .map((pairs) => pairs.flat());
const { element } = fc.letrec<{ element: Element; node: Node }>((tie) => ({
  element: fc
    .tuple(ns, name, attrs, fc.array(tie("node"), { maxLength: 4 }))
    .map(
      ([n, local, list, children]) =>
        new Element(n, local, list, el("", "x", {}, ...children).children),
    ),
  node: fc.oneof({ maxDepth: 4 }, text, tie("element")),
}));

test("what is serialized is read as the same element, inside any default namespace", () => {
  fc.assert(
    fc.property(element, ns, (original, outer) => {
      assert.deepEqual(parseDocument(serialize(original)), original);
      const inside = parseDocument(serialize(new Element(outer, "r", [], [original])));
      assert.deepEqual(inside.children, [original]);
    }),
    { numRuns: 1000 },
  );
});

test("what is serialized for a stream is read from it as the same element", () => {
  const prefixes = { [STREAMS]: "stream", constructor: "c" };
  const header = serializeOpen(el(STREAMS, "stream"), "jabber:client", prefixes);
  fc.assert(
    fc.property(element, (original) => {
      const parser = new StreamParser({
        bytes: 1e6,
        depth: 99,
        elements: 1e5,
        attributes: 99,
        namespaces: 1e4,
      });
      parser.write(
        new TextEncoder().encode(header + serialize(original, "jabber:client", prefixes)),
      );
      parser.next();
      assert.deepEqual(parser.next(), original);
    }),
    { numRuns: 1000 },
  );
});

test("the serialization is canonical: reading and serializing again changes nothing", () => {
  fc.assert(
    fc.property(element, (original) => {
      const once = serialize(original);
      assert.equal(serialize(parseDocument(once)), once);
    }),
  );
});

test("arbitrary text and names either are carried or are an error", () => {
  const anything = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(anything, anything, anything, anything, (n, local, k, value) => {
      const hostile = new Element(n, local, [k, value], value === "" ? [] : [value]);
      let written: string;
      try {
        written = serialize(hostile);
      } catch (error) {
        assert.match((error as Error).message, /^can not serialize/);
        return;
      }
      assert.deepEqual(parseDocument(written), hostile);
    }),
    { numRuns: 2000 },
  );
});
