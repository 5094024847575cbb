import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { bind } from "./bind.ts";

const romeo = Jid.parse("romeo@example.net");

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

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
