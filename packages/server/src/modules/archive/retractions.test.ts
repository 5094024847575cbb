import assert from "node:assert/strict";
import { test } from "node:test";
import { RETRACT_NS } from "@rookery/protocol";
import { conversation, type Person, type TestServer } from "@rookery/testkit";
import { type Answer, ask, cast, form, says } from "./archive-scene.test.ts";

const three = { ...cast, tybalt: "tybalt@example.org/x" } as const;

const named = (to: string, id: string, text: string, more = ""): string =>
  says(to, text, more).replace("<message", `<message id='${id}'`);
const retracts = (to: string, id: string, own = "retract-1"): string =>
  `<message to='${to}' type='chat' id='${own}'><retract id='${id}' xmlns='${RETRACT_NS}'/>
    <body>/me took something back</body><store xmlns='urn:xmpp:hints'/></message>`;

/** What someone's archive has, once all that was taken back is replaced: bodies, or the retraction. */
async function has(person: Person, stage: TestServer): Promise<readonly string[]> {
  for (let n = 0; n < 5; n++) await stage.settled();
  return said(await ask(person));
}

function said({ results }: Answer): readonly string[] {
  return results.map(({ message, body }) => {
    const left = message.child(RETRACT_NS, "retracted");
    return left ? `retracted by ${left.attr("id")} at ${left.attr("stamp")}` : (body ?? "");
  });
}

const TOMB = "retracted by retract-1 at 2026-01-01T00:01:00Z";
const NOTE = "/me took something back";

test(
  "XEP-0424 §4: a message that was taken back leaves a tombstone in both archives",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await romeo.sends(named("juliet@example.org", "m0", "before"));
    await romeo.sends(named("juliet@example.org", "m1", "oops", "<x xmlns='urn:x'>secret</x>"));
    await romeo.sends(named("juliet@example.org", "m2", "after"));
    const before = (await ask(juliet)).results;
    stage.clock.advance(60_000);
    await romeo.sends(retracts("juliet@example.org/chamber", "m1"));
    for (const person of [romeo, juliet]) {
      assert.deepEqual(await has(person, stage), ["before", TOMB, "after", NOTE]);
    }
    const after = (await ask(juliet)).results;
    const [, tomb] = after;
    assert.equal(tomb?.id, before[1]?.id);
    assert.deepEqual(tomb?.delay, before[1]?.delay);
    const { message } = tomb ?? assert.fail("there is a tombstone");
    assert.deepEqual(
      ["id", "type", "from", "to"].map((name) => message.attr(name)),
      ["m1", "chat", "romeo@example.org/balcony", "juliet@example.org"],
    );
    assert.deepEqual(
      message.elements().map(({ name }) => name),
      ["retracted", "stanza-id"],
    );
  }),
);

test(
  "XEP-0424 §5: only its author takes a message back, and only in its conversation",
  conversation(three, async ({ romeo, juliet, tybalt, stage }) => {
    await romeo.sends(named("juliet@example.org", "m1", "one"));
    await juliet.sends(named("romeo@example.org", "m2", "two"));
    for (const id of ["m1", "m2"]) {
      await tybalt.sends(retracts("juliet@example.org", id));
      await tybalt.sends(retracts("romeo@example.org", id));
      await romeo.sends(retracts("tybalt@example.org", id));
    }
    await juliet.sends(retracts("romeo@example.org", "m1"));
    await romeo.sends(retracts("juliet@example.org", "m2"));
    for (const person of [romeo, juliet]) {
      const all = await has(person, stage);
      assert.deepEqual(all.slice(0, 2), ["one", "two"]);
      assert.ok(all.slice(2).every((text) => text === NOTE));
    }
  }),
);

test(
  "XEP-0424 §5: what takes a message back cannot be taken back, nor can what is still to come",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await romeo.sends(named("juliet@example.org", "m1", "one"));
    stage.clock.advance(60_000);
    await romeo.sends(retracts("juliet@example.org", "m1"));
    await has(romeo, stage);
    await romeo.sends(retracts("juliet@example.org", "retract-1", "retract-2"));
    await romeo.sends(retracts("juliet@example.org", "m1", "retract-3"));
    await romeo.sends(retracts("juliet@example.org", "m9", "retract-4"));
    await romeo.sends(named("juliet@example.org", "m9", "later"));
    assert.deepEqual(await has(juliet, stage), [TOMB, NOTE, NOTE, NOTE, NOTE, "later"]);
  }),
);

test(
  "the corrections of a message (XEP-0308) go with it",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const replace = "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>";
    await romeo.sends(named("juliet@example.org", "m1", "secret"));
    await romeo.sends(named("juliet@example.org", "m2", "the secret", replace));
    await juliet.sends(named("romeo@example.org", "m3", "not his", replace));
    stage.clock.advance(60_000);
    await romeo.sends(retracts("juliet@example.org", "m1"));
    assert.deepEqual(await has(juliet, stage), [TOMB, TOMB, "not his", NOTE]);
  }),
);

test(
  "of several messages of one id, the latest is taken back",
  conversation(cast, async ({ romeo, stage }) => {
    for (const text of ["one", "two"])
      await romeo.sends(
        named("juliet@example.org", "a'&amp;<", text).replace("a'&amp;<", "a&amp;b"),
      );
    stage.clock.advance(60_000);
    await romeo.sends(retracts("juliet@example.org", "a&amp;b"));
    assert.deepEqual(await has(romeo, stage), ["one", TOMB, NOTE]);
  }),
);

test(
  "a message that was taken back is not found by its words any more",
  conversation(
    cast,
    async ({ romeo, juliet, stage }) => {
      const found = async (person: Person): Promise<number> => {
        const filter = form({ "{urn:xmpp:fulltext:0}fulltext": "secret" });
        return (await ask(person, filter)).results.length;
      };
      await romeo.sends(named("juliet@example.org", "m1", "the secret"));
      assert.deepEqual([await found(romeo), await found(juliet)], [1, 1]);
      await romeo.sends(retracts("juliet@example.org", "m1"));
      await has(romeo, stage);
      assert.deepEqual([await found(romeo), await found(juliet)], [0, 0]);
    },
    { config: { modules: { archive: { search: true } } } },
  ),
);

test(
  "SECURITY: the limit archiveRetraction bounds how far back a message is looked for",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await romeo.sends(named("juliet@example.org", "m1", "one"));
      for (let n = 0; n < 3; n++) await romeo.sends(says("juliet@example.org", "x"));
      await romeo.sends(retracts("juliet@example.org", "m1"));
      assert.deepEqual(await has(romeo, stage), ["one", "x", "x", "x", NOTE]);
    },
    { config: { limits: { archiveRetraction: 3 } } },
  ),
);

test(
  "SECURITY: a flood of retractions leaves all messages readable, and ends",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await romeo.sends(named("juliet@example.org", "m1", "one"));
    for (let n = 0; n < 300; n++) romeo.client.send(retracts("juliet@example.org", `no${n}`));
    await romeo.client.sync();
    const all = await has(juliet, stage);
    assert.equal(all[0], "one");
    assert.equal(all.length, 250);
    stage.clock.advance(60_000);
    await romeo.sends(retracts("juliet@example.org", "m1"));
    assert.equal((await has(juliet, stage))[0], TOMB);
  }),
);
