import assert from "node:assert/strict";
import { test } from "node:test";
import { CSI_NS, Jid } from "@rookery/protocol";
import {
  befriend,
  conversation,
  PASSWORD,
  type Person,
  type Received,
  type TestClient,
  TestServer,
} from "@rookery/testkit";
import { byPassword, PHONE, secured, welcomed } from "../../streams/features/sasl2-stage.test.ts";
import { managed, resumes } from "../../streams/stream-management/stage.test.ts";
import { needing } from "../left-out.test.ts";

const cast = { juliet: "juliet@example.org/phone", romeo: "romeo@example.org/orchard" } as const;
const INACTIVE = `<inactive xmlns='${CSI_NS}'/>`;
const ACTIVE = `<active xmlns='${CSI_NS}'/>`;
const state = (name: string): string =>
  `<message to='juliet@example.org/phone' type='chat'><${name} xmlns='http://jabber.org/protocol/chatstates'/></message>`;
const chat = (text: string): string =>
  `<message to='juliet@example.org/phone' type='chat'><body>${text}</body></message>`;
const receipt = (id: string): string =>
  `<message to='juliet@example.org/phone' type='chat'><received xmlns='urn:xmpp:receipts' id='${id}'/></message>`;

/** What came, each in a word; nothing is asked of the server, which would be answered. */
async function got(client: TestClient): Promise<readonly string[]> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  const words = client.queued.map(word);
  client.clear();
  return words.filter((text) => text !== "");
}

function word(item: Received): string {
  if (item === "closed" || "event" in item) return "end";
  if (item.ns === "urn:xmpp:sm:3") return "";
  const body = item.child("jabber:client", "body");
  if (body) return body.text;
  const from = Jid.tryParse(item.attr("from") ?? "")?.resource ?? "";
  if (item.name === "presence") {
    const show = item.child("jabber:client", "show")?.text ?? item.attr("type") ?? "available";
    return `${from} ${show}`.trim();
  }
  return item.elements()[0]?.name ?? item.name;
}

/** Says it is inactive, and waits until the server knows. */
async function putsAway({ client }: Person): Promise<void> {
  client.write(INACTIVE);
  await client.sync();
  client.clear();
}

test("XEP-0352 §4.1: the feature is offered after login, and not before", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("juliet@example.org");
  const client = stage.connect();
  const { features } = await client.open("example.org");
  assert.equal(features.child(CSI_NS, "csi"), undefined);
  const later = stage.connect();
  const after = await later.authenticate(Jid.parse("juliet@example.org"), PASSWORD);
  assert.ok(after.child(CSI_NS, "csi"));
});

test("a state before a resource is bound, and an unknown state, end the stream", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("juliet@example.org");
  const early = stage.connect();
  await early.authenticate(Jid.parse("juliet@example.org"), PASSWORD);
  early.write(INACTIVE);
  assert.ok((await early.element()).child("urn:ietf:params:xml:ns:xmpp-streams", "not-authorized"));
  const odd = await stage.login("juliet@example.org/odd");
  odd.write(`<asleep xmlns='${CSI_NS}'/>`);
  const error = await odd.element();
  assert.ok(error.child("urn:ietf:params:xml:ns:xmpp-streams", "unsupported-stanza-type"));
});

test(
  "XEP-0352 §3.2: of presence the last of each contact waits; it comes when the client is active",
  conversation(cast, async ({ juliet, romeo, stage }) => {
    await befriend(juliet, romeo);
    await juliet.comesOnline();
    await romeo.comesOnline();
    const tomb = await stage.login("romeo@example.org/tomb");
    await juliet.ignoresAll();
    await putsAway(juliet);
    for (const show of ["away", "xa", "dnd"]) {
      await romeo.sends(`<presence><show>${show}</show></presence>`);
      tomb.send(`<presence><show>${show}</show></presence>`);
      await tomb.sync();
    }
    tomb.send("<presence type='unavailable'/>");
    await tomb.sync();
    assert.deepEqual(await got(juliet.client), []);
    juliet.client.write(ACTIVE);
    assert.deepEqual(await got(juliet.client), ["orchard dnd", "tomb unavailable"]);
    await romeo.sends("<presence/>");
    assert.deepEqual(await got(juliet.client), ["orchard available"]);
  }),
);

