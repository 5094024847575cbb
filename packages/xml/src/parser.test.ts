import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  Element,
  el,
  type ParserLimits,
  parseDocument,
  type StreamClose,
  type StreamOpen,
  StreamParser,
  serialize,
  XmlError,
} from "./index.ts";

const LIMITS: ParserLimits = {
  bytes: 10_000,
  depth: 64,
  elements: 1000,
  attributes: 64,
  namespaces: 64,
};
const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const STREAMS = "http://etherx.jabber.org/streams";

type Item = Element | StreamOpen | StreamClose;

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Everything on a stream given in these chunks, and the error at its end if there is one. */
function read(
  chunks: readonly Uint8Array[],
  limits: ParserLimits = LIMITS,
): { items: Item[]; error: XmlError | undefined } {
  const parser = new StreamParser(limits);
  const items: Item[] = [];
  try {
    for (const chunk of chunks) {
      parser.write(chunk);
      for (let item = parser.next(); item !== undefined; item = parser.next()) items.push(item);
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return { items, error };
  }
  return { items, error: undefined };
}

/** The stanzas after the header in one write. */
function stanzas(text: string, limits: ParserLimits = LIMITS): Element[] {
  const { items, error } = read([bytesOf(HEADER + text)], limits);
  if (error) throw error;
  return items.filter((item) => item instanceof Element);
}

function condition(text: string, limits: ParserLimits = LIMITS): string | undefined {
  return read([bytesOf(text)], limits).error?.condition;
}

/** The condition for what stands in the stream after the header. */
function refused(text: string, limits: ParserLimits = LIMITS): string | undefined {
  return condition(HEADER + text, limits);
}

function inPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < bytes.length; i += size) pieces.push(bytes.slice(i, i + size));
  return pieces;
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...places, bytes.length].map((end, i) => bytes.slice(places[i - 1] ?? 0, end));
}

// ── the stream ───────────────────────────────────────────────────────────────

test("RFC 6120 §4.2: a stream opens, gives its children one by one and closes", () => {
  const text = `<?xml version='1.0'?>\n${HEADER.slice(0, -1)} to='example.org' xml:lang='en'><presence/> <message to='a@b'><body>hi</body></message></stream:stream>\n`;
  const { items, error } = read([bytesOf(text)]);
  assert.equal(error, undefined);
  assert.deepEqual(items, [
    {
      event: "open",
      header: new Element(STREAMS, "stream", ["to", "example.org", "xml:lang", "en"]),
      defaultNs: "jabber:client",
    },
    el("jabber:client", "presence"),
    el("jabber:client", "message", { to: "a@b" }, el("jabber:client", "body", {}, "hi")),
    { event: "close" },
  ]);
});

test("an element is given out as soon as its last byte is there", () => {
  const text = `<?xml version="1.0"?>${HEADER}<iq id='1'/><message><body>é</body></message ></stream:stream>`;
  const parser = new StreamParser(LIMITS);
  const ends: number[] = [];
  const bytes = bytesOf(text);
  bytes.forEach((byte, i) => {
    parser.write(Uint8Array.of(byte));
    const item = parser.next();
    if (item !== undefined) ends.push(i + 1);
    assert.equal(item === undefined ? undefined : parser.next(), undefined);
  });
  const end = (of: string): number => bytesOf(text.slice(0, text.indexOf(of) + of.length)).length;
  assert.deepEqual(ends, [
    end(HEADER),
    end("<iq id='1'/>"),
    end("</message >"),
    end("</stream:stream>"),
  ]);
});

test("a stream whose root is empty opens and closes", () => {
  const { items } = read([bytesOf("<stream xmlns='a'/>")]);
  assert.deepEqual(items, [
    { event: "open", header: new Element("a", "stream"), defaultNs: "a" },
    { event: "close" },
  ]);
});

test("nothing is read further than the element that was asked for", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(`${HEADER}<a/><broken<`));
  parser.next();
  assert.deepEqual(parser.next(), el("jabber:client", "a"));
  assert.throws(() => parser.next(), XmlError);
});

