import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Jid, STANZA_ID_NS, Stanza, StanzaError, stanzaIdBy } from "@rookery/protocol";
import { conversation, Person, stanzaXml, TestServer } from "@rookery/testkit";
import { el } from "@rookery/xml";
import { archivedMessages, type MessageEvent, messageFlow } from "../../im/contract.ts";
import { failingStage } from "../../im/failing-stage.test.ts";
import type { Session } from "../../sessions/session.ts";
import { type Slot, Slots } from "../../sessions/slot.ts";
import { ask, cast, idsOf, says } from "./archive-scene.test.ts";
import { archiveModule } from "./index.ts";

test(
  "XEP-0313 §3: both sides of a conversation have it in their archives, in order",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await juliet.comesOnline();
    await romeo.comesOnline();
    await romeo.sends(says("juliet@example.org", "one"));
    stage.clock.advance(60_000);
    await juliet.sends(says("romeo@example.org/balcony", "two"));
    for (const person of [romeo, juliet]) {
      const { results, bodies, fin } = await ask(person, "", "queryid='f27'");
      assert.deepEqual(bodies, ["one", "two"]);
      assert.deepEqual(
        results.map(({ queryId }) => queryId),
        ["f27", "f27"],
      );
      assert.deepEqual(
        results.map(({ delay }) => delay?.stamp),
        [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 0, 1)],
      );
      assert.deepEqual(
        results.map(({ message }) => [message.attr("from"), message.attr("to")]),
        [
          ["romeo@example.org/balcony", "juliet@example.org"],
          ["juliet@example.org/chamber", "romeo@example.org/balcony"],
        ],
      );
      assert.equal(results[0]?.stanza.attr("from"), person.jid.bare.toString());
      assert.equal(results[0]?.stanza.attr("to"), person.jid.toString());
      assert.deepEqual(fin.page, {
        first: results[0]?.id,
        last: results[1]?.id,
        index: 0,
        count: 2,
      });
      assert.equal(fin.complete, true);
    }
  }),
);

test(
  "XEP-0313 §3.5: the recipient is told the id under which the message is archived, the sender's contact not the sender's",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends(says("juliet@example.org", "one"));
    const message = await juliet.receives(
      "<message from='romeo@example.org/balcony'><body>one</body></message>",
    );
    const ids = message.elements(STANZA_ID_NS);
    assert.deepEqual(
      ids.map((element) => [element.attr("by"), element.attr("id")]),
      [["juliet@example.org", (await idsOf(juliet))[0]]],
    );
  }),
);

test(
  "XEP-0313 §3.5: who copies what was sent finds its id in the sender's archive",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const ids: (string | undefined)[] = [];
    stage.server
      .host("example.org")
      .hooks.add(messageFlow, "copy", "test", (event: MessageEvent) => {
        if (event.direction === "sent") ids.push(event.keeping.kept?.id);
      });
    for (const to of ["juliet@example.org", "someone@elsewhere.example"]) {
      await romeo.sends(says(to, "one"));
      await romeo.sends(says(to, "two").replace("<message", "<message id='m1'"));
    }
    assert.deepEqual(ids, await idsOf(romeo));
    assert.deepEqual(ids.slice(0, 2), await idsOf(juliet));
  }),
);

test(
  "a message that is changed on its way is archived for each side as it left and as it came",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const { hooks } = stage.server.host("example.org");
    const rewrite = (wanted: string) => (event: MessageEvent) =>
      event.direction === wanted
        ? event.stanza.with({ children: [...event.stanza.children, el("urn:x", wanted)] })
        : undefined;
    hooks.add(messageFlow, "rewrite", "test", rewrite("received"));
    hooks.add(messageFlow, "copy", "test", rewrite("sent"));
    await romeo.sends(says("juliet@example.org", "one"));
    const added = async (person: Person): Promise<unknown> =>
      (await ask(person)).results.map(({ message }) =>
        message.elements("urn:x").map(({ name }) => name),
      );
    assert.deepEqual(await added(romeo), [[]]);
    assert.deepEqual(await added(juliet), [["sent", "received"]]);
  }),
);

