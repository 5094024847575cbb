import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, MAM_NS } from "@rookery/protocol";
import { conversation, type TestClient, TestServer } from "@rookery/testkit";
import { failingStage } from "../../im/failing-stage.test.ts";
import { managed, resumes } from "../../streams/stream-management/stage.test.ts";
import { leavingOut, needing } from "../left-out.test.ts";
import { offlineModule } from "./index.ts";

const cast = { romeo: "romeo@example.org/balcony" } as const;
const QUIET = { limits: { idleSeconds: 0, c2sBytesPerSecond: 0 } };

const chat = (text: string, to = "", more = ""): string =>
  `<message to='juliet@example.org${to}' type='chat'><body>${text}</body>${more}</message>`;

/** The bodies of the messages that have come. */
function bodies(client: TestClient): string[] {
  const texts: string[] = [];
  for (const item of client.queued) {
    if (item === "closed" || "event" in item || item.name !== "message") continue;
    texts.push(item.child("jabber:client", "body")?.text.slice(0, 5) ?? "");
  }
  client.clear();
  return texts;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
}

async function asksArchive(client: TestClient): Promise<void> {
  client.send(`<iq type='set' id='q'><query xmlns='${MAM_NS}'/></iq>`);
  while ((await client.element()).attr("id") !== "q");
}

test(
  "who fetches the archive is handed what the archive was told not to keep",
  needing("archive"),
  conversation(cast, async ({ romeo, stage }) => {
    await stage.accounts("juliet@example.org");
    await romeo.sends(chat("kept"));
    await romeo.sends(chat("spool", "", "<no-permanent-store xmlns='urn:xmpp:hints'/>"));
    stage.clock.advance(1000);
    const juliet = await stage.login("juliet@example.org/a");
    await asksArchive(juliet);
    juliet.send("<presence/>");
    await turns();
    assert.deepEqual(bodies(juliet), ["spool"]);
  }),
);

test(
  "what comes between the answer of the archive and the initial presence is handed over",
  needing("archive"),
  conversation(cast, async ({ romeo, stage }) => {
    const juliet = await stage.login("juliet@example.org/a");
    await romeo.sends(chat("old"));
    stage.clock.advance(1000);
    await asksArchive(juliet);
    stage.clock.advance(1000);
    await romeo.sends(chat("new"));
    stage.clock.advance(1000);
    juliet.send("<presence/>");
    await turns();
    assert.deepEqual(bodies(juliet), ["new"]);
  }),
);

test(
  "XEP-0198 §4: what a lost session had goes to a client that has fetched the archive before it came",
  needing("archive"),
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const laptop = await stage.login("juliet@example.org/laptop");
      await asksArchive(laptop);
      laptop.send("<presence/>");
      const phone = await managed(stage, "juliet@example.org/phone");
      phone.client.write("<presence><priority>5</priority></presence>");
      await phone.handled();
      stage.clock.advance(1000);
      await romeo.sends(chat("lost"));
      phone.client.cut();
      await turns();
      stage.clock.advance(601_000);
      await turns();
      assert.deepEqual(bodies(laptop), ["lost"]);
    },
    { config: QUIET },
  ),
);

test(
  "a client that is cut off while it is handed what waits goes on where it was",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await stage.accounts("juliet@example.org");
      const long = "x".repeat(9000);
      for (let n = 100; n < 350; n++) await romeo.sends(chat(`${n} ${long}`));
      let phone = await managed(stage, "juliet@example.org/phone");
      phone.client.write("<presence/>");
      const got: string[] = [];
      while (got.length < 40) {
        const stanza = await phone.stanza();
        if (stanza.name === "message") got.push(stanza.child("jabber:client", "body")?.text ?? "");
      }
      phone.client.cut();
      await turns();
      const back = await resumes(stage, "juliet@example.org", phone);
      phone = back.client;
      assert.equal(back.answer.name, "resumed");
      while (got.length < 250) {
        const stanza = await phone.stanza();
        got.push(stanza.child("jabber:client", "body")?.text ?? "");
        if (got.length % 10 === 0) phone.acknowledge();
      }
      const numbers = got.map((text) => Number(text.slice(0, 3)));
      assert.deepEqual(
        numbers,
        Array.from({ length: 250 }, (_, n) => n + 100),
      );
    },
    { config: QUIET },
  ),
);