test("after an error every call throws it again, whatever else is written", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(`${HEADER}<a></b>`));
  parser.next();
  let first: unknown;
  assert.throws(
    () => parser.next(),
    (error) => {
      first = error;
      return error instanceof XmlError;
    },
  );
  parser.write(bytesOf("<c/>"));
  parser.restart();
  assert.throws(
    () => parser.next(),
    (error) => error === first,
  );
});

test("RFC 6120 §4.3.3: after a restart the unread bytes are a new document", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(`${HEADER}<auth/><?xml version='1.0'?><stream xmlns='b'><x/>`));
  parser.next();
  parser.next();
  assert.equal(parser.pending, true);
  parser.restart();
  assert.deepEqual(parser.next(), {
    event: "open",
    header: new Element("b", "stream"),
    defaultNs: "b",
  });
  assert.deepEqual(parser.next(), el("b", "x"));
});

test("white space after the last element before a restart is no part of the new document", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(`${HEADER}<auth/>\n`));
  parser.next();
  parser.next();
  parser.restart();
  assert.equal(parser.next(), undefined);
  parser.write(bytesOf("\r\n <?xml version='1.0'?><stream xmlns='b'>"));
  const header = new Element("b", "stream");
  assert.deepEqual(parser.next(), { event: "open", header, defaultNs: "b" });
  assert.throws(() => {
    const first = new StreamParser(LIMITS);
    first.write(bytesOf("\n<?xml version='1.0'?>"));
    first.next();
  }, XmlError);
});

test("RFC 6120 §5.4.3.3: a restart can drop what came in the clear", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(`${HEADER}<starttls/>`));
  parser.next();
  parser.next();
  assert.equal(parser.pending, false);
  for (const pipelined of ["<iq", "é".slice(0, 1), " "]) {
    parser.write(bytesOf(pipelined));
    assert.equal(parser.pending, true);
  }
  parser.write(Uint8Array.of(0xff, 0xc3));
  parser.restart({ discard: true });
  assert.equal(parser.pending, false);
  parser.write(bytesOf("<stream xmlns='b'>"));
  assert.ok(parser.next());
});

test("what is unfinished is pending: half an element and half a character", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(`${HEADER}<a>`));
  parser.next();
  assert.equal(parser.next(), undefined);
  assert.equal(parser.pending, true);
  parser.write(bytesOf("</a>"));
  parser.next();
  assert.equal(parser.pending, false);
  parser.write(Uint8Array.of(0xc3));
  assert.equal(parser.next(), undefined);
  assert.equal(parser.pending, true);
});

test("restarting in the middle of what has been decoded keeps every byte after it", () => {
  const after = `<?xml version='1.0'?><stream xmlns='b'>${"<x>é</x>".repeat(5000)}`;
  const parser = new StreamParser(LIMITS);
  for (const piece of inPieces(bytesOf(`${HEADER}<a/>${after}`), 5000)) parser.write(piece);
  parser.next();
  parser.next();
  parser.restart();
  let count = 0;
  while (parser.next() !== undefined) count++;
  assert.equal(count, 5001);
});

// ── grammar ──────────────────────────────────────────────────────────────────

test("XML 1.0 §2.11: CR LF and CR are LF in text and CDATA", () => {
  const [a] = stanzas("<a>1\r\n2\r3\n4\r\r\n5&#13;&#10;<![CDATA[\r\n6\r]]>\r\n</a>");
  assert.equal(a?.text, "1\n2\n3\n4\n\n5\r\n\n6\n\n");
});

test("XML 1.0 §3.3.3: white space in attribute values is U+0020, references stay", () => {
  const [a] = stanzas("<a b='1\t2\n3\r\n4\r5&#9;&#10;&#13;&#x20;6\"' c=\"'\"/>");
  assert.equal(a?.attr("b"), '1 2 3 4 5\t\n\r 6"');
  assert.equal(a?.attr("c"), "'");
});