test(
  "messages that wait on their way are archived once for both sides all the same",
  conversation(
    { ...cast, nurse: "nurse@example.org/x" },
    async ({ romeo, juliet, nurse, stage }) => {
      const slow = Promise.withResolvers<void>();
      const { hooks } = stage.server.host("example.org");
      hooks.add(messageFlow, "rewrite", "test", ({ direction }: MessageEvent) =>
        direction === "received" ? slow.promise : undefined,
      );
      romeo.client.send(says("juliet@example.org", "from romeo"));
      nurse.client.send(says("juliet@example.org", "from the nurse"));
      for (let n = 0; n < 20; n++) await new Promise(setImmediate);
      slow.resolve();
      for (const person of [romeo, nurse]) await person.client.sync();
      const ids = await idsOf(juliet);
      assert.equal(ids.length, 2);
      assert.deepEqual([await idsOf(romeo), await idsOf(nurse)].flat().toSorted(), ids.toSorted());
    },
  ),
);

test(
  "XEP-0359 §4: ids that claim to be of the sender's or the recipient's account are removed",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    const forged = (by: string): string => `<stanza-id xmlns='${STANZA_ID_NS}' by='${by}' id='x'/>`;
    const all = [
      "juliet@example.org",
      "JULIET@Example.org",
      "romeo@example.org",
      "nurse@x.example",
    ];
    await romeo.sends(says("juliet@example.org", "one", all.map(forged).join("")));
    const received = await juliet.client.element();
    const by = received.elements(STANZA_ID_NS).map((element) => element.attr("by"));
    assert.deepEqual(by, ["nurse@x.example", "juliet@example.org"]);
    assert.notEqual(stanzaIdBy(received, juliet.jid.bare), "x");
    const [kept] = (await ask(romeo)).results;
    assert.equal(kept && stanzaIdBy(kept.message, romeo.jid.bare), undefined);
    assert.deepEqual((await ask(juliet)).bodies, ["one"]);
  }),
);

test(
  "XEP-0313 §6.1.1: what is said is archived, and what is said about it; typing, headlines, errors and groupchat are not",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    const kept: readonly string[] = [
      "<message id='m1' type='chat'><body>a</body></message>",
      "<message id='m2'><subject>b</subject></message>",
      "<message id='m3' type='chat'><received xmlns='urn:xmpp:receipts' id='x'/></message>",
      "<message id='m4' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/></message>",
      "<message id='m5' type='chat'><reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>🐦</reaction></reactions></message>",
      "<message id='m6' type='chat'><encrypted xmlns='urn:xmpp:omemo:2'/></message>",
      "<message id='m7' type='chat'><encrypted xmlns='eu.siacs.conversations.axolotl'/></message>",
      "<message id='m8' type='chat'><retract xmlns='urn:xmpp:message-retract:1' id='x'/></message>",
      "<message id='m9' type='chat'><replace xmlns='urn:xmpp:message-correct:0' id='x'/><body>c</body></message>",
      "<message id='m10'><x xmlns='jabber:x:conference' jid='room@chat.example'/></message>",
      "<message id='m11' type='headline'><store xmlns='urn:xmpp:hints'/><body>news</body></message>",
      "<message id='m12' type='chat'><store xmlns='urn:xmpp:hints'/><propose xmlns='urn:xmpp:jingle-message:0' id='c'/></message>",
    ];
    const left: readonly string[] = [
      "<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
      "<message type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>",
      "<message type='headline'><body>news</body></message>",
      "<message type='error'><body>x</body><error type='cancel'/><store xmlns='urn:xmpp:hints'/></message>",
      "<message type='groupchat'><body>all</body><store xmlns='urn:xmpp:hints'/></message>",
      "<message type='chat'><body>psst</body><no-store xmlns='urn:xmpp:hints'/></message>",
      "<message type='chat'><body>psst</body><no-permanent-store xmlns='urn:xmpp:hints'/><store xmlns='urn:xmpp:hints'/></message>",
      "<message type='chat'/>",
    ];
    for (const message of [...kept, ...left]) {
      await romeo.sends(message.replace("<message", "<message to='juliet@example.org/chamber'"));
    }
    const ids = kept.map((message) => stanzaXml(message).attr("id"));
    for (const person of [romeo, juliet]) {
      const { results } = await ask(person);
      assert.deepEqual(
        results.map(({ message }) => message.attr("id")),
        ids,
      );
    }
  }),
);

