import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { Stanza } from "../stanza.ts";
import { bind } from "./bind.ts";
import { entityCaps } from "./caps.ts";
import { delay, delayOf } from "./delay.ts";
import { forwarded } from "./forward.ts";
import { hint, hintsOf } from "./hints.ts";
import { ping } from "./ping.ts";
import { originId, stanzaId, stanzaIdBy, withoutStanzaIds } from "./stanza-id.ts";
import { entityTime, timeRequest } from "./time.ts";
import { softwareVersion, versionRequest } from "./version.ts";

const romeo = Jid.parse("romeo@example.net");

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a ping is an empty element (XEP-0199 §3)", () => {
  assert.deepEqual(ping.write({}), el("urn:xmpp:ping", "ping"));
});

test("binding: an empty resource is none, so that the server makes one (RFC 6120 §7.7.2.1)", () => {
  const request = (text?: string) => el(NS.bind, "bind", {}, el(NS.bind, "resource", {}, text));
  assert.equal(bind.read(request("balcony")).resource, "balcony");
  assert.equal(bind.read(request()).resource, undefined);
  assert.equal(bind.read(el(NS.bind, "bind")).resource, undefined);
});

test("binding: the answer has the full JID (RFC 6120 §7.6.1)", () => {
  const jid = romeo.withResource("orchard");
  assert.deepEqual(
    bind.write({ jid }),
    el(NS.bind, "bind", {}, el(NS.bind, "jid", {}, "romeo@example.net/orchard")),
  );
  const bad = el(NS.bind, "bind", {}, el(NS.bind, "jid", {}, "a@b@c"));
  assert.throws(() => bind.read(bad), refused("jid-malformed"));
});

test("requests for version and time are empty, and their answers are complete", () => {
  assert.deepEqual(versionRequest.write({}), el("jabber:iq:version", "query"));
  assert.deepEqual(timeRequest.write({}), el("urn:xmpp:time", "time"));
  assert.throws(() => softwareVersion.read(versionRequest.write({})), refused("bad-request"));
  assert.throws(() => entityTime.read(timeRequest.write({})), refused("bad-request"));
});

test("the time of XEP-0202, example 2", () => {
  const time = el(
    "urn:xmpp:time",
    "time",
    {},
    el("urn:xmpp:time", "tzo", {}, "-06:00"),
    el("urn:xmpp:time", "utc", {}, "2006-12-19T17:58:35Z"),
  );
  assert.deepEqual(entityTime.read(time), {
    utc: Date.UTC(2006, 11, 19, 17, 58, 35),
    offset: -360,
  });
  assert.deepEqual(entityTime.write(entityTime.read(time)), time);
});

test("a delay is read from the old format where the new one is missing (XEP-0203 §4)", () => {
  const stamp = Date.UTC(2002, 8, 10, 23, 8, 25);
  const old = el(
    "jabber:x:delay",
    "x",
    { from: "example.net", stamp: "20020910T23:08:25" },
    "Offline",
  );
  const read = { stamp, from: Jid.parse("example.net"), reason: "Offline" };
  assert.deepEqual(delayOf({ children: [old] }), read);
  const now = delay.write({ stamp: stamp + 1000 });
  assert.equal(delayOf({ children: [old, now] })?.stamp, stamp + 1000);
  assert.equal(delayOf({ children: ["text"] }), undefined);
});

test("a delay without a good stamp is refused", () => {
  for (const attrs of [{}, { stamp: "" }, { stamp: "20020910T23:08:25" }, { stamp: "yesterday" }]) {
    assert.throws(() => delay.read(el(delay.ns, delay.name, attrs)), refused("bad-request"));
  }
  const bad = el(delay.ns, delay.name, { stamp: "2002-09-10T23:08:25Z", from: "a@b@c" });
  assert.throws(() => delay.read(bad), refused("jid-malformed"));
});