test("XML 1.0 §4.1: character references and the five predefined entities", () => {
  const [a] = stanzas(
    "<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x42;&#x1F388;&#0000000000067;&#xfffD;</a>",
  );
  assert.equal(a?.text, "<>&'\"AB🎈C\ufffd");
  const numbers = [
    "#0",
    "#8",
    "#xB",
    "#xD800",
    "#xDFFF",
    "#xFFFE",
    "#xFFFF",
    "#x110000",
    "#x",
    "#",
  ];
  for (const bad of [
    ...numbers,
    "#12a",
    "#xg",
    "#X41",
    "#-1",
    "# 65",
    "",
    " amp",
    `#${"9".repeat(500)}`,
  ]) {
    assert.equal(refused(`<a>&${bad};</a>`), "not-well-formed", bad);
    assert.equal(refused(`<a b='&${bad};'/>`), "not-well-formed", bad);
  }
  assert.equal(refused("<a>&amp </a>"), "not-well-formed");
  assert.equal(refused("<a>&#65;&#;</a>"), "not-well-formed");
  assert.equal(stanzas("<a>&#x41;&#65;&lt;&#65;</a>")[0]?.text, "AA<A");
});

test("RFC 6120 §11.1: other entities, comments, processing instructions and DTDs are restricted-xml", () => {
  const restricted = [
    "<a>&nbsp;</a>",
    "<a b='&AMP;'/>",
    "<a>&ampersandampersand;</a>",
    "<!-- c -->",
  ];
  for (const text of [
    ...restricted,
    "<a><!--c--></a>",
    "<?pi?>",
    "<a><?xml version='1.0'?></a>",
    "<!DOCTYPE a>",
  ]) {
    assert.equal(refused(text), "restricted-xml", text);
  }
  for (const text of [
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    "<!-- c --><a>",
    "<?xml-stylesheet?><a>",
    " <?xml version='1.0'?><a>",
  ]) {
    assert.equal(condition(text), "restricted-xml", text);
  }
});

test("billion laughs: the DTD is refused before an entity is declared", () => {
  const text = `<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>`;
  assert.equal(condition(text), "restricted-xml");
  assert.equal(condition(text.slice(0, text.indexOf("OCTYPE"))), "restricted-xml");
});

test("CDATA sections are text, whatever brackets they contain", () => {
  const [a] = stanzas("<a>1<![CDATA[<&>]]]]><![CDATA[>]] ]>]]]>]]&gt;<![CDATA[]]></a>");
  assert.equal(a?.text, "1<&>]]>]] ]>]]]>");
  assert.equal(a?.children.length, 1);
  for (const bad of ["<a><![cdata[]]></a>", "<a><![CDATA []]></a>", "<a><![INCLUDE[]]></a>"]) {
    assert.equal(refused(bad), "not-well-formed", bad);
  }
});

test("XML 1.0 §2.4: ]]> does not stand in text", () => {
  assert.equal(refused("<a>]]></a>"), "not-well-formed");
  assert.equal(refused("<a>]]]]></a>"), "not-well-formed");
  const [a] = stanzas("<a b=']]>'>]>]] ></a>");
  assert.equal(a?.text, "]>]] >");
  assert.equal(stanzas("<a>]&#93;>]]<![CDATA[]]>></a>")[0]?.text, "]]>]]>");
});

test("XML 1.0 §2.2: characters that XML can not carry are refused", () => {
  for (const code of [0, 1, 8, 0xb, 0xc, 0xe, 0x1f, 0xfffe, 0xffff]) {
    const bad = String.fromCharCode(code);
    for (const text of [
      `<a>x${bad}</a>`,
      `<a b='x${bad}'/>`,
      `<a><![CDATA[x${bad}]]></a>`,
      `<a${bad}/>`,
      bad,
    ]) {
      assert.equal(refused(text), "not-well-formed", JSON.stringify(text));
    }
  }
  assert.equal(
    stanzas("<a>\t\n\u007f\u0085\u2028\ufffd\u{10ffff}</a>")[0]?.text,
    "\t\n\u007f\u0085\u2028\ufffd\u{10ffff}",
  );
});

