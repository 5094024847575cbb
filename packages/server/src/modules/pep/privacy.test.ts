import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation } from "@rookery/testkit";
import { blocking } from "../blocking/contract.ts";
import {
  answersDiscovery,
  client,
  comesInterested,
  conditionOf,
  config,
  event,
  idsIn,
  interestedFriends,
  options,
  owner,
  publish,
  pubsub,
  RESULT,
  TUNE,
} from "./scenes.test.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const ITEMS = pubsub("get", `<items node='${TUNE}'/>`, "juliet@example.org");
const NODES = `<iq type='get' id='q' to='juliet@example.org'>
  <query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
const DISCO = "http://jabber.org/protocol/disco#items";
const PRIVATE = options({ access_model: "whitelist", persist_items: "true" });

test(
  "XEP-0163 §4: one who is not subscribed to the presence sees nothing, as if there was no account",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await juliet.asks(publish("one"));
    await juliet.asks(publish("mood", { node: "urn:example:mood", options: PRIVATE }));
    await comesInterested(romeo, [TUNE, "urn:example:mood"]);
    await romeo.sends("<presence to='juliet@example.org'/>"); // as if it shared its presence
    await juliet.asks(publish("two"));
    await romeo.receivesNothing();
    const requests = [
      `<items node='${TUNE}'/>`,
      "<items node='urn:example:mood'/>",
      "<items node='urn:example:nothing'/>",
    ].map((inside) => pubsub("get", inside, "juliet@example.org"));
    requests.push(
      NODES,
      pubsub("get", "<subscriptions/>", "juliet@example.org"),
      pubsub("get", "<affiliations/>", "juliet@example.org"),
      pubsub("set", `<subscribe node='${TUNE}' jid='romeo@example.org'/>`, "juliet@example.org"),
      pubsub(
        "set",
        `<publish node='${TUNE}'><item><a xmlns='b'/></item></publish>`,
        "juliet@example.org",
      ),
      pubsub("set", "<create/>", "juliet@example.org"),
      owner("get", `<configure node='${TUNE}'/>`, "juliet@example.org"),
      owner("set", `<delete node='${TUNE}'/>`, "juliet@example.org"),
    );
    for (const request of requests) {
      const known = await romeo.asks(request);
      const unknown = await romeo.asks(request.replaceAll("juliet@", "nobody@"));
      assert.equal(conditionOf(known), "service-unavailable", request);
      const [one, other] = [known, unknown].map((answer) =>
        answer
          .child("jabber:client", "error")
          ?.elements()
          .map((e) => [e.ns, e.name, e.text]),
      );
      assert.deepEqual(one, other, request);
    }
  }),
);

test(
  "XEP-0060 §4.5: anyone may retrieve from an open node, and subscribe to it",
  conversation(cast, async ({ romeo, juliet }) => {
    await romeo.comesOnline();
    await juliet.asks(publish("one", { options: options({ access_model: "open" }) }));
    assert.deepEqual(idsIn(await romeo.asks(ITEMS)), ["current"]);
    const subscribe = `<subscribe node='${TUNE}' jid='romeo@example.org'/>`;
    await romeo.asks(pubsub("set", subscribe, "juliet@example.org"));
    await romeo.ignoresAll();
    await juliet.asks(publish("two"));
    await romeo.receives(event("two"));
    const others = `<subscribe node='${TUNE}' jid='juliet@example.org'/>`;
    const refused = await romeo.asks(pubsub("set", others, "juliet@example.org"));
    assert.equal(conditionOf(refused), "service-unavailable");
  }),
);

test(
  "XEP-0223 §3: a private node is its owner's alone: not told, not retrieved, not in any list",
  conversation({ ...cast, garden: "juliet@example.org/garden" }, async (scene) => {
    const { romeo, juliet, garden } = scene;
    await interestedFriends(romeo, juliet);
    await comesInterested(garden);
    await romeo.ignoresAll();
    await juliet.ignoresAll();
    await juliet.asks(publish("secret", { options: PRIVATE }));
    await garden.receives(event("secret"));
    await romeo.receivesNothing();
    assert.equal(conditionOf(await romeo.asks(ITEMS)), "closed-node");
    const list = (await romeo.asks(NODES)).child(DISCO, "query");
    assert.deepEqual(list?.elements(), []);
    const own = (await juliet.asks(NODES)).child(DISCO, "query");
    assert.equal(own?.elements().length, 1);
    for (const kind of ["info", "items"]) {
      const ns = `http://jabber.org/protocol/disco#${kind}`;
      const about = `<iq type='get' id='q' to='juliet@example.org'>
        <query xmlns='${ns}' node='${TUNE}'/></iq>`;
      assert.equal(conditionOf(await romeo.asks(about)), "item-not-found");
    }
    await romeo.sends("<presence type='unavailable'/>");
    const { messages } = await comesInterested(romeo);
    assert.deepEqual(messages, []);
  }),
);