test("capabilities in presence need a node and a version; the old format has no hash", () => {
  const c = (attrs: Record<string, string>) => el(entityCaps.ns, "c", attrs);
  assert.equal(entityCaps.read(c({ node: "n", ver: "v" })).hash, undefined);
  assert.throws(() => entityCaps.read(c({ node: "n" })), refused("bad-request"));
  assert.throws(() => entityCaps.read(c({ ver: "v" })), refused("bad-request"));
});

test("hints are those of the message, not of the one inside an error (XEP-0334 §5)", () => {
  const children = [
    el(NS.client, "body", {}, "hi"),
    hint("no-store"),
    hint("no-copy"),
    el("urn:xmpp:hints", "unknown"),
    el("urn:other", "store"),
  ];
  const message = new Stanza({ kind: "message", type: "chat", from: romeo, children });
  assert.deepEqual([...hintsOf(message)].sort(), ["no-copy", "no-store"]);
  assert.equal(hintsOf(message.with({ type: "error" })).size, 0);
  assert.equal(hintsOf(message.with({ children: [] })).size, 0);
});

test("stanza-ids that claim to be ours are removed, compared as JIDs (XEP-0359 §4, rule 2)", () => {
  const body = el(NS.client, "body", {}, "hi");
  const theirs = stanzaId.write({ id: "2", by: Jid.parse("room@muc.example.org") });
  const origin = originId.write({ id: "3" });
  const claim = (by: string | undefined) => el(stanzaId.ns, "stanza-id", { id: "1", by });
  const forged = [
    claim("romeo@example.net"),
    claim("ROMEO@Example.NET"),
    claim(undefined),
    claim("a@b@c"),
  ];
  for (const one of forged) {
    assert.deepEqual(withoutStanzaIds([one, body, theirs, origin], romeo), [body, theirs, origin]);
  }
});

test("a payload without forged stanza-ids stays the same list, so that it is known to be unchanged", () => {
  const children = [stanzaId.write({ id: "2", by: Jid.parse("x.example") }), "text"];
  assert.equal(withoutStanzaIds(children, romeo), children);
});

test("the stanza-id is the one that a given entity gave", () => {
  const children = [
    el(stanzaId.ns, "stanza-id", { id: "bad", by: "a@b@c" }),
    stanzaId.write({ id: "1", by: Jid.parse("x.example") }),
    stanzaId.write({ id: "2", by: romeo }),
  ];
  assert.equal(stanzaIdBy({ children }, romeo), "2");
  assert.equal(stanzaIdBy({ children }, Jid.parse("y.example")), undefined);
  assert.throws(
    () => stanzaId.read(el(stanzaId.ns, "stanza-id", { by: "x" })),
    refused("bad-request"),
  );
  assert.throws(() => originId.read(el(originId.ns, "origin-id")), refused("bad-request"));
});

test("a stanza is forwarded in its own namespace, with the time it came (XEP-0297 §3)", () => {
  const stanza = el(NS.client, "message", { to: "a.example" }, el(NS.client, "body", {}, "hi"));
  const element = forwarded.write({ stanza, delay: { stamp: 0 } });
  assert.deepEqual(
    element,
    el(
      "urn:xmpp:forward:0",
      "forwarded",
      {},
      el("urn:xmpp:delay", "delay", { stamp: "1970-01-01T00:00:00Z" }),
      stanza,
    ),
  );
  assert.equal(forwarded.read(element).stanza, stanza);
  assert.equal(forwarded.read(element).delay?.stamp, 0);
  assert.equal(forwarded.read(forwarded.write({ stanza })).delay, undefined);
});

test("nothing, two stanzas, or one in the wrong namespace are not forwarded", () => {
  const stanza = el(NS.client, "message");
  const wrong = el("urn:xmpp:forward:0", "message");
  for (const children of [[], [stanza, stanza], [wrong]]) {
    const element = el("urn:xmpp:forward:0", "forwarded", {}, ...children);
    assert.throws(() => forwarded.read(element), refused("bad-request"));
  }
});