test("XML 1.0 §2.3: names by the fifth edition, beyond the basic plane too", () => {
  for (const name of ["_", "é", "a-1.b", "a·", "\u{10000}", "a\u{effff}", "Ω\u0301"]) {
    assert.equal(stanzas(`<${name} ${name}='1'></${name}>`)[0]?.attr(name), "1", name);
  }
  for (const name of [
    "1",
    "-",
    ".",
    "·",
    "a×",
    "a\u037e",
    "\u0301",
    "a\u{f0000}",
    "a\u{1f388}\ufffe",
  ]) {
    assert.equal(refused(`<${name}/>`), "not-well-formed", name);
    assert.equal(refused(`<b ${name}='1'/>`), "not-well-formed", name);
  }
});

test("tags are written as XML 1.0 §3.1 has it", () => {
  const bad = [
    "< a/>",
    "<a b='1'c='2'/>",
    "<a b/>",
    "<a b=1/>",
    "<a b='<'/>",
    "<a b='1' b='2'/>",
    "<a / >",
  ];
  for (const text of [
    ...bad,
    "<a></ a>",
    "<a></b>",
    "<a></a b='1'>",
    "<a></aa>",
    "<a><b></a>",
    "</x>",
    "<>",
    "<a//>",
    "<a b=''''/>",
    "<a 'b'/>",
  ]) {
    assert.equal(refused(text), "not-well-formed", text);
  }
  const [a] = stanzas("<a\tb\n=\r'1'  c = \"2\"\n></a\t>");
  assert.deepEqual(a?.attrs, ["b", "1", "c", "2"]);
});

test("text between stanzas is bad-format, outside of the root not-well-formed", () => {
  assert.deepEqual(stanzas(" \t\r\n<a/>\r\n").length, 1);
  for (const text of ["x", "<a/>x", "&#32;", "<![CDATA[ ]]>", "<![CDATA[]]>"]) {
    assert.equal(refused(text), "bad-format", text);
  }
  for (const text of [
    "x",
    "x<a>",
    "&#32;<a>",
    "<![CDATA[]]>",
    "<a></a>x",
    "<a></a><b>",
    "<a></a></a>",
    "</a>",
  ]) {
    assert.equal(condition(text), "not-well-formed", text);
  }
  assert.equal(condition("GET / HTTP/1.1\r\n\r\n"), "not-well-formed");
});

test("XML 1.0 §2.8: the XML declaration stands at the very beginning or nowhere", () => {
  const good = [
    'version="1.0"',
    "version = '1.0' encoding='utf-8'",
    "version='1.0' encoding='UTF-8' standalone='yes' ",
  ];
  for (const text of [...good, "\r\n\tversion='1.0'\nstandalone=\"no\""]) {
    assert.equal(condition(`<?xml ${text}?>\n<a>`), undefined, text);
    assert.equal(condition(`\ufeff<?xml ${text}?><a>`), undefined, text);
    assert.equal(condition(`\n<?xml ${text}?><a>`), "restricted-xml", text);
  }
  const bad = [
    "",
    "encoding='UTF-8'",
    "version='1.0'encoding='UTF-8'",
    "version='1.0\"",
    "version='1.1'",
    "version='2.0'",
  ];
  for (const text of [
    ...bad,
    "version='1.0' standalone='maybe'",
    "version='1.0' standalone='yes' encoding='UTF-8'",
    "version='1.0' encoding=' UTF-8'",
  ]) {
    assert.equal(condition(`<?xml ${text}?><a>`), "not-well-formed", text);
  }
  assert.equal(condition("<?xml version='1.0'><a>"), "not-well-formed");
  assert.equal(condition("<?xml?><a>"), "restricted-xml");
  assert.equal(condition("<?XML version='1.0'?><a>"), "restricted-xml");
  assert.equal(condition("<?xml version='1.0'?><?xml version='1.0'?><a>"), "restricted-xml");
});

// ── encoding ─────────────────────────────────────────────────────────────────

test("RFC 6120 §11.6: other encodings are unsupported-encoding", () => {
  assert.equal(condition("<?xml version='1.0' encoding='ISO-8859-1'?><a>"), "unsupported-encoding");
  const utf16 = [0x3c, 0, 0x61, 0, 0x3e, 0];
  const starts = [
    [0xff, 0xfe, ...utf16],
    [0xfe, 0xff, 0, 0x3c],
    [0xff, 0xfe, 0, 0],
    [0, 0, 0xfe, 0xff],
    utf16,
    [0, 0x3c, 0, 0x61],
  ];
  for (const start of starts) {
    assert.equal(read([Uint8Array.from(start)]).error?.condition, "unsupported-encoding");
  }
});

