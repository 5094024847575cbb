import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument } from "@rookery/xml";
import type { Codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { Stanza } from "../stanza.ts";
import {
  type ChatState,
  chatState,
  chatStateOf,
  encryption,
  isOnlyChatState,
  messageParts,
} from "./message-content.ts";
import {
  correction,
  displayedMarker,
  markable,
  reactions,
  receipt,
  receiptRequest,
  reply,
  retraction,
  tombstone,
} from "./message-references.ts";

const message = (inside: string, type: "chat" | "error" = "chat"): Stanza => {
  const element = parseDocument(
    `<message xmlns='jabber:client' type='${type}'>${inside}</message>`,
  );
  return Stanza.read(element, Jid.parse("romeo@example.net/orchard"));
};
const partsOf = (inside: string, type?: "error") => [...messageParts(message(inside, type))];
const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("each part of a message is recognised by its name and namespace", () => {
  const parts = [
    ["<body>hi</body>", "body"],
    ["<subject/>", "subject"],
    ["<paused xmlns='http://jabber.org/protocol/chatstates'/>", "chat-state"],
    ["<request xmlns='urn:xmpp:receipts'/>", "receipt-request"],
    ["<received xmlns='urn:xmpp:receipts' id='a'/>", "receipt"],
    ["<markable xmlns='urn:xmpp:chat-markers:0'/>", "markable"],
    ["<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>", "marker"],
    ["<acknowledged xmlns='urn:xmpp:chat-markers:0' id='a'/>", "marker"],
    ["<replace xmlns='urn:xmpp:message-correct:0' id='a'/>", "correction"],
    ["<reactions xmlns='urn:xmpp:reactions:0' id='a'/>", "reactions"],
    ["<reply xmlns='urn:xmpp:reply:0' id='a'/>", "reply"],
    ["<retract xmlns='urn:xmpp:message-retract:1' id='a'/>", "retraction"],
    ["<retracted xmlns='urn:xmpp:message-retract:1'/>", "tombstone"],
    ["<encryption xmlns='urn:xmpp:eme:0' namespace='a'/>", "encrypted"],
    ["<encrypted xmlns='urn:xmpp:omemo:2'/>", "encrypted"],
    ["<encrypted xmlns='eu.siacs.conversations.axolotl'/>", "encrypted"],
    ["<openpgp xmlns='urn:xmpp:openpgp:0'/>", "encrypted"],
    ["<x xmlns='jabber:x:encrypted'/>", "encrypted"],
    ["<displayed xmlns='urn:xmpp:mds:displayed:0'/>", "displayed-sync"],
  ] as const;
  for (const [inside, part] of parts) assert.deepEqual(partsOf(inside), [part]);
  const all = new Set(parts.map(([, part]) => part));
  assert.deepEqual(new Set(partsOf(parts.map(([inside]) => inside).join(""))), all);
});

test("what is named differently, or is in an error, is no part", () => {
  assert.deepEqual(partsOf(""), []);
  assert.deepEqual(partsOf("<body xmlns='urn:other'/><toString/><thread>a</thread>"), []);
  assert.deepEqual(partsOf("<dancing xmlns='http://jabber.org/protocol/chatstates'/>"), []);
  assert.deepEqual(partsOf("<body>hi</body><error type='cancel'/>", "error"), []);
});

test("XEP-0085 §5.6: a message with a chat state and nothing else is known as such", () => {
  for (const state of ["active", "composing", "gone", "inactive", "paused"] satisfies ChatState[]) {
    const stanza = message("").with({ children: ["\n", chatState(state)] });
    assert.equal(chatStateOf(stanza), state);
    assert.equal(isOnlyChatState(stanza), true);
  }
  const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  const beside = `<thread>a</thread><no-store xmlns='urn:xmpp:hints'/>
    <origin-id xmlns='urn:xmpp:sid:0' id='a'/><delay xmlns='urn:xmpp:delay' stamp='x'/>`;
  assert.equal(isOnlyChatState(message(composing + beside)), true);
  assert.equal(isOnlyChatState(message(beside)), false);
  assert.equal(isOnlyChatState(message(`${composing}<body>hi</body>`)), false);
  assert.equal(isOnlyChatState(message(`${composing}<a xmlns='urn:other'/>`)), false);
  assert.equal(isOnlyChatState(message(composing, "error")), false);
  assert.equal(chatStateOf(message("<body/>")), undefined);
});

test("XEP-0184, XEP-0333, XEP-0308, XEP-0424: a reference needs the id of the other message", () => {
  for (const kind of [receipt, displayedMarker, correction, retraction]) {
    assert.deepEqual(kind.read(kind.write({ id: "m-1" })), { id: "m-1" });
    assert.throws(() => kind.read(el(kind.ns, kind.name)), badRequest);
  }
  assert.deepEqual(receiptRequest.write({}), el("urn:xmpp:receipts", "request"));
  assert.deepEqual(markable.write({}), el("urn:xmpp:chat-markers:0", "markable"));
});

test("XEP-0444: reactions are told all together, each once; none takes them back", () => {
  const read = reactions.read(
    parseDocument(`<reactions id='744f6e18' xmlns='urn:xmpp:reactions:0'>
      <reaction>👋</reaction><reaction> 🐢 </reaction><reaction>👋</reaction><reaction/></reactions>`),
  );
  assert.deepEqual(read, { id: "744f6e18", emojis: ["👋", "🐢"] });
  assert.deepEqual(reactions.read(reactions.write(read)), read);
  const none = { id: "744f6e18", emojis: [] };
  assert.deepEqual(reactions.read(reactions.write(none)), none);
  assert.throws(() => reactions.read(el(reactions.ns, "reactions")), badRequest);
});

test("XEP-0461, XEP-0424 §4, XEP-0380: replies, tombstones and encryption", () => {
  const writesAndReads = <T>(kind: Codec<T>, value: T) =>
    assert.deepEqual(kind.read(kind.write(value)), value);
  writesAndReads(reply, { id: "message-id1", to: Jid.parse("anna@example.com/tablet") });
  writesAndReads(reply, { id: "message-id1", to: undefined });
  writesAndReads(tombstone, { stamp: Date.UTC(2019, 8, 20, 23, 9, 32), id: "retract-message-1" });
  writesAndReads(encryption, { namespace: "urn:xmpp:omemo:2", name: "OMEMO" });
  assert.throws(() => reply.read(el(reply.ns, "reply")), badRequest);
  assert.throws(() => tombstone.read(el(tombstone.ns, "retracted")), badRequest);
  assert.throws(() => tombstone.read(el(tombstone.ns, "retracted", { stamp: "x" })), badRequest);
  assert.throws(() => encryption.read(el(encryption.ns, "encryption")), badRequest);
});
