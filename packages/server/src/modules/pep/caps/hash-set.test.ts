import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { DISCO_INFO_NS, StanzaError } from "@rookery/protocol";
import { parseDocument } from "@rookery/xml";
import { hashSetInput } from "./hash-set.ts";

function hashOf(algorithm: string, inside: string): string {
  const query = parseDocument(`<query xmlns='${DISCO_INFO_NS}'>${inside}</query>`);
  return createHash(algorithm).update(hashSetInput(query)).digest("base64");
}

const features = (text: string): string =>
  text
    .trim()
    .split(/\s+/)
    .map((name) => `<feature var='${name}'/>`)
    .join("");

const field = (name: string, value: string): string =>
  `<field var='${name}'><value>${value}</value></field>`;

const BOMBUS = `<identity category='client' name='BombusMod' type='mobile'/>${features(`
  http://jabber.org/protocol/si
  http://jabber.org/protocol/bytestreams
  http://jabber.org/protocol/chatstates
  http://jabber.org/protocol/disco#info
  http://jabber.org/protocol/disco#items
  urn:xmpp:ping
  jabber:iq:time
  jabber:iq:privacy
  jabber:iq:version
  http://jabber.org/protocol/rosterx
  urn:xmpp:time
  jabber:x:oob
  http://jabber.org/protocol/ibb
  http://jabber.org/protocol/si/profile/file-transfer
  urn:xmpp:receipts
  jabber:iq:roster
  jabber:iq:last
`)}`;

const TKABBER = `<identity category='client' name='Tkabber' type='pc' xml:lang='en'/>
<identity category='client' name='Ткаббер' type='pc' xml:lang='ru'/>${features(`
  games:board
  http://jabber.org/protocol/activity
  http://jabber.org/protocol/activity+notify
  http://jabber.org/protocol/bytestreams
  http://jabber.org/protocol/chatstates
  http://jabber.org/protocol/commands
  http://jabber.org/protocol/disco#info
  http://jabber.org/protocol/disco#items
  http://jabber.org/protocol/evil
  http://jabber.org/protocol/feature-neg
  http://jabber.org/protocol/geoloc
  http://jabber.org/protocol/geoloc+notify
  http://jabber.org/protocol/ibb
  http://jabber.org/protocol/iqibb
  http://jabber.org/protocol/mood
  http://jabber.org/protocol/mood+notify
  http://jabber.org/protocol/rosterx
  http://jabber.org/protocol/si
  http://jabber.org/protocol/si/profile/file-transfer
  http://jabber.org/protocol/tune
  http://www.facebook.com/xmpp/messages
  http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify
  jabber:iq:avatar
  jabber:iq:browse
  jabber:iq:dtcp
  jabber:iq:filexfer
  jabber:iq:ibb
  jabber:iq:inband
  jabber:iq:jidlink
  jabber:iq:last
  jabber:iq:oob
  jabber:iq:privacy
  jabber:iq:roster
  jabber:iq:time
  jabber:iq:version
  jabber:x:data
  jabber:x:event
  jabber:x:oob
  urn:xmpp:avatar:metadata+notify
  urn:xmpp:ping
  urn:xmpp:receipts
  urn:xmpp:time
`)}<x xmlns='jabber:x:data' type='result'>
  <field type='hidden' var='FORM_TYPE'><value>urn:xmpp:dataforms:softwareinfo</value></field>
  ${field("software", "Tkabber")}
  ${field("software_version", "0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)")}
  ${field("os", "Windows")}${field("os_version", "XP")}</x>`;

test("XEP-0390 §4.5: the examples have the hashes that stand there", () => {
  assert.equal(hashOf("sha256", BOMBUS), "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=");
  assert.equal(hashOf("sha3-256", BOMBUS), "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=");
  assert.equal(hashOf("sha256", TKABBER), "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=");
  assert.equal(hashOf("sha3-256", TKABBER), "XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg=");
});

test("XEP-0390 §4.1: what is not described by the hash has none", () => {
  const form = (inside: string): string => `<x xmlns='jabber:x:data' type='result'>${inside}</x>`;
  for (const inside of [
    "<other xmlns='urn:example:other'/>",
    form(field("software", "x")),
    form(`${field("FORM_TYPE", "x")}<reported/>`),
    form(`${field("FORM_TYPE", "x")}<item/>`),
  ]) {
    assert.throws(() => hashOf("sha256", inside), StanzaError, inside);
  }
});
