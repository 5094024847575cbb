import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { rosterQuery, rosterSet } from "./roster.ts";

const NS = "jabber:iq:roster";
const JID = "nurse@example.com";
const query = (...items: Element[]): Element => el(NS, "query", {}, ...items);
const item = (attrs = {}, ...groups: string[]): Element =>
  el(NS, "item", { jid: JID, ...attrs }, ...groups.map((name) => el(NS, "group", {}, name)));

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a roster with all that RFC 6121 §2.1.2 has is read", () => {
  const read = rosterQuery.read(
    el(
      NS,
      "query",
      { ver: "ver7" },
      item({ name: "Nurse", subscription: "none", ask: "subscribe", approved: "1" }, "Servants"),
    ),
  );
  assert.deepEqual(read, {
    ver: "ver7",
    items: [
      {
        jid: Jid.parse(JID),
        name: "Nurse",
        subscription: "none",
        ask: true,
        approved: true,
        groups: ["Servants"],
      },
    ],
  });
});

test("an empty version differs from none (RFC 6121 §2.6.2)", () => {
  assert.equal(rosterQuery.read(el(NS, "query", { ver: "" })).ver, "");
  assert.equal(rosterQuery.read(el(NS, "query")).ver, undefined);
});

test("what a client puts where the server decides is as good as absent (RFC 6121 §2.1.2)", () => {
  for (const attrs of [
    { subscription: "" },
    { subscription: "Both" },
    { ask: "unsubscribe" },
    { approved: "yes" },
  ]) {
    const [read] = rosterQuery.read(query(item(attrs))).items;
    assert.equal(read?.subscription, undefined);
    assert.equal(read?.ask, false);
    assert.equal(read?.approved, false);
  }
});

test("an item without a JID, or with a bad one, is refused", () => {
  assert.throws(() => rosterQuery.read(query(el(NS, "item"))), refused("bad-request"));
  assert.throws(() => rosterQuery.read(query(item({ jid: "a@b@c" }))), refused("jid-malformed"));
  assert.throws(() => rosterQuery.read(query(item({ jid: "" }))), refused("jid-malformed"));
});

test("a roster set keeps what the client decides and drops what the server does", () => {
  const set = rosterQuery.read(
    query(
      item({ name: "Nurse", subscription: "both", ask: "subscribe", approved: "true" }, "A", "B"),
    ),
  );
  assert.deepEqual(rosterSet(set), {
    jid: Jid.parse(JID),
    remove: false,
    name: "Nurse",
    groups: ["A", "B"],
  });
});

test("a removal is one whatever else the item says (RFC 6121 §2.5)", () => {
  const set = rosterQuery.read(query(item({ subscription: "remove" }, "", "")));
  assert.equal(rosterSet(set).remove, true);
});

test("a roster set of other than one item is a bad request (RFC 6121 §2.3.3)", () => {
  for (const element of [
    query(),
    query(item(), item()),
    query(item(), item({ jid: "a.example" })),
  ]) {
    assert.throws(() => rosterSet(rosterQuery.read(element)), refused("bad-request"));
  }
});

test("a group that comes twice is a bad request (RFC 6121 §2.3.3)", () => {
  assert.throws(
    () => rosterSet(rosterQuery.read(query(item({}, "Friends", "Work", "Friends")))),
    refused("bad-request"),
  );
});

test("a group without a name is not acceptable (RFC 6121 §2.3.3)", () => {
  for (const groups of [[""], ["Friends", ""]]) {
    const set = rosterQuery.read(query(item({}, ...groups)));
    assert.throws(() => rosterSet(set), refused("not-acceptable"));
  }
});

test("how much an item may have is not decided here (RFC 6121 §2.3.3)", () => {
  const groups = Array.from({ length: 500 }, (_, n) => `${n}`.repeat(1000));
  const name = "n".repeat(5000);
  const set = rosterSet(rosterQuery.read(query(item({ name }, ...groups))));
  assert.deepEqual([set.name, set.groups], [name, groups]);
});