test(
  "XEP-0313 §6.1.1: a message is archived once, however many clients get it",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const phone = await Person.enters(stage, "juliet@example.org/phone");
    for (const person of [juliet, phone]) await person.comesOnline();
    await romeo.sends(says("juliet@example.org", "one"));
    assert.deepEqual((await ask(juliet)).bodies, ["one"]);
  }),
);

test(
  "XEP-0313 §4.1.1: a note to oneself is archived once, and found by one's own address",
  conversation(cast, async ({ romeo, juliet }) => {
    await romeo.comesOnline();
    await romeo.sends(says("romeo@example.org", "to self"));
    await romeo.sends("<message><body>to nobody</body></message>");
    await romeo.sends(says("juliet@example.org", "to her"));
    assert.deepEqual((await ask(romeo)).bodies, ["to self", "to nobody", "to her"]);
    assert.deepEqual((await ask(juliet)).bodies, ["to her"]);
  }),
);

test(
  "XEP-0313 §6.1: what is refused, as from someone who is blocked, is not in the archive of who refused it",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await juliet.comesOnline();
    const { hooks } = stage.server.host("example.org");
    hooks.add(messageFlow, "reject", "test", ({ account, stanza }: MessageEvent) => {
      if (account.equals(juliet.jid.bare)) throw new StanzaError("service-unavailable", stanza.id);
    });
    await romeo.sends(says("juliet@example.org", "one"));
    await juliet.sends(says("romeo@example.org", "two"));
    assert.deepEqual((await ask(juliet)).bodies, []);
    assert.deepEqual((await ask(romeo)).bodies, ["one"]);
  }),
);

test(
  "RFC 6121 §8.5.3.2.1: what goes back because its resource is gone is in the sender's archive alone",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends("<message to='juliet@example.org/gone'><body>x</body></message>");
    await romeo.receives("<message type='error' from='juliet@example.org/gone'>*</message>");
    assert.deepEqual((await ask(juliet)).bodies, []);
    assert.deepEqual((await ask(romeo)).bodies, ["x"]);
    await romeo.sends(says("juliet@example.org/gone", "y"));
    assert.deepEqual((await ask(juliet)).bodies, ["y"]);
  }),
);

test("a message that cannot be archived goes back to its sender", async () => {
  const { host, driver, login, turns } = await failingStage();
  await host.modules.load(archiveModule, {});
  const romeo = await login("romeo@example.org/r");
  const juliet = await login("juliet@example.org/c");
  await juliet.does("<presence/>");
  for (const to of ["juliet@example.org", "nobody@elsewhere.example"]) {
    await romeo.does(`<message type='chat' id='m0' to='${to}'><body>hi</body></message>`);
  }
  await turns();
  romeo.received.length = 0;
  driver.writes = "fail";
  await romeo.does(
    "<message type='chat' id='m1' to='juliet@example.org'><body>hi</body></message>",
  );
  await turns();
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.kind, answer?.type, answer?.id], ["message", "error", "m1"]);
});