test(
  "XEP-0352 §5.1: what waits goes before the next important stanza, in order",
  conversation(cast, async ({ juliet, romeo }) => {
    await befriend(juliet, romeo);
    await juliet.comesOnline();
    await romeo.comesOnline();
    await juliet.ignoresAll();
    await putsAway(juliet);
    await romeo.sends(state("composing"));
    await romeo.sends("<presence><show>away</show></presence>");
    await romeo.sends(state("paused"));
    await romeo.sends(receipt("a"));
    await romeo.sends(receipt("b"));
    assert.deepEqual(await got(juliet.client), []);
    await romeo.sends(chat("hi"));
    const all = ["orchard away", "paused", "received", "received", "hi"];
    assert.deepEqual(await got(juliet.client), all);
    await romeo.sends(state("composing"));
    assert.deepEqual(await got(juliet.client), []);
    // the answer to a question is important, and what waits is on the wire before it
    juliet.client.write(
      `${ACTIVE}<iq type='get' id='p' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
    assert.deepEqual(await got(juliet.client), ["composing", "iq"]);
  }),
);

test(
  "what somebody waits for is not held back, whatever it is",
  conversation(cast, async ({ juliet, romeo }) => {
    await juliet.comesOnline();
    await putsAway(juliet);
    const to = "to='juliet@example.org/phone'";
    const important: readonly string[] = [
      `<message ${to} type='chat'><encrypted xmlns='urn:xmpp:omemo:2'/></message>`,
      `<message ${to} type='chat'><propose xmlns='urn:xmpp:jingle-message:0' id='a'/></message>`,
      `<message ${to}><x xmlns='jabber:x:conference' jid='a@b'/></message>`,
      `<message ${to}><own xmlns='urn:own'/></message>`,
      `<message ${to} type='headline'><body>news</body></message>`,
      `<message ${to} type='groupchat'><body>hi</body></message>`,
      `<message ${to} type='groupchat'><subject/></message>`,
      `<message ${to} type='error'><active xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      "<presence to='juliet@example.org' type='subscribe'/>",
      `<presence ${to}><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>`,
      `<iq ${to} type='get' id='q'><query xmlns='jabber:iq:version'/></iq>`,
    ];
    for (const stanza of important) {
      await romeo.sends(stanza);
      assert.equal((await got(juliet.client)).length, 1, stanza);
    }
    const waits: readonly string[] = [
      `<presence ${to}><x xmlns='http://jabber.org/protocol/muc#user'><status code='100'/></x></presence>`,
      `<message ${to} type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>`,
      `<message ${to} type='groupchat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      `<message ${to}><displayed xmlns='urn:xmpp:chat-markers:0' id='a'/><thread>t</thread>
        <store xmlns='urn:xmpp:hints'/></message>`,
    ];
    for (const stanza of waits) {
      await romeo.sends(stanza);
      assert.deepEqual(await got(juliet.client), [], stanza);
    }
    juliet.client.write(ACTIVE);
    assert.equal((await got(juliet.client)).length, waits.length);
  }),
);

test(
  "a copy (XEP-0280) is as important as what is in it",
  conversation({ ...cast, desk: "juliet@example.org/desk" }, async (scene) => {
    const { juliet, romeo, desk, stage } = scene;
    if (!stage.server.host("example.org").features("host").includes("urn:xmpp:carbons:2")) return;
    await desk.comesOnline();
    await juliet.asks("<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    await putsAway(juliet);
    const toDesk = (stanza: string): string => stanza.replace("/phone", "/desk");
    await romeo.sends(toDesk(state("composing")));
    await desk.sends(state("paused").replace("juliet@example.org/phone", `${romeo.jid}`));
    await romeo.sends(toDesk(receipt("a")));
    assert.deepEqual(await got(juliet.client), []);
    await romeo.sends(toDesk(chat("hi")));
    assert.deepEqual(await got(juliet.client), ["received", "sent", "received", "received"]);
    await desk.sends(chat("sent").replace("juliet@example.org/phone", `${romeo.jid}`));
    assert.deepEqual(await got(juliet.client), ["sent"]);
  }),
);

test(
  "the limits csiHeldStanzas and csiHeldBytes bound what waits; beyond them it is sent",
  conversation(
    cast,
    async ({ juliet, romeo }) => {
      await juliet.comesOnline();
      await putsAway(juliet);
      for (const id of ["1", "2", "3"]) await romeo.sends(receipt(id));
      assert.deepEqual(await got(juliet.client), []);
      await romeo.sends(receipt("4"));
      assert.equal((await got(juliet.client)).length, 4);
      // presence of the same contact counts once
      const long = (text: string): string =>
        `<presence to='${juliet.jid}'><status>${text.repeat(700)}</status></presence>`;
      for (const text of ["a", "b", "c", "d", "e"]) await romeo.sends(long(text));
      assert.deepEqual(await got(juliet.client), []);
      await romeo.sends(receipt("x".repeat(700)));
      assert.equal((await got(juliet.client)).length, 2);
    },
    { config: { limits: { csiHeldStanzas: 3, csiHeldBytes: 1200 } } },
  ),
);

test(
  "the option hold says what waits",
  conversation(
    cast,
    async ({ juliet, romeo }) => {
      await juliet.comesOnline();
      await putsAway(juliet);
      await romeo.sends(state("composing"));
      assert.deepEqual(await got(juliet.client), ["composing"]);
      await romeo.sends(receipt("a"));
      assert.deepEqual(await got(juliet.client), []);
    },
    { config: { modules: { "client-state": { hold: ["receipts"] } } } },
  ),
);

test("XEP-0352 §5.2: a session that is resumed is active, and has missed nothing", async () => {
  await using stage = await TestServer.start();
  const phone = await managed(stage, "juliet@example.org/phone");
  phone.client.send("<presence/>");
  await phone.handled();
  const romeo = await stage.login("romeo@example.org/orchard");
  phone.client.write(INACTIVE);
  await phone.handled();
  romeo.send(state("composing"));
  await romeo.sync();
  phone.acknowledge();
  await phone.handled();
  phone.client.cut();
  await stage.settled();
  romeo.send(receipt("a"));
  await romeo.sync();
  const { client } = await resumes(stage, "juliet@example.org", phone);
  assert.equal(word(await client.stanza()), "composing");
  assert.equal(word(await client.stanza()), "received");
  romeo.send(state("active"));
  assert.equal(word(await client.stanza()), "active");
});

test(
  "what is kept and waits for a client that goes for good, another one gets",
  needing("offline"),
  async () => {
    await using stage = await TestServer.start();
    const phone = await stage.login("juliet@example.org/phone");
    phone.send("<presence/>");
    phone.write(INACTIVE);
    await phone.sync();
    const romeo = await stage.login("romeo@example.org/orchard");
    romeo.send(receipt("a"));
    await romeo.sync();
    phone.clear();
    assert.deepEqual(await got(phone), []);
    await phone.close();
    const desk = await stage.login("juliet@example.org/desk");
    desk.send("<presence/>");
    await stage.settled();
    assert.ok((await got(desk)).includes("received"));
  },
);

test("XEP-0386 §3.2: a client can begin inactive, where it is told of it", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const phone = await secured(stage);
  const inline = `<bind xmlns='urn:xmpp:bind:0'>${INACTIVE}</bind>`;
  phone.send(byPassword({ inline, device: PHONE }));
  const { identity } = await welcomed(phone);
  const juliet = await stage.login("juliet@example.org/phone");
  juliet.send(state("composing").replace("juliet@example.org/phone", identity));
  await juliet.sync();
  assert.deepEqual(await got(phone), []);
  juliet.send(chat("hi").replace("juliet@example.org/phone", identity));
  await juliet.sync();
  assert.deepEqual(await got(phone), ["composing", "hi"]);
});
