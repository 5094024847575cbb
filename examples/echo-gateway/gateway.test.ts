import assert from "node:assert/strict";
import { test } from "node:test";
import {
  discoInfo,
  Jid,
  registerQuery,
  rosterQuery,
  StanzaError,
  type StanzaErrorCondition,
} from "@rookery/protocol";
import { ALICE, BOB, GATEWAY, type Person, Play } from "./play.ts";
import { gatewayQuery } from "./prompt.ts";

const ROMEO = "romeo@localhost/orchard";

const fails = (condition: StanzaErrorCondition) => (error: unknown) =>
  error instanceof StanzaError && error.condition === condition;

/** Each contact with its subscription. */
async function rosterOf({ client }: Person): Promise<string[]> {
  const payload = rosterQuery.write({ items: [] });
  const { items } = await client.request({ type: "get", payload }, rosterQuery);
  return items.map(({ jid, subscription }) => `${jid} ${subscription}`).sort();
}

async function registrationOf({ client }: Person) {
  const payload = registerQuery.write({ fields: {} });
  return client.request({ type: "get", to: GATEWAY, payload }, registerQuery);
}

test("XEP-0100 §4.1.1: clients find a gateway, and what it wants to know", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    const info = await romeo.client.request(
      {
        type: "get",
        to: GATEWAY,
        payload: discoInfo.write({ identities: [], features: [], forms: [] }),
      },
      discoInfo,
    );
    const [{ category, type } = { category: "", type: "" }] = info.identities;
    assert.deepEqual([category, type], ["gateway", "echo"]);
    for (const feature of ["jabber:iq:register", "jabber:iq:gateway", "jid\\20escaping"]) {
      assert.ok(info.features.includes(feature), feature);
    }
    const form = await registrationOf(romeo);
    assert.equal(form.registered, false);
    assert.deepEqual(form.fields, { username: "", password: "" });
  }));

test("XEP-0100 §4.1, §4.4, §5.1: who registers is logged in and is shown the contacts", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    await romeo.gets(
      "available from alice@gateway.localhost",
      "available from bob@gateway.localhost",
    );
    await romeo.befriends(ALICE, BOB);
    assert.deepEqual(await rosterOf(romeo), [
      "alice@gateway.localhost both",
      "bob@gateway.localhost both",
      "gateway.localhost both",
    ]);
    const { registered, fields } = await registrationOf(romeo);
    assert.deepEqual([registered, fields], [true, { username: "romeo76", password: "" }]);
  }));

test("XEP-0100 §4.1.2: wrong or missing credentials, and people who may not", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    const username = "romeo76";
    await assert.rejects(romeo.register({ username }), fails("not-acceptable"));
    await assert.rejects(
      romeo.register({ username, password: "open barley" }),
      fails("not-acceptable"),
    );
    const long = "x".repeat(256);
    await assert.rejects(
      romeo.register({ username: long, password: "open sesame" }),
      fails("not-acceptable"),
    );
    const payload = registerQuery.write({ fields: { username, password: "open sesame" } });
    await assert.rejects(
      romeo.client.request({ type: "set", to: ALICE, payload }),
      fails("service-unavailable"),
    );
    play.network.reachable = false;
    await assert.rejects(
      romeo.register({ username, password: "open sesame" }),
      fails("remote-server-timeout"),
    );
    const juliet = await play.enter("juliet@localhost/balcony");
    await assert.rejects(registrationOf(juliet), fails("forbidden"));
    assert.equal(await play.registration("romeo@localhost"), undefined);
  }));

