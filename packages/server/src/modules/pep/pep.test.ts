import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, Person } from "@rookery/testkit";
import {
  answersDiscovery,
  client,
  comesInterested,
  config,
  event,
  idsIn,
  interestedFriends,
  lastEvent,
  options,
  owner,
  PUBLISHED,
  PUBSUB,
  publish,
  pubsub,
  RESULT,
  TUNE,
} from "./scenes.test.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const ALL = pubsub("get", `<items node='${TUNE}'/>`);

test(
  "XEP-0163 §3, §4.3: what is published makes its node, and is told to the owner and its contacts",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("Introduction"), PUBLISHED);
    await romeo.receives(event("Introduction"));
    await juliet.receives(event("Introduction"));
    await romeo.receivesNothing();
    await juliet.receivesNothing();
    const asked = ALL.replace("<iq", "<iq to='juliet@example.org'");
    assert.deepEqual(idsIn(await romeo.asks(asked)), ["current"]);
  }),
);

test(
  "XEP-0163 §4.3.2: each interested resource is told, one that is not interested or offline is not",
  conversation(
    { ...cast, orchard: "romeo@example.org/orchard", garden: "juliet@example.org/garden" },
    async ({ romeo, juliet, orchard, garden }) => {
      await interestedFriends(romeo, juliet);
      await comesInterested(orchard, ["urn:example:mood"]);
      await comesInterested(garden);
      for (const person of [romeo, juliet, orchard, garden]) await person.ignoresAll();
      await juliet.asks(publish("one"), PUBLISHED);
      await romeo.receives(event("one"));
      await garden.receives(event("one"));
      await orchard.receivesNothing();
      await garden.sends("<presence type='unavailable'/>");
      await juliet.ignoresAll();
      await juliet.asks(publish("two"), PUBLISHED);
      await juliet.receives(event("two"));
      await garden.ignoresAll();
      await juliet.asks(publish("three"), PUBLISHED);
      await garden.receivesNothing();
    },
  ),
);

test(
  "XEP-0163 §4.3.4: who comes online gets the last item with its time, once, and of its interests",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one"));
    stage.clock.advance(60_000);
    await juliet.asks(publish("two"));
    await romeo.ignoresAll();
    await romeo.sends("<presence type='unavailable'/>");
    await romeo.ignoresAll();
    await romeo.sends("<presence/>"); // with nothing that tells of interests
    await romeo.receivesAll(
      "<presence from='romeo@example.org/balcony'/>",
      "<presence from='juliet@example.org/chamber'><c xmlns='http://jabber.org/protocol/caps' hash='*' node='*' ver='*'/></presence>",
    );
    await romeo.receivesNothing();
    const { messages, asked } = await comesInterested(romeo);
    assert.equal(asked, 0, "its capabilities are known from before");
    assert.equal(messages.length, 0, "it did not just come");
    await romeo.sends("<presence type='unavailable'/>");
    const again = await comesInterested(romeo);
    assert.equal(again.messages.length, 1);
    assert.equal(again.messages[0]?.child("urn:xmpp:delay")?.attr("stamp"), "2026-01-01T00:01:00Z");
    const more = await comesInterested(romeo);
    assert.equal(more.messages.length, 0);
  }),
);

test(
  "XEP-0163 §4.3.4: the owner's new resource gets last items, of nodes it newly wants too",
  conversation({ juliet: cast.juliet }, async ({ juliet, stage }) => {
    await juliet.asks(publish("one"));
    await juliet.asks(publish("mood", { node: "urn:example:mood" }));
    const garden = await Person.enters(stage, "juliet@example.org/garden");
    const first = await comesInterested(garden);
    assert.equal(first.messages.length, 1);
    const second = await comesInterested(garden, [TUNE, "urn:example:mood"]);
    assert.equal(second.messages.length, 1);
    const items = second.messages[0]?.child(`${PUBSUB}#event`)?.child(`${PUBSUB}#event`, "items");
    assert.equal(items?.attr("node"), "urn:example:mood");
  }),
);

test(
  "XEP-0163 §4.3.4: a contact who is allowed to see the presence gets the last item at once",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.asks(publish("one"));
    await comesInterested(romeo);
    await romeo.sends("<presence type='subscribe' to='juliet@example.org'/>");
    await juliet.sends("<presence type='subscribed' to='romeo@example.org'/>");
    const { messages } = await answersDiscovery(romeo, client(TUNE));
    assert.equal(messages.length, 1);
    await juliet.asks(publish("two"));
    await romeo.receives(event("two"));
  }),
);

test(
  "XEP-0060 §8.2: with send_last_published_item never, nobody gets the last item",
  conversation({ juliet: cast.juliet }, async ({ juliet }) => {
    const never = options({ send_last_published_item: "never" });
    await juliet.asks(publish("one", { options: never }), PUBLISHED);
    const { messages } = await comesInterested(juliet);
    assert.equal(messages.length, 0);
  }),
);

test(
  "XEP-0060 §7.2.2: what is retracted is told, and gone",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one"));
    await romeo.receives(event("one"));
    const retract = `<retract node='${TUNE}' notify='true'><item id='current'/></retract>`;
    await juliet.asks(pubsub("set", retract), RESULT);
    await romeo.receives(`<message type='headline' from='juliet@example.org'>
      <event xmlns='${PUBSUB}#event'><items node='${TUNE}'><retract id='current'/></items></event>
    </message>`);
    assert.deepEqual(idsIn(await juliet.asks(ALL)), []);
  }),
);

