import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { stanzaXml } from "@rookery/testkit";
import { isWorthArchiving, needsItsResource } from "./worth.ts";

const ROMEO = Jid.parse("romeo@example.org/balcony");
const message = (type: string, inside: string, to = "juliet@example.org"): Stanza =>
  Stanza.read(stanzaXml(`<message type='${type}' to='${to}'>${inside}</message>`), ROMEO);

test("XEP-0334 §4: hints against keeping a message count in any conversation, and more than the one for it", () => {
  for (const hint of ["no-store", "no-permanent-store"]) {
    for (const type of ["chat", "normal", "headline"]) {
      const hints = `<${hint} xmlns='urn:xmpp:hints'/><store xmlns='urn:xmpp:hints'/>`;
      assert.equal(isWorthArchiving(message(type, `<body>x</body>${hints}`)), false);
    }
  }
  assert.equal(isWorthArchiving(message("chat", "<no-copy xmlns='urn:xmpp:hints'/>")), false);
  assert.equal(
    isWorthArchiving(message("chat", "<body>x</body><no-copy xmlns='urn:xmpp:hints'/>")),
    true,
  );
});

test("XEP-0045 §7.8.2: an invitation by a room is kept, what else a room says of its users is not", () => {
  const user = (inside: string): Stanza =>
    message("normal", `<x xmlns='http://jabber.org/protocol/muc#user'>${inside}</x>`);
  assert.equal(isWorthArchiving(user("<invite from='a@b'/>")), true);
  assert.equal(isWorthArchiving(user("<status code='104'/>")), false);
});

test("RFC 6121 §8.5.3.2.1: only chat falls back to the account", () => {
  const gone = "juliet@example.org/gone";
  assert.equal(needsItsResource(message("chat", "", gone)), false);
  assert.equal(needsItsResource(message("normal", "", gone)), true);
  assert.equal(needsItsResource(message("normal", "")), false);
});