test("RFC 6120 §4.9.3.22: what is not UTF-8 is unsupported-encoding, in any chunking", () => {
  const sequences = [
    [0x80],
    [0xc0, 0x80],
    [0xc1, 0xbf],
    [0xe0, 0x9f, 0xbf],
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xff],
    [0xc3, 0x28],
    [0xe2, 0x82, 0x28],
    [0xf0, 0x9f, 0x8e, 0x28],
  ];
  for (const sequence of sequences) {
    const bytes = Uint8Array.from([
      ...bytesOf(`${HEADER}<a>é</a><b>é`),
      ...sequence,
      ...bytesOf("</b>"),
    ]);
    for (const size of [1, 2, 3, 5, 1000]) {
      const { items, error } = read(inPieces(bytes, size));
      assert.equal(error?.condition, "unsupported-encoding", `${sequence.join()} by ${size}`);
      assert.equal(items.length, 2);
    }
  }
});

// ── namespaces ───────────────────────────────────────────────────────────────

test("Namespaces in XML 1.0 §6: prefixes are resolved and forgotten", () => {
  const [a] = stanzas(
    "<p:a xmlns:p='urn:p' p:x='1' x='2' xml:lang='de'><b/><p:c xmlns='urn:d' xmlns:p='urn:q'><e p:x=''/></p:c><d xmlns=''/><p:f/></p:a>",
  );
  assert.deepEqual(
    a,
    new Element(
      "urn:p",
      "a",
      ["{urn:p}x", "1", "x", "2", "xml:lang", "de"],
      [
        el("jabber:client", "b"),
        new Element("urn:q", "c", [], [new Element("urn:d", "e", ["{urn:q}x", ""])]),
        el("", "d"),
        el("urn:p", "f"),
      ],
    ),
  );
});

test("a prefix that is not declared, or no longer, is bad-namespace-prefix", () => {
  const bad = ["<p:a/>", "<a p:b='1'/>", "<a xmlns:p='1'/><p:a/>", "<a><b xmlns:p='1'/><p:c/></a>"];
  for (const text of [
    ...bad,
    "<xmlns:a/>",
    "<a xmlns:p=''/>",
    "<a xmlns:xmlns='x'/>",
    "<a xmlns:xml='x'/>",
  ]) {
    assert.equal(refused(text), "bad-namespace-prefix", text);
  }
  for (const ns of ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"]) {
    assert.equal(refused(`<a xmlns='${ns}'/>`), "bad-namespace-prefix");
    assert.equal(refused(`<a xmlns:p='${ns}'/>`), "bad-namespace-prefix");
  }
  assert.equal(refused("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>"), undefined);
  assert.equal(refused("<a xmlns:__proto__='1' __proto__:b='2' constructor='3'/>"), undefined);
});

test("Namespaces in XML 1.0 §4, §6.3: qualified names have one colon, attributes are unique", () => {
  const names = [":a", "a:", "a:b:c", "a::b", "stream:1", "stream:-"];
  for (const name of names) {
    assert.equal(refused(`<${name}/>`), "not-well-formed", name);
    assert.equal(refused(`<a ${name}='1'/>`), "not-well-formed", name);
  }
  const twice = ["<a b='1' b='1'/>", "<a xmlns='1' xmlns='1'/>", "<a xmlns:p='1' xmlns:p='1'/>"];
  for (const text of [
    ...twice,
    "<a xmlns:p='1' xmlns:q='1' p:x='' q:x=''/>",
    "<a xml:lang='' xml:lang=''/>",
  ]) {
    assert.equal(refused(text), "not-well-formed", text);
  }
  assert.equal(refused("<a xmlns:p='1' xmlns:q='2' p:x='' q:x='' x=''/>"), undefined);
});

// ── limits ───────────────────────────────────────────────────────────────────