test("a message that was sent again after a loss is archived once; another one of the same id and text is not lost", async () => {
  const { host, login, turns } = await failingStage();
  await host.modules.load(archiveModule, {});
  const juliet = await login("juliet@example.org/c");
  await juliet.does("<presence/>");
  const romeo = await login("romeo@example.org/r");
  const [before, after] = [false, true].map((continues) => inLineage(romeo.session, continues));
  assert.ok(before && after);
  const says = async (session: typeof before, xml: string): Promise<void> => {
    await host.send(session, Stanza.read(stanzaXml(xml), session.jid));
    await turns();
    await turns();
  };
  const one = "<message type='chat' id='m1' to='juliet@example.org'><body>one</body></message>";
  const two = "<message type='chat' id='m1' to='juliet@example.org'><body>two</body></message>";
  const nameless = "<message type='chat' to='juliet@example.org'><body>three</body></message>";
  const ids = (): readonly (string | undefined)[] =>
    juliet.received
      .filter(({ kind }) => kind === "message")
      .map((message) => stanzaIdBy(message, Jid.parse("juliet@example.org")));
  const count = async (): Promise<number> => {
    const account = Jid.parse("juliet@example.org");
    const query = { account, after: undefined, limit: 100 };
    return (await host.hooks.run(archivedMessages, query))?.length ?? 0;
  };
  await says(before, one);
  await says(before, two);
  await says(before, nameless);
  assert.equal(new Set(ids()).size, 3);
  assert.equal(await count(), 3);
  await says(after, one);
  await says(after, two);
  assert.deepEqual(ids().slice(3), ids().slice(0, 2));
  assert.equal(await count(), 3);
  await says(before, one);
  assert.equal(await count(), 4);
  await says(after, nameless);
  assert.equal(await count(), 5);
});

test("what a client named alike has an id of its own in all archives, and says so itself", async () => {
  const { host, login, turns } = await failingStage();
  await host.modules.load(archiveModule, {});
  const juliet = Jid.parse("juliet@example.org");
  await login(`${juliet}/c`);
  const romeo = inLineage((await login("romeo@example.org/r")).session, false);
  const one = "<message type='chat' id='m1' to='juliet@example.org'><body>one</body></message>";
  for (let n = 0; n < 3; n++) {
    await host.send(romeo, Stanza.read(stanzaXml(one), romeo.jid));
    await turns();
  }
  const query = { account: juliet, after: undefined, limit: 100 };
  const kept = (await host.hooks.run(archivedMessages, query)) ?? [];
  assert.equal(new Set(kept.map(({ id }) => id)).size, 3);
  for (const { id, stanza } of kept) assert.equal(stanzaIdBy(stanza, juliet), id);
});

test("what a client named alike is kept when the server is stopped right after it", async () => {
  const data = mkdtempSync(join(tmpdir(), "rookery-archive-"));
  try {
    const config = { storage: "sqlite" as const, data };
    const juliet = Jid.parse("juliet@example.org");
    {
      await using stage = await TestServer.start({ config });
      await stage.accounts("romeo@example.org", `${juliet}`);
      const romeo = await stage.login("romeo@example.org/r");
      const one = "<message type='chat' id='1' to='juliet@example.org'><body>one</body></message>";
      romeo.write(one);
      await romeo.sync();
      romeo.write(one);
      await romeo.sync();
      await stage.server.stop();
    }
    await using stage = await TestServer.start({ config });
    const { hooks } = stage.server.host("example.org");
    const query = { account: juliet, after: undefined, limit: 100 };
    assert.equal((await hooks.run(archivedMessages, query))?.length, 2);
  } finally {
    rmSync(data, { recursive: true });
  }
});

/** A session of the same client, before a loss of the server or after it. */
function inLineage(session: Session, continues: boolean): Session {
  const slots = new Slots();
  return Object.assign(Object.create(session) as Session, {
    jid: session.jid.bare.withResource(continues ? "after" : "before"),
    since: continues ? Date.now() + 60_000 : 0,
    lineage: "lineage",
    continues,
    get: <T>(one: Slot<T>) => slots.get(one),
    set: <T>(one: Slot<T>, value: T) => slots.set(one, value),
  });
}
