import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el, serialize } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";
import { NS } from "./namespaces.ts";
import { Stanza, stanzaKind } from "./stanza.ts";

const romeo = Jid.parse("romeo@example.net/orchard");
const juliet = Jid.parse("juliet@example.com/balcony");

const message = (attrs = {}, ...children: (Element | string)[]): Element =>
  el(NS.client, "message", attrs, ...children);
const presence = (attrs = {}): Element => el(NS.client, "presence", attrs);
const iq = (attrs = {}, ...children: (Element | string)[]): Element =>
  el(NS.client, "iq", attrs, ...children);
const ping = el("urn:xmpp:ping", "ping");

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a stanza's envelope is read, and its sender is who the stream says (RFC 6120 §8.1.2.1)", () => {
  const body = el(NS.client, "body", {}, "hi");
  const stanza = Stanza.read(
    message(
      {
        type: "chat",
        id: "m1",
        from: "tybalt@example.org",
        to: "juliet@example.com",
        "xml:lang": "it",
      },
      body,
    ),
    romeo,
  );
  assert.equal(stanza.kind, "message");
  assert.equal(stanza.type, "chat");
  assert.equal(stanza.id, "m1");
  assert.equal(stanza.from, romeo);
  assert.equal(stanza.to?.toString(), "juliet@example.com");
  assert.equal(stanza.lang, "it");
  assert.deepEqual(stanza.extra, []);
  assert.deepEqual(stanza.payload, [body]);
  assert.ok(stanza.has(NS.client, "body"));
  assert.ok(stanza.has(NS.client));
  assert.ok(!stanza.has("urn:xmpp:ping"));
  assert.equal(stanza.child(NS.client, "body"), body);
});

test("attributes that RFC 6120 does not define stay as they are", () => {
  const element = message({ id: "1", "{urn:example}a": "b", other: "c", __proto__x: "d" });
  const stanza = Stanza.read(element, romeo);
  assert.deepEqual(stanza.extra, ["{urn:example}a", "b", "other", "c", "__proto__x", "d"]);
  assert.deepEqual(stanza.with({ to: juliet }).toElement().attrs, [
    "id",
    "1",
    "from",
    romeo.toString(),
    "to",
    juliet.toString(),
    "{urn:example}a",
    "b",
    "other",
    "c",
    "__proto__x",
    "d",
  ]);
});

test("types of messages: an unknown one is normal (RFC 6121 §5.2.2)", () => {
  for (const type of ["chat", "groupchat", "headline", "error", "normal"]) {
    assert.equal(Stanza.read(message({ type }), romeo).type, type);
  }
  for (const type of ["", "Chat", "available", "toString"]) {
    assert.equal(Stanza.read(message({ type }), romeo).type, "normal");
  }
  assert.equal(Stanza.read(message(), romeo).type, "normal");
});

test("types of presence: an unknown one is refused (RFC 6121 §4.7.1)", () => {
  const types = ["unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"];
  for (const type of [...types, "error"]) {
    assert.equal(Stanza.read(presence({ type }), romeo).type, type);
  }
  assert.equal(Stanza.read(presence(), romeo).type, "available");
  for (const type of ["", "available", "invisible", "chat"]) {
    assert.throws(() => Stanza.read(presence({ type }), romeo), refused("bad-request"));
  }
});

test("an IQ that breaks RFC 6120 §8.2.3 is refused", () => {
  const bad = [
    iq({ id: "1" }, ping),
    iq({ id: "1", type: "chat" }, ping),
    iq({ type: "get" }, ping),
    iq({ id: "", type: "get" }, ping),
    iq({ id: "1", type: "get" }),
    iq({ id: "1", type: "set" }, "text only"),
    iq({ id: "1", type: "set" }, ping, ping),
    iq({ id: "1", type: "result" }, ping, ping),
  ];
  for (const element of bad) {
    assert.throws(() => Stanza.read(element, romeo), refused("bad-request"));
  }
});

test("an IQ with white space around its payload is as good as one without", () => {
  const stanza = Stanza.read(iq({ id: "1", type: "get" }, "\n ", ping, "\n"), romeo);
  assert.deepEqual(stanza.payload, [ping]);
  assert.ok(stanza.isRequest);
  assert.ok(!Stanza.read(iq({ id: "1", type: "result" }), romeo).isRequest);
});

test("an IQ error reaches who waits for it, even one that lacks its <error/>", () => {
  const bare = Stanza.read(iq({ id: "1", type: "error" }), romeo);
  assert.equal(bare.type, "error");
  const error = new StanzaError("conflict").toElement();
  const full = Stanza.read(iq({ id: "1", type: "error" }, ping, error), romeo);
  assert.equal(full.child(NS.client, "error"), error);
});

test("a malformed address is jid-malformed (RFC 6120 §8.3.3.8)", () => {
  for (const to of ["", "@example.com", "romeo@", "a@b@c"]) {
    assert.throws(() => Stanza.read(message({ to }), romeo), refused("jid-malformed"), to);
  }
});

test("what is not a stanza is refused", () => {
  for (const element of [
    el(NS.client, "body"),
    el("urn:example", "message"),
    el(NS.server, "iq"),
  ]) {
    assert.equal(stanzaKind(element), undefined);
    assert.throws(() => Stanza.read(element, romeo), refused("bad-request"));
  }
});

test("a stanza is read as it was written", () => {
  const stanzas = [
    message(
      { type: "groupchat", id: "1", from: romeo.toString(), to: "room@x.example" },
      "a",
      ping,
    ),
    message({ from: romeo.toString() }),
    presence({ type: "probe", from: romeo.toString(), to: "juliet@example.com" }),
    presence({ from: romeo.toString() }),
    iq({ type: "set", id: "2", from: romeo.toString(), "xml:lang": "de", x: "y" }, ping),
  ];
  for (const element of stanzas) {
    const stanza = Stanza.read(element, romeo);
    assert.deepEqual(stanza.toElement(), element);
    assert.deepEqual(Stanza.read(stanza.toElement(), romeo).toElement(), element);
  }
});