/** The number of bytes after which a stream is refused when it comes byte by byte. */
function refusedAfter(text: string, limits: ParserLimits): { bytes: number; error: XmlError } {
  const parser = new StreamParser(limits);
  let bytes = 0;
  try {
    for (const byte of bytesOf(text)) {
      bytes++;
      parser.write(Uint8Array.of(byte));
      while (parser.next() !== undefined);
    }
  } catch (error) {
    if (error instanceof XmlError) return { bytes, error };
    throw error;
  }
  throw new Error("was not refused");
}

test("the byte limit holds inside every token, exactly", () => {
  const limits = { ...LIMITS, bytes: 100 };
  const long = "é".repeat(200);
  const tokens = [
    `<${long}`,
    `<a ${long}`,
    `<a b='${long}`,
    `<a ${" ".repeat(200)}`,
    `<a b${" ".repeat(200)}`,
    `<a b=${" ".repeat(200)}`,
    `<a>${long}`,
    `<a><![CDATA[${long}`,
    `<a></a${" ".repeat(200)}`,
    `<a>&#${"0".repeat(200)}`,
    `<a>&${long}`,
    `<a>${"<b/>".repeat(100)}`,
  ];
  for (const token of tokens) {
    const { bytes, error } = refusedAfter(HEADER + token, limits);
    assert.equal(error.condition, "policy-violation", token);
    assert.match(error.message, /bytes.*100/);
    // A character beyond ASCII counts when it is complete.
    assert.ok(bytes - HEADER.length >= 101 && bytes - HEADER.length <= 102, `${token}: ${bytes}`);
  }
});

test("what stands after the byte limit does not count, also when it comes in the same chunk", () => {
  const limits = { ...LIMITS, bytes: 100 };
  for (const bad of ["</b>", "&;", "\0", "<p:b/>", "<!---->"]) {
    assert.equal(refused(`<a>${"x".repeat(98)}${bad}`, limits), "policy-violation", bad);
    assert.notEqual(refused(`<a>${"x".repeat(80)}${bad}`, limits), "policy-violation", bad);
  }
});

test("the byte limit holds for the stream header and the XML declaration", () => {
  const limits = { ...LIMITS, bytes: 100 };
  for (const text of [`<a b='${"x".repeat(200)}`, `<?xml version='1.0'${" ".repeat(200)}`]) {
    const { bytes, error } = refusedAfter(text, limits);
    assert.equal(error.condition, "policy-violation");
    assert.equal(bytes, 101);
  }
});

test("an element of exactly as many bytes as allowed is read", () => {
  for (const text of [`<a>${"é🎈".repeat(20)}</a>`, `<a b='${"x".repeat(20)}'/>`, "<abc></abc>"]) {
    const size = bytesOf(text).length;
    assert.equal(
      stanzas(` ${text} `.repeat(3), { ...LIMITS, bytes: Math.max(size, HEADER.length) }).length,
      3,
    );
    const parser = new StreamParser(LIMITS);
    parser.write(bytesOf(HEADER + text));
    parser.next();
    parser.limits = { ...LIMITS, bytes: size };
    assert.ok(parser.next());
    const strict = new StreamParser(LIMITS);
    strict.write(bytesOf(HEADER + text));
    strict.next();
    strict.limits = { ...LIMITS, bytes: size - 1 };
    assert.throws(() => strict.next(), { condition: "policy-violation" });
  }
});

test("white space between stanzas is neither limited nor kept", () => {
  const parser = new StreamParser(LIMITS);
  parser.write(bytesOf(HEADER));
  parser.next();
  for (let i = 0; i < 100; i++) {
    parser.write(bytesOf(" \n".repeat(1000)));
    assert.equal(parser.next(), undefined);
    assert.equal(parser.pending, false);
  }
});

