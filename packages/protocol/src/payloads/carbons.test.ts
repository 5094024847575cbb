import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import {
  carbonReceived,
  carbonSent,
  carbonsDisable,
  carbonsEnable,
  carbonsPrivate,
} from "./carbons.ts";
import { csiActive, csiFeature, csiInactive } from "./client-state.ts";

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";
const copy = (name: string, inside: string) =>
  parseDocument(`<${name} xmlns='urn:xmpp:carbons:2'>${inside}</${name}>`);
const MESSAGE = `<forwarded xmlns='urn:xmpp:forward:0'>
  <message xmlns='jabber:client' from='juliet@capulet.example/balcony'
      to='romeo@montague.example/garden' type='chat'><body>What man art thou?</body></message>
</forwarded>`;

test("XEP-0280 §7, §8: a copy has the forwarded message inside", () => {
  for (const kind of [carbonReceived, carbonSent]) {
    const read = kind.read(copy(kind.name, MESSAGE));
    assert.equal(read.stanza.attr("from"), "juliet@capulet.example/balcony");
    assert.deepEqual(kind.read(kind.write(read)), read);
    assert.throws(() => kind.read(copy(kind.name, "")), badRequest);
    const empty = "<forwarded xmlns='urn:xmpp:forward:0'/>";
    assert.throws(() => kind.read(copy(kind.name, empty)), badRequest);
    const presence = MESSAGE.replaceAll("message", "presence");
    assert.throws(() => kind.read(copy(kind.name, presence)), badRequest);
  }
  assert.throws(() => carbonSent.read(copy("received", MESSAGE)), badRequest);
});

test("XEP-0280 §4, §5, §9 and XEP-0352: what is said by one empty element", () => {
  const names = [carbonsEnable, carbonsDisable, carbonsPrivate, csiFeature, csiActive, csiInactive];
  assert.deepEqual(
    names.map((kind) => [kind.write({}).name, kind.write({}).ns]),
    [
      ["enable", "urn:xmpp:carbons:2"],
      ["disable", "urn:xmpp:carbons:2"],
      ["private", "urn:xmpp:carbons:2"],
      ["csi", "urn:xmpp:csi:0"],
      ["active", "urn:xmpp:csi:0"],
      ["inactive", "urn:xmpp:csi:0"],
    ],
  );
});