test(
  "XEP-0060 §8.9: members are on the whitelist, outcasts are not even at an open node, publishers publish",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one", { options: PRIVATE }));
    const becomes = async (affiliation: string): Promise<void> => {
      const change = `<affiliation jid='romeo@example.org' affiliation='${affiliation}'/>`;
      const set = owner("set", `<affiliations node='${TUNE}'>${change}</affiliations>`);
      await juliet.asks(set, RESULT);
    };
    await becomes("member");
    assert.deepEqual(idsIn(await romeo.asks(ITEMS)), ["current"]);
    await juliet.asks(publish("two"));
    await romeo.receives(event("two"));
    const own = publish("three").replace("<iq", "<iq to='juliet@example.org'");
    assert.equal(conditionOf(await romeo.asks(own)), "forbidden");
    await becomes("publisher");
    await romeo.asks(own);
    await romeo.receives(event("three"));
    await juliet.asks(
      owner("get", `<affiliations node='${TUNE}'/>`),
      `<iq type='result' id='q'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>
        <affiliations node='${TUNE}'>
          <affiliation jid='juliet@example.org' affiliation='owner'/>
          <affiliation jid='romeo@example.org' affiliation='publisher'/>
        </affiliations></pubsub></iq>`,
    );
    await becomes("outcast");
    const open = config({ access_model: "open" });
    await juliet.asks(owner("set", `<configure node='${TUNE}'>${open}</configure>`), RESULT);
    assert.equal(conditionOf(await romeo.asks(ITEMS)), "closed-node");
    await juliet.asks(publish("four"));
    await romeo.receivesNothing();
    await becomes("none");
    assert.deepEqual(idsIn(await romeo.asks(ITEMS)), ["current"]);
  }),
);

test(
  "XEP-0163 §7.1: a roster node is for its groups, as they are now",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    const friends = config({
      access_model: "roster",
      roster_groups_allowed: ["Friends", "Family"],
    });
    await juliet.asks(pubsub("set", `<create node='${TUNE}'/><configure>${friends}</configure>`));
    await juliet.asks(publish("one"));
    await romeo.receivesNothing();
    assert.equal(conditionOf(await romeo.asks(ITEMS)), "not-in-roster-group");
    const moves = (group: string): string => `<iq type='set' id='q'><query xmlns='jabber:iq:roster'>
      <item jid='romeo@example.org'><group>${group}</group></item></query></iq>`;
    await juliet.asks(moves("Friends"));
    assert.deepEqual(idsIn(await romeo.asks(ITEMS)), ["current"]);
    await juliet.asks(publish("two"));
    await romeo.receives(event("two"));
    await juliet.asks(moves("Montagues"));
    await juliet.asks(publish("three"));
    await romeo.receivesNothing();
  }),
);

test(
  "XEP-0163 §7.1: a subscription ends with the access it needs",
  conversation(cast, async ({ romeo, juliet }) => {
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one"));
    const subscribe = `<subscribe node='${TUNE}' jid='romeo@example.org'/>`;
    await romeo.asks(pubsub("set", subscribe, "juliet@example.org"));
    await juliet.sends("<presence type='unsubscribed' to='romeo@example.org'/>");
    await romeo.ignoresAll();
    await juliet.asks(publish("two"));
    await romeo.receivesNothing();
    await juliet.ignoresAll();
    await juliet.asks(
      owner("get", `<subscriptions node='${TUNE}'/>`),
      `<iq type='result' id='q'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>
        <subscriptions node='${TUNE}'/></pubsub></iq>`,
    );
  }),
);

test(
  "XEP-0163 §4.3.3: who is blocked is not told, nor gets the last item when it comes online",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    if (!stage.server.host("example.org").modules.has(blocking.name)) return;
    await interestedFriends(romeo, juliet);
    await juliet.asks(publish("one", { options: options({ access_model: "open" }) }));
    const subscribe = `<subscribe node='${TUNE}' jid='romeo@example.org'/>`;
    await romeo.asks(pubsub("set", subscribe, "juliet@example.org"));
    await juliet.asks(`<iq type='set' id='q'><block xmlns='urn:xmpp:blocking'>
      <item jid='romeo@example.org'/></block></iq>`);
    await romeo.ignoresAll();
    await juliet.asks(publish("two"));
    await romeo.receivesNothing();
    await romeo.sends("<presence type='unavailable'/>");
    const { messages } = await comesInterested(romeo);
    assert.deepEqual(messages, []);
    assert.equal(conditionOf(await romeo.asks(ITEMS)), "service-unavailable");
  }),
);

test(
  "what was another's account before has no nodes for the next owner of its name",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await romeo.comesOnline();
    await juliet.comesOnline();
    await juliet.asks(publish("one", { options: options({ access_model: "open" }) }));
    await stage.remove("juliet@example.org");
    assert.equal(conditionOf(await romeo.asks(ITEMS)), "service-unavailable");
    await stage.accounts("juliet@example.org");
    assert.equal(conditionOf(await romeo.asks(ITEMS)), "service-unavailable");
  }),
);

test(
  "one who sees the presence but is not seen itself gets events too, and none when it is offline",
  conversation(cast, async ({ romeo, juliet }) => {
    await comesInterested(romeo);
    await juliet.comesOnline();
    await romeo.sends("<presence type='subscribe' to='juliet@example.org'/>");
    await juliet.sends("<presence type='subscribed' to='romeo@example.org'/>");
    await answersDiscovery(romeo, client(TUNE));
    await juliet.asks(publish("one"));
    await romeo.receives(event("one"));
    await romeo.sends("<presence type='unavailable'/>");
    await romeo.ignoresAll();
    await juliet.asks(publish("two"));
    await romeo.receivesNothing();
  }),
);
