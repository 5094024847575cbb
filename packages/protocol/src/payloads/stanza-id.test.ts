import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { originId, stanzaId, stanzaIdBy, withoutStanzaIds } from "./stanza-id.ts";

const romeo = Jid.parse("romeo@example.net");

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

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