test(
  "XEP-0060 §8.4, §8.5: purging and deleting a node is told",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one"));
    await romeo.receives(event("one"));
    for (const kind of ["purge", "delete"]) {
      await juliet.asks(owner("set", `<${kind} node='${TUNE}'/>`), RESULT);
      await romeo.receives(`<message type='headline' from='juliet@example.org'>
        <event xmlns='${PUBSUB}#event'><${kind} node='${TUNE}'/></event></message>`);
    }
    await juliet.asks(
      ALL,
      `<iq type='error' id='q'><pubsub xmlns='${PUBSUB}'>
      <items node='${TUNE}'/></pubsub><error type='cancel'>
      <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`,
    );
  }),
);

test(
  "XEP-0060 §8.2.5.3: a new configuration is told if it is to be",
  conversation({ juliet: cast.juliet }, async ({ juliet }) => {
    await comesInterested(juliet);
    await juliet.asks(publish("one", { options: options({ notify_config: "1" }) }));
    await juliet.ignoresAll();
    const title = config({ title: "Tunes", deliver_payloads: "0" });
    await juliet.asks(owner("set", `<configure node='${TUNE}'>${title}</configure>`), RESULT);
    await juliet.receives(`<message type='headline' from='juliet@example.org'>
      <event xmlns='${PUBSUB}#event'><configuration node='${TUNE}'/></event></message>`);
    await juliet.asks(publish("two"));
    await juliet.receives(`<message type='headline' from='juliet@example.org'>
      <event xmlns='${PUBSUB}#event'><items node='${TUNE}'><item id='current'/></items></event>
    </message>`);
  }),
);

test(
  "XEP-0060 §6.1, §6.2: who subscribes is told without being interested, until it unsubscribes",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one"));
    await romeo.sends("<presence><priority>0</priority></presence>"); // no interests any more
    await romeo.ignoresAll();
    const about = `node='${TUNE}' jid='romeo@example.org'`;
    await romeo.sends(pubsub("set", `<subscribe ${about}/>`, "juliet@example.org"));
    await romeo.receives(`<iq type='result' id='q' from='juliet@example.org'><pubsub xmlns='${PUBSUB}'>
      <subscription ${about} subscription='subscribed'/></pubsub></iq>`);
    await romeo.receives(lastEvent("one"));
    await juliet.asks(publish("two"));
    await romeo.receives(event("two"));
    const mine = pubsub("get", "<subscriptions/>", "juliet@example.org");
    await romeo.asks(
      mine,
      `<iq type='result' id='q'><pubsub xmlns='${PUBSUB}'><subscriptions>
      <subscription ${about} subscription='subscribed'/></subscriptions></pubsub></iq>`,
    );
    await romeo.asks(pubsub("set", `<unsubscribe ${about}/>`, "juliet@example.org"), RESULT);
    await juliet.asks(publish("three"));
    await romeo.receivesNothing();
  }),
);

test(
  "what was published before the server stopped is there when its nodes are read again",
  conversation({ juliet: cast.juliet }, async ({ juliet, stage }) => {
    const max = options({ max_items: "max", access_model: "open" });
    for (const id of ["b", "a", "c"]) await juliet.asks(publish(id, { id, options: max }));
    await juliet.asks(publish("again", { id: "b" }));
    const { modules } = stage.server.host("example.org");
    await modules.reload("pep", {});
    assert.deepEqual(idsIn(await juliet.asks(ALL)), ["a", "c", "b"]);
    const { messages } = await comesInterested(juliet);
    assert.equal(messages.length, 1);
  }),
);

test(
  "XEP-0060 §5: what an account is, its nodes and their items are discovered",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one", { options: options({ title: "Tunes" }) }));
    await romeo.ignoresAll();
    const info = "<query xmlns='http://jabber.org/protocol/disco#info'";
    const list = "<query xmlns='http://jabber.org/protocol/disco#items'";
    const about = await romeo.asks(`<iq type='get' id='d' to='juliet@example.org'>${info}/></iq>`);
    const told = about.child("http://jabber.org/protocol/disco#info")?.elements() ?? [];
    assert.ok(told.some((e) => e.attr("category") === "pubsub" && e.attr("type") === "pep"));
    for (const feature of ["publish-options", "auto-create", "filtered-notifications"]) {
      assert.ok(
        told.some((e) => e.attr("var") === `${PUBSUB}#${feature}`),
        feature,
      );
    }
    await romeo.asks(
      `<iq type='get' id='d' to='juliet@example.org'>${list}/></iq>`,
      `<iq type='result' id='d'>${list}>
        <item jid='juliet@example.org' node='${TUNE}' name='Tunes'/></query></iq>`,
    );
    await romeo.asks(
      `<iq type='get' id='d' to='juliet@example.org'>${list} node='${TUNE}'/></iq>`,
      `<iq type='result' id='d'>${list} node='${TUNE}'>
        <item jid='juliet@example.org' name='current'/></query></iq>`,
    );
    const node = await romeo.asks(
      `<iq type='get' id='d' to='juliet@example.org'>${info} node='${TUNE}'/></iq>`,
    );
    const leaf = node.child("http://jabber.org/protocol/disco#info")?.elements()[0];
    assert.deepEqual([leaf?.attr("category"), leaf?.attr("type")], ["pubsub", "leaf"]);
  }),
);