test("depth, elements, attributes and namespace declarations are limited, also in unfinished tags", () => {
  const limits: ParserLimits = {
    bytes: 10_000,
    depth: 3,
    elements: 5,
    attributes: 4,
    namespaces: 6,
  };
  const allowed = [
    "<a><b><c/></b></a>",
    "<a><b/><b/><b/><b/></a><a><b/><b/><b/><b/></a>",
    "<a b='' c='' d='' e='' xmlns='1'/>",
    "<a xmlns='1' xmlns:b='2' xmlns:c='3'><d xmlns='4'/><d xmlns='4'/></a><a xmlns:b='5'/>",
  ];
  for (const text of allowed) assert.equal(refused(text, limits), undefined, text);
  const tooMuch: [string, RegExp][] = [
    ["<a><b><c><d ", /deep.*3/],
    ["<a><b/><b/><b/><b/><b ", /elements.*5/],
    ["<a b='' c='' d='' e='' f=''", /attributes.*4/],
    ["<a xmlns='1' xmlns:b='2' xmlns:c='3'><d xmlns='4' xmlns:e='5'", /namespace.*6/],
  ];
  for (const [text, message] of tooMuch) {
    const { error } = read([bytesOf(HEADER + text)], limits);
    assert.equal(error?.condition, "policy-violation", text);
    assert.match(error?.message ?? "", message);
  }
  assert.equal(
    condition(`${HEADER.slice(0, -1)} a='' b='' c='' d='' e=''`, limits),
    "policy-violation",
  );
});

test("elements nested 100,000 deep are refused, or read where that is allowed", () => {
  const depth = 100_000;
  const text = "<a>".repeat(depth) + "</a>".repeat(depth);
  assert.equal(refused(text), "policy-violation");
  const all = { ...LIMITS, bytes: 1e7, depth, elements: depth };
  const [root] = stanzas(text, all);
  const inner = "<a>".repeat(depth - 1) + "<a/>" + "</a>".repeat(depth - 1);
  assert.equal(serialize(root as Element, "jabber:client"), inner);
  assert.equal(serialize(parseDocument(text, all)), inner);
});

/** That many attributes of different names. */
function attributes(count: number): string {
  return Array.from({ length: count }, (_, i) => ` a${i}=''`).join("");
}

test("many attributes are compared in linear time", () => {
  const limits = { ...LIMITS, bytes: 1e7, attributes: 1e6 };
  const begun = performance.now();
  assert.equal(stanzas(`<a${attributes(100_000)}/>`, limits)[0]?.attrs.length, 200_000);
  assert.equal(refused(`<a${attributes(50_000)} a7=''/>`, limits), "not-well-formed");
  // Comparing each with each would take minutes.
  assert.ok(performance.now() - begun < 5000);
});

test("256 KiB in segments of one byte are read in linear time", () => {
  const size = 262_000;
  const long = "x".repeat(size);
  const limits = { ...LIMITS, bytes: 262_144, elements: 1e6, attributes: 1e6 };
  const parts = [
    `<a>${long}</a>`,
    `<a b='${long}'/>`,
    `<a><${"x".repeat(size / 2)}/></a>`,
    `<a><![CDATA[${"]".repeat(size)}]]></a>`,
    `<a>${"]".repeat(size)}</a>`,
    `<a${" ".repeat(size)}/>`,
    `<a>${"&lt;".repeat(size / 4)}</a>`,
    `<a>${"é".repeat(size / 2)}</a>`,
    `<a>${"<b/>".repeat(size / 4)}</a>`,
  ];
  const begun = performance.now();
  for (const part of parts) {
    const { items, error } = read(inPieces(bytesOf(HEADER + part), 1), limits);
    assert.equal(error, undefined);
    assert.equal(items.length, 2);
  }
  // Reading a token again with each segment would copy 34 GB for each of them.
  assert.ok(performance.now() - begun < 15_000);
});

test("a chunk that many elements come in is read in linear time", () => {
  const limits = { ...LIMITS, bytes: 1e6 };
  const parts = ["<a/>", "<a>é</a>", "<a><![CDATA[&&&&]]></a>", "<a>&amp;</a>", "\r\n"];
  const begun = performance.now();
  for (const part of parts) {
    const { error } = read([bytesOf(HEADER + part.repeat(200_000))], limits);
    assert.equal(error, undefined);
  }
  const cdata = `<a><![CDATA[${"&]".repeat(1_000_000)}]]></a>`;
  assert.equal(parseDocument(cdata).text.length, 2_000_000);
  assert.ok(performance.now() - begun < 15_000);
});