test("XEP-0100 §4.8: messages go there and come from there, in order; what fails comes back", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.says(ALICE, "too early");
    await romeo.gets("message error from alice@gateway.localhost registration-required");
    await romeo.joins();
    const texts = Array.from({ length: 50 }, (_, i) => `Hello ${i}`);
    for (const text of texts) await romeo.says(ALICE, text);
    const answers = (): string[] => romeo.lines.filter((line) => line.startsWith("alice@"));
    const all = texts.map((text) => `${ALICE}: ${text}`);
    await romeo.says(ALICE, "the end");
    await romeo.gets(`${ALICE}: the end`);
    assert.deepEqual(answers(), all);
    await romeo.says(Jid.parse("tybalt@gateway.localhost"), "Who are you?");
    await romeo.gets("message error from tybalt@gateway.localhost item-not-found");
    await romeo.says(Jid.parse("carol\\20o\\27hara@gateway.localhost"), "Are you there?");
    await romeo.gets("message error from carol\\20o\\27hara@gateway.localhost service-unavailable");
    await romeo.says(GATEWAY, "And you?");
    await romeo.gets("message error from gateway.localhost service-unavailable");
    play.network.reachable = false;
    await romeo.says(ALICE, "Still there?");
    await romeo.gets("message error from alice@gateway.localhost remote-server-timeout");
    await play.network.say("bob", "romeo76", "I am first");
    await romeo.gets(`${BOB}: I am first`);
  }));

test("XEP-0100 §4.5: with the last resource the login ends, and the network keeps what comes then", () =>
  Play.run(async (play) => {
    const orchard = await play.enter(ROMEO);
    await orchard.joins();
    await orchard.befriends(ALICE, BOB);
    const garden = await play.enter("romeo@localhost/garden");
    await garden.gets(
      "available from gateway.localhost",
      "available from alice@gateway.localhost",
      "available from bob@gateway.localhost",
    );
    await orchard.client.close();
    await garden.gets("unavailable from romeo@localhost/orchard");
    await garden.says(ALICE, "I am still here");
    await garden.gets(`${ALICE}: I am still here`);
    assert.notEqual(play.network.shown.get("romeo76"), undefined);

    await garden.client.close();
    const back = await play.enter("romeo@localhost/street", false);
    while (play.network.shown.get("romeo76") !== undefined) await new Promise(setImmediate);
    await play.network.say("alice", "romeo76", "Where are you?");
    await back.presence("available");
    await back.gets(
      "available from gateway.localhost",
      "available from alice@gateway.localhost",
      `${ALICE}: Where are you?`,
    );
    // to be offline at the gateway alone
    await back.presence("unavailable", GATEWAY);
    await back.gets(
      "unavailable from gateway.localhost",
      "unavailable from alice@gateway.localhost",
    );
  }));

test("a slow network holds up nobody else, and what is sent meanwhile keeps its order", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    await romeo.presence("unavailable");
    while (play.network.shown.get("romeo76") !== undefined) await new Promise(setImmediate);
    play.network.delayMs = 300;
    await romeo.presence("available");
    await romeo.says(ALICE, "one");
    await romeo.says(BOB, "two");
    // the gateway answers others
    const form = await registrationOf(romeo);
    assert.equal(form.registered, true);
    assert.equal(play.network.shown.get("romeo76"), undefined);
    await romeo.gets(`${BOB}: two`);
    assert.ok(romeo.lines.includes(`${ALICE}: one`));
  }));

test("XEP-0100 §4.4.2: a login that fails is told by an error", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    await romeo.presence("unavailable");
    while (play.network.shown.get("romeo76") !== undefined) await new Promise(setImmediate);
    play.network.reachable = false;
    await romeo.presence("available");
    await romeo.gets("error from gateway.localhost remote-server-timeout");
    play.network.reachable = true;
    await romeo.presence("available");
    await romeo.gets("available from gateway.localhost");
    await play.network.end();
    await romeo.gets("unavailable from gateway.localhost");
  }));

