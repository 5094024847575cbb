import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import {
  pushDisable,
  pushEnable,
  pushNotification,
  pushWithdrawalIn,
  writePushWithdrawal,
} from "./push.ts";

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;
const push = (text: string) => parseDocument(text.replace(/^<\w+/, "$& xmlns='urn:xmpp:push:0'"));
const service = Jid.parse("push-5.client.example");

test("XEP-0357 §5: a registration is a service, a node and what to publish along", () => {
  const read = pushEnable.read(
    push(`<enable jid='push-5.client.example' node='yxs32uqsflafdk3iuqo'>
      <x xmlns='jabber:x:data' type='submit'>
        <field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>
        <field var='secret'><value>eruio234vzxc2kla-91</value></field>
      </x>
    </enable>`),
  );
  assert.deepEqual(read.jid, service);
  assert.equal(read.node, "yxs32uqsflafdk3iuqo");
  assert.deepEqual(read.options?.fields[1]?.values, ["eruio234vzxc2kla-91"]);
  assert.deepEqual(pushEnable.read(pushEnable.write(read)), read);
  assert.throws(() => pushEnable.read(push("<enable node='n'/>")), refused("bad-request"));
  assert.throws(() => pushEnable.read(push("<enable jid='a.example'/>")), refused("bad-request"));
  assert.throws(
    () => pushEnable.read(push("<enable jid='a@b@c' node='n'/>")),
    refused("jid-malformed"),
  );
});

test("XEP-0357 §6: disabling all nodes of a service, or one", () => {
  for (const node of [undefined, "yxs32uqsflafdk3iuqo"]) {
    const value = { jid: service, node };
    assert.deepEqual(pushDisable.read(pushDisable.write(value)), value);
  }
  assert.throws(() => pushDisable.read(push("<disable/>")), refused("bad-request"));
});

test("XEP-0357 §7: a notification with a summary, whose form does not tell its type", () => {
  const read = pushNotification.read(
    push(`<notification>
      <x xmlns='jabber:x:data'>
        <field var='FORM_TYPE'><value>urn:xmpp:push:summary</value></field>
        <field var='message-count'><value>1</value></field>
        <field var='last-message-sender'><value>juliet@capulet.example/balcony</value></field>
        <field var='last-message-body'><value>Wherefore art thou, Romeo?</value></field>
      </x>
      <additional xmlns='http://example.com/custom'>Additional custom elements</additional>
    </notification>`),
  );
  assert.deepEqual(read.summary, {
    messageCount: 1,
    pendingSubscriptionCount: undefined,
    lastMessageSender: Jid.parse("juliet@capulet.example/balcony"),
    lastMessageBody: "Wherefore art thou, Romeo?",
  });
  assert.equal(read.additional[0]?.name, "additional");
  assert.deepEqual(pushNotification.read(pushNotification.write(read)), read);
  const nothing = { summary: undefined, additional: [] };
  assert.deepEqual(pushNotification.read(pushNotification.write(nothing)), nothing);
  const odd = pushNotification.write({ summary: { messageCount: -1 }, additional: [] });
  assert.throws(() => pushNotification.read(odd), refused("bad-request"));
});

test("XEP-0357 §8: a service withdraws a registration; anything else is no withdrawal", () => {
  const withdrawal = { node: "yxs32uqsflafdk3iuqo", jid: Jid.parse("user@example.com") };
  const element = writePushWithdrawal(withdrawal);
  assert.deepEqual(pushWithdrawalIn({ children: ["\n", element] }), withdrawal);
  const others = [
    el("urn:other", "pubsub", { node: "n" }),
    element.withAttrs({ node: undefined }),
    element.withChildren([]),
    element.withChildren(element.elements().map((one) => one.withAttrs({ jid: "a@b@c" }))),
    element.withChildren(element.elements().map((one) => one.withAttrs({ affiliation: "owner" }))),
  ];
  for (const other of others) assert.equal(pushWithdrawalIn({ children: [other] }), undefined);
});
