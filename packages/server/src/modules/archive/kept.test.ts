import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { conversation, Person, type TestServer } from "@rookery/testkit";
import {
  archiveAware,
  archivedMessages,
  type KeptMessage,
  type KeptQuery,
} from "../../im/contract.ts";
import { ask, cast, page, says, talks } from "./archive-scene.test.ts";

const JULIET = Jid.parse("juliet@example.org");

async function kept(
  stage: TestServer,
  query: Partial<KeptQuery> = {},
): Promise<readonly KeptMessage[]> {
  const { hooks } = stage.server.host("example.org");
  const whole = { account: JULIET, after: undefined, limit: 100, ...query };
  return (await hooks.run(archivedMessages, whole)) ?? [];
}

const texts = (messages: readonly KeptMessage[]): readonly (string | undefined)[] =>
  messages.map(({ stanza }) => stanza.child("jabber:client", "body")?.text);

test(
  "what an account received is told in order, with its stanza-ids, and not what it sent",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    for (let n = 0; n < 130; n++) {
      await juliet.sends(says("romeo@example.org", `sent ${n}`));
    }
    await talks(romeo, stage, "juliet@example.org", 5);
    await romeo.sends(
      says("juliet@example.org", "news", "<store xmlns='urn:xmpp:hints'/>").replace(
        "chat",
        "headline",
      ),
    );
    const all = await kept(stage);
    assert.deepEqual(texts(all), ["0", "1", "2", "3", "4"]);
    assert.deepEqual(texts(await kept(stage, { limit: 2 })), ["0", "1"]);
    const [first, second] = all;
    assert.ok(first && second);
    assert.equal(first.stanza.child("urn:xmpp:sid:0", "stanza-id")?.attr("id"), first.id);
    assert.deepEqual(texts(await kept(stage, { after: second })), ["2", "3", "4"]);
    const gone = { id: "", at: second.at };
    assert.deepEqual(texts(await kept(stage, { after: gone })), ["2", "3", "4"]);
    // the id of an older one, which a client has used once more
    const again = { id: first.id, at: second.at + 1 };
    assert.deepEqual(texts(await kept(stage, { after: again })), ["2", "3", "4"]);
    // of what is gone, all of its millisecond
    const removed = { id: "nowhere", at: second.at };
    assert.deepEqual(texts(await kept(stage, { after: removed })), ["1", "2", "3", "4"]);
    const ids = [second.id, "nowhere", first.id];
    assert.deepEqual(texts(await kept(stage, { ids })), ["0", "1"]);
  }),
);

test(
  "XEP-0160 §2: what came while nobody was there is handed over from the archive, once",
  conversation({ romeo: cast.romeo }, async ({ romeo, stage }) => {
    if (!stage.server.host("example.org").modules.has("offline")) return; // who hands it over
    await stage.accounts("juliet@example.org");
    await talks(romeo, stage, "juliet@example.org", 3);
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    for (let n = 0; n < 3; n++) {
      await juliet.receives(`<message from='romeo@example.org/balcony'>
        <body>${n}</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:0${n}Z'>*</delay></message>`);
    }
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0313 §6.1.1: who asks the archive before the initial presence is not handed it as well",
  conversation({ romeo: cast.romeo }, async ({ romeo, stage }) => {
    await stage.accounts("juliet@example.org");
    await talks(romeo, stage, "juliet@example.org", 3);
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    const isAware = (): boolean | undefined =>
      stage.server.sessions.get(juliet.jid)?.get(archiveAware);
    // how many there are is all it knows by this
    await ask(juliet, page({ max: 0 }));
    assert.equal(isAware(), false);
    assert.equal((await ask(juliet, page({ after: "forgotten" }))).error, "item-not-found");
    assert.equal(isAware(), false);
    assert.deepEqual((await ask(juliet, page({ max: 10 }))).bodies, ["0", "1", "2"]);
    assert.equal(isAware(), true);
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    await juliet.receivesNothing();
    await romeo.sends(says("juliet@example.org", "now"));
    await juliet.receives("<message><body>now</body></message>");
  }),
);

test(
  "who asks the archive later is handed what waits",
  conversation(cast, async ({ juliet, stage }) => {
    await juliet.comesOnline();
    await ask(juliet);
    assert.equal(stage.server.sessions.get(juliet.jid)?.get(archiveAware), false);
  }),
);