// ── properties ───────────────────────────────────────────────────────────────

const FRAGMENTS = [
  "<a>",
  "</a>",
  "<a b='",
  "'",
  '"',
  ">",
  "/>",
  "<",
  "</",
  "&amp;",
  "&#x1F388;",
  "&",
  ";",
  "<![CDATA[",
  "]]>",
  "]",
  "]]",
  "\r",
  "\n",
  "\r\n",
  " ",
  "é",
  "🎈",
  "x",
  "=",
  ":",
  "p:",
  "xmlns:p='u'",
  " xmlns='v'",
  "xml:lang='de'",
  "<p:c/>",
  "<!--",
  "<?",
  "\0",
  "\uffff",
  '<e f="g"/>',
  "<message><body>hi</body></message>",
  "</stream:stream>",
  "\ufeff",
];
const soup = fc
  .array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 })
  .map((parts) => parts.join(""));
const cuts = fc.array(fc.nat(1000), { maxLength: 20 });
const smallLimits = fc.record({
  bytes: fc.integer({ min: 85, max: 200 }),
  depth: fc.integer({ min: 1, max: 4 }),
  elements: fc.integer({ min: 1, max: 5 }),
  attributes: fc.integer({ min: 0, max: 3 }),
  namespaces: fc.integer({ min: 2, max: 4 }),
});

function outcome(chunks: readonly Uint8Array[], limits: ParserLimits): unknown {
  const { items, error } = read(chunks, limits);
  return { items, condition: error?.condition, message: error?.message };
}

test("any chunking gives the same elements and the same error", () => {
  fc.assert(
    fc.property(soup, cuts, smallLimits, (text, places, limits) => {
      const bytes = bytesOf(HEADER + text);
      const whole = outcome([bytes], limits);
      assert.deepEqual(outcome(inPieces(bytes, 1), limits), whole);
      assert.deepEqual(outcome(cut(bytes, places), limits), whole);
    }),
    { numRuns: 2000 },
  );
});

test("any chunking of bytes that are not UTF-8 gives the same elements and the same error", () => {
  const bad = fc.array(
    fc.constantFrom(0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xed, 0xff, 0x61),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(
      soup,
      bad,
      soup,
      cuts,
      smallLimits,
      (before, bytesBetween, after, places, limits) => {
        const bytes = Uint8Array.from([
          ...bytesOf(`${HEADER}<a>${before}`),
          ...bytesBetween,
          ...bytesOf(after),
        ]);
        const whole = outcome([bytes], limits);
        assert.deepEqual(outcome(inPieces(bytes, 1), limits), whole);
        assert.deepEqual(outcome(cut(bytes, places), limits), whole);
      },
    ),
    { numRuns: 1000 },
  );
});

test("mutations of a valid stream are read or refused by an XmlError", () => {
  const valid = `<?xml version='1.0'?>${HEADER}<message to='é@b' xmlns:p='urn:p' p:q="1"><body>a &amp; 🎈 &#x41;</body><![CDATA[x]]></message><iq/></stream:stream>`;
  const bytes = bytesOf(valid);
  const mutation = fc.record({
    at: fc.nat(bytes.length),
    remove: fc.nat(5),
    insert: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), cuts, (mutations, places) => {
      let mutated = bytes;
      for (const { at, remove, insert } of mutations) {
        mutated = Uint8Array.from([
          ...mutated.slice(0, at),
          ...insert,
          ...mutated.slice(at + remove),
        ]);
      }
      // What is thrown and is no XmlError fails the test.
      const { items } = read(cut(mutated, places));
      // What was read can be written, and what was written is read as the same.
      for (const item of items) {
        if (item instanceof Element) assert.deepEqual(parseDocument(serialize(item)), item);
      }
    }),
    { numRuns: 3000 },
  );
});

test("error texts can be sent: they are short and XML can carry them", () => {
  fc.assert(
    fc.property(soup, (text) => {
      const { error } = read([bytesOf(`${HEADER}<${"🎈".repeat(20)}${text}`), bytesOf(text)]);
      if (error === undefined) return;
      assert.ok(error.message.length < 300);
      serialize(error.message);
    }),
  );
});
