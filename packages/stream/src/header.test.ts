import assert from "node:assert/strict";
import { test } from "node:test";
import { NS, StreamError } from "@rookery/protocol";
import { type AttributeValues, el, type StreamOpen, StreamParser } from "@rookery/xml";
import { readStreamHeader, type StreamVersion, writeStreamHeader } from "./header.ts";

function open(attrs: AttributeValues = {}, defaultNs: string = NS.client): StreamOpen {
  return {
    event: "open",
    header: el(NS.streams, "stream", { version: "1.0", ...attrs }),
    defaultNs,
  };
}

function refusal(header: StreamOpen, contentNs: string | readonly string[] = NS.client): string {
  try {
    readStreamHeader(header, contentNs);
  } catch (error) {
    assert.ok(error instanceof StreamError);
    return error.condition;
  }
  return "accepted";
}

test("a stream header says who speaks to whom and how (RFC 6120 §4.7)", () => {
  const attrs = { to: "example.org", from: "juliet@example.org", id: "++TR84", "xml:lang": "de" };
  assert.deepEqual(readStreamHeader(open(attrs), NS.client), {
    to: "example.org",
    from: "juliet@example.org",
    id: "++TR84",
    version: { major: 1, minor: 0 },
    lang: "de",
    defaultNs: NS.client,
  });
});

test("what a stream header does not say is undefined", () => {
  const { to, from, id, lang } = readStreamHeader(open({ "xml:lang": "" }), NS.client);
  assert.deepEqual([to, from, id, lang], [undefined, undefined, undefined, undefined]);
});

test("a root of another namespace is an invalid-namespace (RFC 6120 §4.9.3.10)", () => {
  const header = el("jabber:client", "stream", { version: "1.0" });
  assert.equal(refusal({ event: "open", header, defaultNs: NS.client }), "invalid-namespace");
});

test("a root of another name is a bad-format", () => {
  const header = el(NS.streams, "streams", { version: "1.0" });
  assert.equal(refusal({ event: "open", header, defaultNs: NS.client }), "bad-format");
});

test("a content namespace that is not expected is an invalid-namespace (RFC 6120 §4.8.2)", () => {
  for (const ns of ["", "jabber:Client", NS.server, NS.streams]) {
    assert.equal(refusal(open({}, ns)), "invalid-namespace", ns);
  }
  const either = [NS.client, NS.server];
  assert.equal(readStreamHeader(open({}, NS.server), either).defaultNs, NS.server);
  assert.equal(refusal(open({}, "jabber:component:accept"), either), "invalid-namespace");
});

const spoken = (version: string): StreamVersion =>
  readStreamHeader(open({ version }), NS.client).version;

test("the lower version is spoken, and leading zeros are ignored (RFC 6120 §4.7.5)", () => {
  for (const version of ["1.0", "01.00", "1.1", "1.13", "2.0", "10.4"]) {
    assert.deepEqual(spoken(version), { major: 1, minor: 0 }, version);
  }
});

test("a version before 1.0 or none is an unsupported-version (RFC 6120 §4.7.5)", () => {
  const versions = [undefined, "0.9", "0.0", "00.99", "", "1", "1.", ".0", "1.0.0", "-1.0", "1.0 "];
  for (const version of [...versions, "one.zero", "1,0", `1.${"0".repeat(20)}1234567890`]) {
    assert.equal(refusal(open({ version })), "unsupported-version", String(version));
  }
});

test("a stream of a component has no version (XEP-0114)", () => {
  const ns = "jabber:component:accept";
  const header = readStreamHeader(open({ version: undefined }, ns), ns, 0);
  assert.deepEqual(header.version, { major: 0, minor: 9 });
  const text = writeStreamHeader({ contentNs: ns, version: header.version });
  assert.ok(!text.slice(text.indexOf("?>")).includes("version="), text);
});

test("a stream header that is written is read as what it was", () => {
  const fields = {
    from: "example.org",
    to: "juliet@example.org",
    id: "a<b>&'\"\n",
    lang: "en",
  };
  const text = writeStreamHeader({ contentNs: NS.server, ...fields });
  assert.ok(text.startsWith("<?xml version='1.0'?><stream:stream "), text);
  const parser = new StreamParser({
    bytes: 10_000,
    depth: 10,
    elements: 10,
    attributes: 10,
    namespaces: 10,
  });
  parser.write(new TextEncoder().encode(text));
  const item = parser.next();
  assert.ok(item !== undefined && "event" in item && item.event === "open");
  assert.deepEqual(readStreamHeader(item, NS.server), {
    ...fields,
    version: { major: 1, minor: 0 },
    defaultNs: NS.server,
  });
});