test("XEP-0100 §4.6, §4.7, §6.3: contacts are found, added and removed", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    const ask = { to: GATEWAY, payload: gatewayQuery.write({}) };
    const { prompt } = await romeo.client.request({ type: "get", ...ask }, gatewayQuery);
    assert.equal(prompt, "Contact ID");
    const entered = gatewayQuery.write({ prompt: "Carol O'Hara " });
    const { jid = "" } = await romeo.client.request(
      { type: "set", to: GATEWAY, payload: entered },
      gatewayQuery,
    );
    assert.equal(jid, "carol\\20o\\27hara@gateway.localhost");
    for (const wrong of [" ", "x".repeat(2000)]) {
      const payload = gatewayQuery.write({ prompt: wrong });
      await assert.rejects(
        romeo.client.request({ type: "set", to: GATEWAY, payload }),
        StanzaError,
      );
    }
    const carol = Jid.parse(jid);
    await romeo.presence("subscribe", carol);
    await romeo.gets(`subscribed from ${jid}`, `subscribe from ${jid}`);
    await romeo.presence("subscribed", carol);
    assert.ok((await rosterOf(romeo)).includes(`${jid} both`));
    assert.deepEqual((await play.registration("romeo@localhost"))?.contacts, [
      "alice",
      "bob",
      "carol o'hara",
    ]);
    await romeo.presence("subscribe", Jid.parse("tybalt@gateway.localhost"));
    await romeo.gets("unsubscribed from tybalt@gateway.localhost");

    const removal = rosterQuery.write({
      items: [{ jid: carol, subscription: "remove", groups: [] }],
    });
    await romeo.client.request({ type: "set", payload: removal });
    await romeo.gets(`unavailable from ${jid}`);
    assert.deepEqual((await play.registration("romeo@localhost"))?.contacts, ["alice", "bob"]);
    await romeo.says(ALICE, "nothing else has changed");
    await romeo.gets(`${ALICE}: nothing else has changed`);
  }));

test("XEP-0100 §4.2: other credentials", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    await romeo.befriends(ALICE);
    await romeo.register({ username: "romeo76", password: "" });
    await romeo.gets("unavailable from gateway.localhost", "available from gateway.localhost");
    assert.equal((await play.registration("romeo@localhost"))?.password, "open sesame");
    await assert.rejects(romeo.register({ username: "mercutio", password: "" }));
    await romeo.register({ username: "mercutio", password: "open sesame" });
    await romeo.gets(`unsubscribe from ${ALICE}`, `unsubscribed from ${ALICE}`);
    await romeo.gets("available from gateway.localhost", `subscribe from ${ALICE}`);
    await romeo.says(BOB, "I am another");
    await romeo.gets(`${BOB}: I am another`);
    assert.notEqual(play.network.shown.get("mercutio"), undefined);
    assert.equal(play.network.shown.get("romeo76"), undefined);
  }));

test("XEP-0100 §4.3: who unregisters has nothing of the gateway left", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    await romeo.befriends(ALICE, BOB);
    await romeo.register({}, true);
    await romeo.gets(
      `unsubscribed from ${ALICE}`,
      `unsubscribed from ${BOB}`,
      "unsubscribed from gateway.localhost",
      "unavailable from gateway.localhost",
    );
    assert.deepEqual(await rosterOf(romeo), [
      "alice@gateway.localhost none",
      "bob@gateway.localhost none",
      "gateway.localhost none",
    ]);
    assert.equal(play.network.shown.get("romeo76"), undefined);
    assert.equal((await registrationOf(romeo)).registered, false);
    await assert.rejects(romeo.register({}, true), fails("registration-required"));
    await romeo.says(ALICE, "Hello?");
    await romeo.gets("message error from alice@gateway.localhost registration-required");
  }));

for (const polite of [true, false]) {
  test(`XEP-0100 §8: a gateway that ${polite ? "restarts" : "broke down"} finds its users again by probes`, () =>
    Play.run(async (play) => {
      const romeo = await play.enter(ROMEO);
      await romeo.joins();
      await romeo.befriends(ALICE, BOB);
      await play.fell(polite);
      if (polite) await romeo.gets("unavailable from gateway.localhost", `unavailable from ${BOB}`);
      // it waits at the server
      await romeo.says(ALICE, "Are you back?");
      await play.raise();
      await romeo.gets(
        "available from gateway.localhost",
        `available from ${ALICE}`,
        `available from ${BOB}`,
        `${ALICE}: Are you back?`,
      );
      await romeo.client.close();
      while (play.network.shown.get("romeo76") !== undefined) await new Promise(setImmediate);
    }));
}

test("a gateway that starts logs nobody in who is offline", () =>
  Play.run(async (play) => {
    const romeo = await play.enter(ROMEO);
    await romeo.joins();
    await play.fell(true);
    await romeo.client.close();
    await play.raise();
    const juliet = await play.enter("juliet@localhost/balcony");
    // after the probes and what they brought
    await assert.rejects(registrationOf(juliet), fails("forbidden"));
    assert.equal(play.network.shown.get("romeo76"), undefined);
  }));