for (const how of ["does not acknowledge", "is cut off"] as const) {
  test(
    `SECURITY: a client that ${how} does not keep the other ones of its account from what waits`,
    conversation(
      cast,
      async ({ romeo, stage }) => {
        await stage.accounts("juliet@example.org");
        const long = "x".repeat(9000);
        for (let n = 100; n < 250; n++) await romeo.sends(chat(`${n} ${long}`));
        const stuck = await managed(stage, "juliet@example.org/stuck");
        stuck.client.write("<presence/>");
        await turns();
        const other = await stage.login("juliet@example.org/other");
        other.send("<presence/>");
        await turns();
        if (how === "is cut off") stuck.client.cut();
        await turns();
        stage.clock.advance(31_000);
        await turns();
        const first = bodies(stuck.client);
        const second = bodies(other);
        assert.ok(second.length > 0 && first.length > 0, `${first.length} and ${second.length}`);
        assert.equal(new Set([...first, ...second]).size, 150, "each of them has one");
        assert.equal(first.length + second.length, 150, "and one only");
        await romeo.sends(chat("live"));
        assert.deepEqual(bodies(other), ["live"]);
      },
      { config: QUIET },
    ),
  );
}

test("XEP-0198 §5: over a restart, and without a login, no more is remembered than waits, and nothing is handed over twice", async () => {
  await using stage = await TestServer.start({
    config: { ...QUIET, modules: leavingOut("archive") },
  });
  const romeo = await stage.login("romeo@example.org/r");
  // it never takes messages: they are addressed to it
  const bot = await managed(stage, "juliet@example.org/bot");
  for (let n = 0; n < 1500; n++) romeo.send(chat(String(n), "/bot"));
  await romeo.sync();
  for (let n = 0; n < 1500; n++) await bot.stanza();
  bot.acknowledge();
  await bot.handled();
  await bot.client.close();
  const next = await stage.login("juliet@example.org/next");
  next.send("<presence/>");
  await turns();
  assert.deepEqual(bodies(next), []);
});

test("what was taken while the module was set up anew is not handed over", async () => {
  const config = { ...QUIET, modules: leavingOut("offline-retrieval") };
  await using stage = await TestServer.start({ config });
  const romeo = await stage.login("romeo@example.org/r");
  const juliet = await managed(stage, "juliet@example.org/a");
  juliet.client.write("<presence/>");
  await juliet.stanza();
  romeo.send(chat("one"));
  await romeo.sync();
  await juliet.stanza();
  const { modules } = stage.server.host("example.org");
  modules.unload("offline");
  await modules.load(offlineModule, {});
  juliet.acknowledge();
  await juliet.handled();
  await juliet.client.close();
  await turns();
  const next = await stage.login("juliet@example.org/b");
  next.send("<presence/>");
  await turns();
  assert.deepEqual(bodies(next), []);
});

test("a storage that fails costs nobody more than what waits, until it works again", async () => {
  const { host, driver, login, accounts, turns: some } = await failingStage();
  await host.modules.load(offlineModule, {});
  await accounts.createWithKeys(Jid.parse("juliet@example.org"), {});
  const romeo = await login("romeo@example.org/r");
  await romeo.does(chat("one"));
  await some();
  driver.reads = "fail";
  const juliet = await login("juliet@example.org/a");
  await juliet.does("<presence/>");
  await some();
  await romeo.does(chat("two", "/a")).catch(() => {});
  host.taken(juliet.session, ["some"]);
  host.resumed(juliet.session);
  await some();
  driver.reads = "work";
  await juliet.does("<presence type='unavailable'/><presence/>");
  for (let turn = 0; turn < 10; turn++) await some();
  const texts = juliet.received.filter(({ kind }) => kind === "message");
  assert.ok(texts.some((message) => message.child("jabber:client", "body")?.text === "one"));
});
