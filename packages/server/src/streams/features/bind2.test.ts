import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { type TestClient, TestServer, TLS } from "@rookery/testkit";
import { type Element, el } from "@rookery/xml";
import { type BindInline, bindInline } from "../feature.ts";
import {
  byPassword,
  ended,
  LAPTOP,
  PHONE,
  secured,
  type Welcome,
  welcomed,
} from "./sasl2-stage.test.ts";

const SM = "urn:xmpp:sm:3";

async function staged(config = {}): Promise<TestServer> {
  const stage = await TestServer.start({ config });
  await stage.accounts("romeo@example.org");
  return stage;
}

function bind(features = "", tag = "Test"): string {
  return `<bind xmlns='urn:xmpp:bind:0'><tag>${tag}</tag>${features}</bind>`;
}

async function enters(
  stage: TestServer,
  inline: string,
  device?: string,
): Promise<Welcome & { readonly client: TestClient }> {
  const client = await secured(stage);
  client.send(byPassword({ inline, device }));
  return { client, ...(await welcomed(client)) };
}

const bound = ({ inline }: Welcome): Element | undefined =>
  inline.find((element) => element.is("urn:xmpp:bind:0", "bound"));

test("XEP-0386 §3.2: the resource has the tag, tells nothing of the user agent, and stays the same for it", async () => {
  await using stage = await staged();
  const first = await enters(stage, bind(), PHONE);
  assert.match(first.identity, /^romeo@example\.org\/Test\/[A-Za-z0-9_-]{16}$/);
  assert.ok(!first.identity.includes(PHONE.slice(0, 8)));
  assert.equal(first.features.child(NS.bind, "bind"), undefined, "it is bound");
  assert.equal(stage.server.sessions.size, 1);
  await first.client.close();
  assert.equal((await enters(stage, bind(), PHONE)).identity, first.identity);
  assert.notEqual((await enters(stage, bind("", "Other"), LAPTOP)).identity, first.identity);
  const [one, other] = [await enters(stage, bind()), await enters(stage, bind())];
  assert.notEqual(one.identity, other.identity, "clients without an id are all different");
});

test("XEP-0386 §3.2: the earlier session of the same client ends, that of another does not", async () => {
  await using stage = await staged();
  const laptop = await enters(stage, bind(), LAPTOP);
  const phone = await enters(stage, bind("", "Old name"), PHONE);
  await enters(stage, bind(), PHONE);
  assert.equal(await ended(phone.client), "conflict");
  await laptop.client.sync();
  assert.equal(stage.server.sessions.size, 2);
});

test("a tag that no resource can have is left out, and one that is long is cut", async () => {
  await using stage = await staged();
  const { identity } = await enters(stage, bind("", "\u0378\u{e0001}"), PHONE);
  assert.match(identity, /^romeo@example\.org\/[A-Za-z0-9_-]{16}$/);
  const { identity: cut } = await enters(stage, bind("", "🌹".repeat(900)), LAPTOP);
  assert.match(cut, /^romeo@example\.org\/(?:🌹){64}\/[A-Za-z0-9_-]{16}$/u);
});

test("XEP-0198 §8.2: stream management is switched on with the resource, and resumed instead of one", async () => {
  await using stage = await staged();
  const first = await enters(stage, bind(`<enable xmlns='${SM}' resume='true'/>`), PHONE);
  const enabled = bound(first)?.child(SM, "enabled");
  const id = enabled?.attr("id");
  assert.ok(id);
  assert.equal(first.features.child(SM, "sm"), undefined);
  first.client.cut();
  await stage.settled();
  const resume = `<resume xmlns='${SM}' previd='${id}' h='0'/>`;
  const second = await enters(stage, resume + bind(), PHONE);
  assert.equal(second.identity, first.identity);
  assert.deepEqual(
    second.inline.map(({ name }) => name),
    ["resumed"],
  );
  assert.equal(stage.server.sessions.size, 1);
});

