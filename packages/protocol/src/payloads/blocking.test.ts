import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument, serialize } from "@rookery/xml";
import { StanzaError, type StanzaErrorCondition } from "../errors.ts";
import { Jid } from "../jid.ts";
import { blockCommand, blockedCondition, blockList, unblockCommand } from "./blocking.ts";

const xml = (name: string, inside = "") =>
  parseDocument(`<${name} xmlns='urn:xmpp:blocking'>${inside}</${name}>`);
const refused = (condition: StanzaErrorCondition) => (error: unknown) =>
  error instanceof StanzaError && error.condition === condition;

test("XEP-0191 §3.2, §3.3, §3.4: lists of addresses, prepared and each once", () => {
  const items = `<item jid='Romeo@MONTAGUE.net'/><item jid='iago@shakespeare.lit/x'/>
    <item jid='romeo@montague.net'><report xmlns='urn:xmpp:reporting:1'/></item>`;
  for (const [name, codec] of [
    ["blocklist", blockList],
    ["block", blockCommand],
    ["unblock", unblockCommand],
  ] as const) {
    const read = codec.read(xml(name, items));
    assert.deepEqual(read.map(String), ["romeo@montague.net", "iago@shakespeare.lit/x"]);
    assert.deepEqual(codec.read(codec.write(read)), read);
  }
});

test("XEP-0191 §3.3: a block command without items is a bad request; an unblock command is not", () => {
  assert.throws(() => blockCommand.read(xml("block")), refused("bad-request"));
  assert.deepEqual(unblockCommand.read(xml("unblock")), []);
  assert.equal(serialize(unblockCommand.write([])), "<unblock xmlns='urn:xmpp:blocking'/>");
});

test("an item without an address, or with what is none, is refused", () => {
  assert.throws(() => blockCommand.read(xml("block", "<item/>")), refused("bad-request"));
  assert.throws(
    () => blockCommand.read(xml("block", "<item jid='a@b@c'/>")),
    refused("jid-malformed"),
  );
  assert.throws(() => blockCommand.read(xml("block", "<item jid=''/>")), refused("jid-malformed"));
});

test("XEP-0191 §3.3: the condition for one's own stanzas to someone blocked", () => {
  assert.ok(blockedCondition.is("urn:xmpp:blocking:errors", "blocked"));
  assert.ok(Jid.parse("a@b").equals(blockList.read(xml("blocklist", "<item jid='a@b'/>"))[0]));
});