test("a changed copy changes what it is asked to, also to nothing, and leaves the original", () => {
  const stanza = Stanza.read(message({ type: "chat", id: "1", to: "a@b.example" }, ping), romeo);
  const other = stanza.with({
    from: juliet,
    to: undefined,
    id: undefined,
    type: "headline",
    lang: "en",
  });
  assert.deepEqual(
    other.toElement(),
    message({ type: "headline", from: juliet.toString(), "xml:lang": "en" }, ping),
  );
  assert.deepEqual(stanza.with({}).toElement(), stanza.toElement());
  assert.equal(stanza.id, "1");
  assert.deepEqual(stanza.with({ children: [] }).payload, []);
});

test("copying a stanza writes nothing", () => {
  // A child that cannot be serialized would throw if it were tried.
  const bad = {
    get name(): string {
      throw new Error("written too early");
    },
  } as unknown as Element;
  const stanza = new Stanza({ kind: "message", type: "chat", from: romeo, children: [bad] });
  assert.equal(stanza.with({ to: juliet }).with({ id: "2" }).to, juliet);
});

test("a result turns the addresses round and keeps the id (RFC 6120 §8.2.3)", () => {
  const request = Stanza.read(iq({ type: "get", id: "7", to: "example.com" }, ping), romeo);
  assert.deepEqual(
    request.result().toElement(),
    iq({ type: "result", id: "7", from: "example.com", to: romeo.toString() }),
  );
  assert.deepEqual(request.result(ping).payload, [ping]);
});

test("an answer to a request for nobody comes from the account itself (RFC 6120 §10.3.3)", () => {
  const request = Stanza.read(iq({ type: "get", id: "7" }, ping), romeo);
  assert.equal(request.result().from.toString(), "romeo@example.net");
  assert.equal(request.error(new StanzaError("forbidden"))?.from.toString(), "romeo@example.net");
});

test("only a request has a result", () => {
  const others = [
    message(),
    presence(),
    iq({ type: "result", id: "1" }),
    iq({ type: "error", id: "1" }),
  ];
  for (const element of others) {
    assert.throws(() => Stanza.read(element, romeo).result(), TypeError);
  }
});

test("an error turns the addresses round, and an IQ's has the request inside (RFC 6120 §8.3.1)", () => {
  const error = new StanzaError("service-unavailable");
  const request = Stanza.read(iq({ type: "set", id: "7", to: juliet.toString() }, ping), romeo);
  assert.deepEqual(
    request.error(error)?.toElement(),
    iq(
      { type: "error", id: "7", from: juliet.toString(), to: romeo.toString() },
      ping,
      error.toElement(),
    ),
  );
  const note = Stanza.read(message({ id: "m", to: juliet.toString() }, ping), romeo);
  assert.deepEqual(
    note.error(error)?.toElement(),
    message(
      { type: "error", id: "m", from: juliet.toString(), to: romeo.toString() },
      error.toElement(),
    ),
  );
});

test("nothing answers an error or a result (RFC 6120 §8.2.3, §8.3.1)", () => {
  const error = new StanzaError("bad-request");
  const never = [
    message({ type: "error" }),
    presence({ type: "error" }),
    iq({ type: "error", id: "1" }),
    iq({ type: "result", id: "1" }),
  ];
  for (const element of never) {
    assert.equal(Stanza.read(element, romeo).error(error), undefined);
    assert.equal(Stanza.refuse(element, romeo, juliet, error), undefined);
  }
});

test("an error has one <error/>, even if the request was one itself", () => {
  const request = Stanza.read(
    iq({ type: "set", id: "1", to: "example.com" }, new StanzaError("gone").toElement()),
    romeo,
  );
  const answer = request.error(new StanzaError("service-unavailable"));
  assert.deepEqual(answer?.payload, [new StanzaError("service-unavailable").toElement()]);
});

test("what cannot be read is answered by whom the caller names", () => {
  const server = Jid.parse("example.net");
  const error = new StanzaError("jid-malformed", "bad");
  assert.deepEqual(
    Stanza.refuse(
      message({ id: "1", to: "a@b@c", type: "odd" }),
      romeo,
      server,
      error,
    )?.toElement(),
    message(
      { type: "error", id: "1", from: "example.net", to: romeo.toString() },
      error.toElement(),
    ),
  );
  assert.equal(Stanza.refuse(iq({ type: "odd" }), romeo, server, error)?.id, undefined);
  assert.equal(Stanza.refuse(presence({ type: "odd" }), romeo, server, error)?.kind, "presence");
  assert.equal(Stanza.refuse(el("urn:x", "message"), romeo, server, error), undefined);
});

test("copies share one serialization of their payload", () => {
  const body = el(NS.client, "body", {}, "a < b & c");
  const stanza = new Stanza({
    kind: "message",
    type: "chat",
    from: romeo,
    to: juliet,
    children: [body],
  });
  const copy = stanza.with({ to: romeo });
  const xml = copy.toXml();
  assert.equal(xml, serialize(copy.toElement(), NS.client));
  assert.equal(stanza.toXml(), serialize(stanza.toElement(), NS.client));
  assert.equal(copy.toXml(), xml);
  const changed = copy.with({ children: [ping] });
  assert.equal(changed.toXml(), serialize(changed.toElement(), NS.client));
  const empty = copy.with({ children: [] });
  assert.equal(empty.toXml(), serialize(empty.toElement(), NS.client));
});
