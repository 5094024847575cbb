import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { dataForm } from "../forms.ts";
import { Jid } from "../jid.ts";
import {
  type InvitationTarget,
  invitationUri,
  readInvitation,
  readInvitationUri,
  writeInvitation,
} from "./invite.ts";

const ROMEO = Jid.parse("romeo@example.com");

const URIS: readonly (readonly [string, InvitationTarget])[] = [
  [
    "xmpp:juliet@example.com?register;preauth=TOKEN",
    { kind: "account", jid: Jid.parse("juliet@example.com"), token: "TOKEN" },
  ],
  [
    "xmpp:example.com?register;preauth=TOKEN",
    { kind: "account", jid: Jid.parse("example.com"), token: "TOKEN" },
  ],
  [
    "xmpp:romeo@example.com?roster;preauth=TOKEN;ibr=y",
    { kind: "contact", jid: ROMEO, token: "TOKEN", register: true },
  ],
  [
    "xmpp:romeo@example.com?roster;preauth=TOKEN",
    { kind: "contact", jid: ROMEO, token: "TOKEN", register: false },
  ],
];

test("XEP-0445 §2, XEP-0379 §3.2: the URIs of invitations", () => {
  for (const [uri, target] of URIS) {
    assert.equal(invitationUri(target), uri);
    assert.deepEqual(readInvitationUri(uri), target);
  }
});

test("other URIs are no invitations", () => {
  for (const uri of [
    "xmpp:romeo@example.com",
    "xmpp:romeo@example.com?roster",
    "xmpp:romeo@example.com?roster;preauth=",
    "xmpp:example.com?roster;preauth=TOKEN",
    "xmpp:romeo@example.com/phone?roster;preauth=TOKEN",
    "xmpp:romeo@example.com?message;preauth=TOKEN",
  ]) {
    assert.equal(readInvitationUri(uri), undefined, uri);
  }
  assert.throws(() => readInvitationUri("https://example.com"), StanzaError);
});

test("XEP-0401 §5.1: the form that a command gives", () => {
  const form = dataForm.read(
    parseDocument(`<x xmlns='jabber:x:data' type='result'>
      <field type='hidden' var='FORM_TYPE'><value>urn:xmpp:invite#invitation</value></field>
      <field type='text-single' var='uri'>
        <value>xmpp:inviter@example.com?roster;preauth=TOKEN;ibr=y</value></field>
      <field type='text-single' var='landing-url'>
        <value>https://example.com/invite/#TOKEN</value></field>
      <field type='text-single' var='expire'><value>2017-11-06T02:56:15Z</value></field></x>`),
  );
  const links = {
    uri: "xmpp:inviter@example.com?roster;preauth=TOKEN;ibr=y",
    landingUrl: "https://example.com/invite/#TOKEN",
    expires: Date.UTC(2017, 10, 6, 2, 56, 15),
  };
  assert.deepEqual(readInvitation(form), links);
  const written = dataForm.read(dataForm.write(writeInvitation(links)));
  assert.equal(written.type, "result");
  assert.deepEqual(readInvitation(written), links);
});

test("XEP-0401 §5.1: an invitation has a URI; the rest may be absent", () => {
  const uri = "xmpp:example.com?register;preauth=TOKEN";
  assert.deepEqual(readInvitation(writeInvitation({ uri })), {
    uri,
    landingUrl: undefined,
    expires: undefined,
  });
  assert.throws(
    () => readInvitation({ ...writeInvitation({ uri }), fields: [] }),
    (error) => error instanceof StanzaError && error.condition === "bad-request",
  );
});
