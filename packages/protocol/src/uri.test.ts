import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";
import { formatXmppUri, parseXmppUri, type XmppUri } from "./uri.ts";

/** What a URI says, with addresses as text. */
function read(text: string): object {
  const { account, to, query, fragment } = parseXmppUri(text);
  return {
    ...(account && { account: account.toString() }),
    ...(to && { to: to.toString() }),
    ...(query && { query }),
    ...(fragment !== undefined && { fragment }),
  };
}

test("the forms of RFC 5122 §2 and XEP-0147", () => {
  const cases: [string, object][] = [
    ["xmpp:node@example.com", { to: "node@example.com" }],
    ["xmpp:example.com", { to: "example.com" }],
    ["XMPP:node@example.com/some-resource", { to: "node@example.com/some-resource" }],
    ["xmpp://guest@example.com", { account: "guest@example.com" }],
    [
      "xmpp://guest@example.com/support@example.com?message",
      {
        account: "guest@example.com",
        to: "support@example.com",
        query: { action: "message", pairs: [] },
      },
    ],
    ["xmpp:[2001:db8::1]/x", { to: "[2001:db8::1]/x" }],
    [
      "xmpp:example-node@example.com?message#frag",
      {
        to: "example-node@example.com",
        query: { action: "message", pairs: [] },
        fragment: "frag",
      },
    ],
    [
      "xmpp:romeo@montague.net?message;subject=Test%20Message;body=Here%27s%20a%20test%20message",
      {
        to: "romeo@montague.net",
        query: {
          action: "message",
          pairs: [
            ["subject", "Test Message"],
            ["body", "Here's a test message"],
          ],
        },
      },
    ],
    [
      "xmpp:room@muc.example?join;password=a=b",
      {
        to: "room@muc.example",
        query: { action: "join", pairs: [["password", "a=b"]] },
      },
    ],
    [
      "xmpp:a@b.example?omemo-sid-1=ff;omemo-sid-2=00",
      {
        to: "a@b.example",
        query: {
          action: "",
          pairs: [
            ["omemo-sid-1", "ff"],
            ["omemo-sid-2", "00"],
          ],
        },
      },
    ],
    ["xmpp:a@b.example?#", { to: "a@b.example", query: { action: "", pairs: [] }, fragment: "" }],
  ];
  for (const [text, parts] of cases) assert.deepEqual(read(text), parts, text);
});

test("percent-encoded and plain UTF-8 name the same entity (RFC 5122 §2.7)", () => {
  const jid = "ji\u0159i@\u010dechy.example/v Praze";
  assert.deepEqual(read("xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze"), { to: jid });
  assert.deepEqual(read("xmpp:ji\u0159i@\u010dechy.example/v%20Praze"), { to: jid });
  assert.equal(
    formatXmppUri({ to: Jid.parse(jid) }),
    "xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze",
  );
});

test("separators that belong to an address are encoded (RFC 5122 §2.7.2)", () => {
  const jid = Jid.parse(
    "nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com/repulsive !#\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~resource",
  );
  const text = formatXmppUri({ to: jid });
  assert.match(text, /^xmpp:[A-Za-z0-9\-._~%]+@example\.com\/[A-Za-z0-9\-._~%]+$/);
  assert.equal(parseXmppUri(text).to?.toString(), jid.toString());
  assert.equal(
    parseXmppUri(
      "xmpp:nasty!%23$%25()*+,-.;=%3F%5B%5C%5D%5E_%60%7B%7C%7D~node@example.com/repulsive%20!%23%22$%25&'()*+,-.%2F:;%3C=%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~resource",
    ).to?.toString(),
    jid.toString(),
  );
});

test("what is not an XMPP URI is refused", () => {
  for (const text of [
    "",
    "xmpp",
    "xmpp:",
    "xmpp:?message",
    "xmpp:#x",
    "xmpp://",
    "xmpp:///a@b.example",
    "xmpp://example.com",
    "xmpp://guest@example.com/",
    "xmpp:@example.com",
    "xmpp:a@",
    "xmpp:a@b.example/",
    "xmpp:a@b@c.example",
    "xmpp:a b@c.example",
    "xmpp:a@c.example\n",
    " xmpp:a@c.example",
    "mailto:a@b.example",
    "xmpp:%zz@b.example",
    "xmpp:%C5@b.example",
    "xmpp:%ED%A0%80@b.example",
    "xmpp:a@b.example?message;body",
    "xmpp:a@b.example?message;bo%64y=x",
    "xmpp:a@b.example?mess%61ge",
    "xmpp:a@b.example?message;body=%00",
    "xmpp:a@b.example?message;body=%EF%BF%BF",
    "xmpp:a@b.example?message;body=%",
    "xmpp:a@b.example#%FF",
    `xmpp:a@b.example?message;body=${"x".repeat(40_000)}`,
  ]) {
    assert.throws(
      () => parseXmppUri(text),
      (error) =>
        error instanceof StanzaError &&
        (error.condition === "bad-request" || error.condition === "jid-malformed") &&
        error.message.length < 300,
      text,
    );
  }
});

test("a URI that cannot be is not written", () => {
  const to = Jid.parse("a@b.example");
  assert.throws(() => formatXmppUri({}), TypeError);
  assert.throws(() => formatXmppUri({ account: Jid.parse("b.example") }), TypeError);
  assert.throws(() => formatXmppUri({ account: to.withResource("x") }), TypeError);
  assert.throws(() => formatXmppUri({ to, query: { action: "a b", pairs: [] } }), TypeError);
  assert.throws(
    () => formatXmppUri({ to, query: { action: "x", pairs: [["k=", "v"]] } }),
    TypeError,
  );
});

test("every URI is read as it was written", () => {
  const record = { noNullPrototype: true };
  const optional = { nil: undefined };
  const jid = fc.constantFrom(
    ...[
      "a@b.example",
      "b.example",
      "a@b.example/x/y@z?#%20",
      "\u017e$(@\u010dechy.example/\u{1f426} ;=",
      "[::1]",
      "a.b%c@[2001:db8::1]/r",
      "127.0.0.1/x",
    ].map((text) => Jid.parse(text)),
  );
  const account = jid.filter((one) => one.local !== "").map((one) => one.bare);
  const name = fc.stringMatching(/^[A-Za-z0-9._~-]{0,12}$/);
  const xmlText = fc.string({ unit: "grapheme" });
  const query = fc.record(
    { action: name, pairs: fc.array(fc.tuple(name, xmlText), { maxLength: 3 }) },
    record,
  );
  const addresses = fc.oneof(
    fc.record({ account: fc.constant(undefined), to: jid }, record),
    fc.record({ account, to: fc.option(jid, optional) }, record),
  );
  const uri = fc
    .tuple(addresses, fc.option(query, optional), fc.option(xmlText, optional))
    .map(([who, what, fragment]): XmppUri => ({ ...who, query: what, fragment }));
  fc.assert(
    fc.property(uri, (value) => {
      const text = formatXmppUri(value);
      assert.match(text, /^[\x21-\x7e]+$/);
      assert.deepEqual(parseXmppUri(text), value);
    }),
  );
});

test("reading any text gives a URI or a refusal, nothing else", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "xmpp:",
      "//",
      "/",
      "@",
      "?",
      "#",
      ";",
      "=",
      "%",
      "%41",
      "%ff",
      "a",
      "b.example",
      "\u{1f426}",
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((all) => `xmpp:${all.join("")}`),
      ),
      (text) => {
        try {
          parseXmppUri(text);
        } catch (error) {
          assert.ok(error instanceof StanzaError, text);
        }
      },
    ),
    { numRuns: 500 },
  );
});
