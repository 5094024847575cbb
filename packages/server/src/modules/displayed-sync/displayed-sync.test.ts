import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, describe, Person } from "@rookery/testkit";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { messageFlow } from "../../im/contract.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const PUBSUB = "http://jabber.org/protocol/pubsub";
const MDS = "urn:xmpp:mds:displayed:0";
const MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/>";
const upTo = (id: string, by = "juliet@example.org"): string =>
  `<displayed xmlns='${MDS}'><stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='${id}'/></displayed>`;
const item = (chat: string, id: string): string => `<item id='${chat}'>${upTo(id)}</item>`;
const ALL = `<iq type='get' id='all'><pubsub xmlns='${PUBSUB}'><items node='${MDS}'/></pubsub></iq>`;

async function has(person: Person, ...items: readonly string[]): Promise<void> {
  await person.asks(
    ALL,
    `<iq type='result' id='all'><pubsub xmlns='${PUBSUB}'>
      <items node='${MDS}'>${items.join("")}</items></pubsub></iq>`,
  );
}

test(
  "XEP-0490 §4.5: what was displayed is taken out of the message and published, in private",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const features = stage.server.host("example.org").features("account");
    assert.ok(features.includes("urn:xmpp:mds:server-assist:0"));
    await romeo.comesOnline();
    await juliet.sends(`<message to='romeo@example.org'>${MARKER}${upTo("0423e3a9")}</message>`);
    await romeo.receives(`<message from='juliet@example.org/chamber'>${MARKER}</message>`);
    await has(juliet, item("romeo@example.org", "0423e3a9"));
    const configure = `<iq type='get' id='c'><pubsub xmlns='${PUBSUB}#owner'>
      <configure node='${MDS}'/></pubsub></iq>`;
    const form = describe(await juliet.asks(configure));
    for (const [name, value] of [
      ["access_model", "whitelist"],
      ["persist_items", "1"],
      ["max_items", "max"],
      ["send_last_published_item", "never"],
    ]) {
      const field = new RegExp(`var='pubsub#${name}'.*?<value>${value}</value><`);
      assert.match(form, field);
    }
    await juliet.sends(`<message to='romeo@example.org'>${MARKER}${upTo("ca21deaf")}</message>`);
    await has(juliet, item("romeo@example.org", "ca21deaf"));
    const room = "example@conference.shakespeare.lit/someone";
    await juliet.sends(`<message to='${room}'>${MARKER}${upTo("1")}</message>`);
    await juliet.ignoresAll();
    await has(juliet, item("romeo@example.org", "ca21deaf"), item(room, "1"));
  }),
);

test(
  "XEP-0490 §4.3: the other devices are told",
  conversation(cast, async ({ juliet, stage }) => {
    const garden = await Person.enters(stage, "juliet@example.org/garden");
    await garden.sends(
      `<presence><c xmlns='http://jabber.org/protocol/caps' node='x' ver='y'/></presence>`,
    );
    const question = await garden.client.element();
    await garden.sends(`<iq type='result' id='${question.attr("id")}' to='juliet@example.org'>
      <query xmlns='http://jabber.org/protocol/disco#info'><feature var='${MDS}+notify'/></query></iq>`);
    await garden.ignoresAll();
    await juliet.sends(`<message to='romeo@example.org'>${MARKER}${upTo("0423e3a9")}</message>`);
    await garden.receives(`<message type='headline' from='juliet@example.org'>
      <event xmlns='${PUBSUB}#event'><items node='${MDS}'>${item("romeo@example.org", "0423e3a9")}
      </items></event></message>`);
  }),
);

test(
  "XEP-0490 §7: it is taken out even if it cannot be published, as with a node that others see",
  conversation(cast, async ({ romeo, juliet }) => {
    await romeo.comesOnline();
    for (const broken of [
      `<displayed xmlns='${MDS}'/>`,
      `<displayed xmlns='${MDS}'><stanza-id xmlns='urn:xmpp:sid:0' id='1'/></displayed>`,
    ]) {
      await juliet.sends(`<message to='romeo@example.org'>${MARKER}${broken}</message>`);
      await romeo.receives(`<message from='juliet@example.org/chamber'>${MARKER}</message>`);
    }
    const node = `<create node='${MDS}'/><configure><x xmlns='jabber:x:data' type='submit'>
      <field var='pubsub#access_model'><value>open</value></field></x></configure>`;
    await juliet.asks(`<iq type='set' id='c'><pubsub xmlns='${PUBSUB}'>${node}</pubsub></iq>`);
    await juliet.sends(`<message to='romeo@example.org'>${MARKER}${upTo("0423e3a9")}</message>`);
    await romeo.receives(`<message from='juliet@example.org/chamber'>${MARKER}</message>`);
    await has(juliet);
  }),
);

test(
  "what others send is no business of it",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends(`<message to='juliet@example.org'><body>hi</body></message>`);
    await juliet.receives(`<message from='romeo@example.org/balcony'><body>hi</body></message>`);
    const nothing = await juliet.asks(ALL);
    assert.equal(nothing.attr("type"), "error");
  }),
);

test(
  "XEP-0490 §5.2: it is taken out before anything is recorded or copied",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const seen: boolean[] = [];
    const watcher: Module<NoOptions, void> = defineModule({
      name: "watcher",
      implements: [],
      setup(host) {
        host.on(messageFlow, "record", ({ stanza }) => {
          seen.push(stanza.has(MDS));
        });
      },
    });
    await stage.server.host("example.org").modules.load(watcher, {});
    await romeo.comesOnline();
    await juliet.sends(`<message to='romeo@example.org'>${MARKER}${upTo("1")}</message>`);
    assert.deepEqual(seen, [false, false]);
  }),
);