test("XEP-0198 §8.3: where nothing can be resumed that is told, and the resource bound", async () => {
  await using stage = await staged();
  const resume = `<resume xmlns='${SM}' previd='unknown' h='0'/>`;
  const welcome = await enters(stage, resume + bind(`<enable xmlns='${SM}'/>`), PHONE);
  assert.deepEqual(
    welcome.inline.map(({ name }) => name),
    ["failed", "bound"],
  );
  assert.ok(bound(welcome)?.child(SM, "enabled"));
});

test("modules take part: what they announce, what they are asked, what they tell", async () => {
  await using stage = await staged();
  const { hooks } = stage.server.host("example.org");
  const asked: string[] = [];
  const asks: BindInline = {
    ns: "urn:example:wish",
    ask(session, element) {
      asked.push(`${session.jid.bare} ${element.name}`);
    },
  };
  const tells: BindInline = {
    ns: "urn:example:archive",
    // late, as what has to be read
    tell: (session) =>
      Promise.resolve(el("urn:example:archive", "metadata", { of: session.jid.local })),
  };
  hooks.add(bindInline, "", "test", () => [asks, tells]);
  const { features: offered } = await stage.connect(undefined, TLS).open("example.org");
  const names = offered
    .child("urn:xmpp:sasl:2", "authentication")
    ?.child("urn:xmpp:sasl:2", "inline")
    ?.child("urn:xmpp:bind:0", "bind")
    ?.child("urn:xmpp:bind:0", "inline")
    ?.elements()
    .map((feature) => feature.attr("var"));
  assert.deepEqual(
    names?.filter((name) => name?.startsWith("urn:example:")),
    ["urn:example:wish"],
    "nobody asks for what everybody is told",
  );

  const welcome = await enters(stage, bind("<enable xmlns='urn:example:wish'/>"), PHONE);
  assert.deepEqual(asked, ["romeo@example.org enable"]);
  assert.equal(bound(welcome)?.child("urn:example:archive", "metadata")?.attr("of"), "romeo");
  assert.equal(bound(welcome)?.child("urn:example:wish", "enable"), undefined);
});

test("XEP-0386 §3.2.1: it is told how far the archive goes, and is not handed what is in it", async () => {
  await using stage = await staged();
  const juliet = await stage.login("juliet@example.org/j");
  for (const text of ["one", "two"]) {
    juliet.send(`<message to='romeo@example.org' type='chat'><body>${text}</body></message>`);
  }
  await juliet.sync();
  stage.clock.advance(1000);
  const romeo = await enters(stage, bind());
  const metadata = bound(romeo)?.child("urn:xmpp:mam:2", "metadata");
  const [start, end] = ["start", "end"].map((name) =>
    metadata?.child("urn:xmpp:mam:2", name)?.attr("id"),
  );
  assert.ok(start !== undefined && end !== undefined && start !== end);
  romeo.client.send("<presence/>");
  assert.equal((await romeo.client.element()).name, "presence");
  await stage.settled();
  assert.deepEqual(romeo.client.queued, []);
  // nor is the next one, since a client of the account has them
  const plain = await stage.login("romeo@example.org/plain");
  plain.send("<presence/>");
  await stage.settled();
  assert.ok(
    plain.queued.every((one) => one !== "closed" && "name" in one && one.name !== "message"),
  );
});

test("what is sent to the session before its client knows of it comes after <success/>", async () => {
  await using stage = await staged();
  const juliet = await stage.login("juliet@example.org/balcony");
  const { hooks } = stage.server.host("example.org");
  const slow: BindInline = {
    ns: "urn:xmpp:mam:2",
    async tell(session) {
      juliet.send(`<message to='${session.jid}'><body>early</body></message>`);
      await juliet.sync();
      return el("urn:xmpp:mam:2", "metadata");
    },
  };
  hooks.add(bindInline, "", "test", () => [slow]);
  const { client } = await enters(stage, bind(), PHONE);
  assert.equal((await client.element()).child(NS.client, "body")?.text, "early");
});

test("the limit sessionsPerAccount holds here too", async () => {
  await using stage = await staged({ limits: { sessionsPerAccount: 1 } });
  await enters(stage, bind(), PHONE);
  const client = await secured(stage);
  client.send(byPassword({ inline: bind(), device: LAPTOP }));
  assert.equal(await ended(client), "resource-constraint");
  // its own earlier session does not count
  await enters(stage, bind(), PHONE);
});
