import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, MAM_NS } from "@rookery/protocol";
import { conversation, Person } from "@rookery/testkit";
import { ask, cast, conditionOf, says } from "./archive-scene.test.ts";
import { archiveModule } from "./index.ts";

const three = { ...cast, nurse: "nurse@example.org/x" } as const;

async function prefers(
  person: Person,
  unlisted: string,
  always: readonly string[] = [],
  never: readonly string[] = [],
): Promise<string | undefined> {
  const jids = (list: readonly string[]): string => list.map((jid) => `<jid>${jid}</jid>`).join("");
  const answer = await person.asks(`<iq type='set' id='p1'>
    <prefs xmlns='${MAM_NS}' default='${unlisted}'>
      <always>${jids(always)}</always><never>${jids(never)}</never></prefs></iq>`);
  return conditionOf(answer);
}

test(
  "XEP-0441 §2.1: preferences are told and changed, and the applied ones come back",
  conversation(cast, async ({ romeo, stage }) => {
    const get = `<iq type='get' id='p'><prefs xmlns='${MAM_NS}'/></iq>`;
    await romeo.asks(
      get,
      `<iq type='result' id='p'><prefs xmlns='${MAM_NS}' default='always'><always/><never/></prefs></iq>`,
    );
    const chosen = `<prefs xmlns='${MAM_NS}' default='roster'>
      <always><jid>juliet@example.org</jid></always>
      <never><jid>tybalt@example.org/x</jid></never></prefs>`;
    await romeo.asks(
      `<iq type='set' id='s'>${chosen.replace("juliet@", "JULIET@")}</iq>`,
      `<iq type='result' id='s'>${chosen}</iq>`,
    );
    const phone = await Person.enters(stage, "romeo@example.org/phone");
    await phone.asks(get, `<iq type='result' id='p'>${chosen}</iq>`);
    const { modules } = stage.server.host("example.org");
    modules.unload("archive");
    await modules.load(archiveModule, {});
    await phone.asks(get, `<iq type='result' id='p'>${chosen}</iq>`);
  }),
);

test(
  "XEP-0441 §2.1.1: never, and always for some, with the one who counts for each direction",
  conversation(three, async ({ romeo, juliet, nurse }) => {
    assert.equal(await prefers(romeo, "never", ["juliet@example.org"]), undefined);
    for (const person of [romeo, juliet, nurse]) await person.comesOnline();
    await romeo.sends(says("juliet@example.org/chamber", "to juliet"));
    await romeo.sends(says("nurse@example.org", "to the nurse"));
    await juliet.sends(says("romeo@example.org", "from juliet"));
    await nurse.sends(says("romeo@example.org", "from the nurse"));
    assert.deepEqual((await ask(romeo)).bodies, ["to juliet", "from juliet"]);
    assert.deepEqual((await ask(juliet)).bodies, ["to juliet", "from juliet"]);
    assert.deepEqual((await ask(nurse)).bodies, ["to the nurse", "from the nurse"]);
  }),
);

test(
  "XEP-0441 §2.3.1: a full JID in a list stands for itself, a bare one for all its resources",
  conversation(three, async ({ romeo }) => {
    await prefers(
      romeo,
      "always",
      ["nurse@example.org/x"],
      ["nurse@example.org", "juliet@example.org/chamber"],
    );
    for (const to of [
      "nurse@example.org/x",
      "nurse@example.org/y",
      "nurse@example.org",
      "juliet@example.org/chamber",
      "juliet@example.org",
    ]) {
      await romeo.sends(says(to, to));
    }
    assert.deepEqual((await ask(romeo)).bodies, ["nurse@example.org/x", "juliet@example.org"]);
    await prefers(romeo, "always", ["nurse@example.org"], ["nurse@example.org"]);
    await romeo.sends(says("nurse@example.org", "in both lists"));
    assert.equal((await ask(romeo)).bodies.length, 2);
  }),
);

/** Messages go to and fro; gives what romeo has of them. */
async function hears(romeo: Person, text: string): Promise<boolean> {
  await romeo.sends(says("juliet@example.org/chamber", text));
  return (await ask(romeo)).bodies.includes(text);
}

test(
  "XEP-0441 §2.1.1: roster stands for those who are in it now",
  conversation(cast, async ({ romeo, stage }) => {
    await prefers(romeo, "roster");
    const item = (more: string): string => `<iq type='set' id='r'>
      <query xmlns='jabber:iq:roster'><item jid='juliet@example.org' ${more}/></query></iq>`;
    assert.equal(await hears(romeo, "one"), false);
    await romeo.asks(item(""));
    assert.equal(await hears(romeo, "two"), true);
    await romeo.asks(item("subscription='remove'"));
    assert.equal(await hears(romeo, "three"), false);
    await romeo.sends("<presence type='subscribe' to='juliet@example.org'/>");
    assert.equal(await hears(romeo, "four"), true);
    await romeo.asks(item("subscription='remove'"));
    assert.equal(await hears(romeo, "five"), false);
    const host = stage.server.host("example.org");
    await host.im.befriend(romeo.jid.bare, Jid.parse("juliet@example.org"));
    stage.clock.advance(61_000);
    assert.equal(await hears(romeo, "six"), true);
    await romeo.sends("<message><body>to self</body></message>");
    assert.equal((await ask(romeo)).bodies.at(-1), "to self");
  }),
);

test(
  "the option default holds for those who have not chosen",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      await prefers(juliet, "always");
      await romeo.sends(says("juliet@example.org", "one"));
      assert.deepEqual((await ask(romeo)).bodies, []);
      assert.deepEqual((await ask(juliet)).bodies, ["one"]);
    },
    { config: { modules: { archive: { default: "never" } } } },
  ),
);

test(
  "SECURITY: lists of more addresses than archivePreferences allows are refused as a whole",
  conversation(cast, async ({ romeo, juliet }) => {
    const many = Array.from({ length: 10_000 }, (_, n) => `u${n}@x.example`);
    assert.equal(await prefers(romeo, "never", many.slice(0, 3000)), "resource-constraint");
    assert.equal(
      await prefers(romeo, "never", many.slice(0, 501), many.slice(0, 500)),
      "resource-constraint",
    );
    // a set of 10,000 is larger than a stanza may have elements
    juliet.client.send(
      `<iq type='set' id='p'><prefs xmlns='${MAM_NS}' default='never'><always>${many
        .map((jid) => `<jid>${jid}</jid>`)
        .join("")}</always></prefs></iq>`,
    );
    for (;;) if ((await juliet.client.next()) === "closed") break;
    assert.equal(await prefers(romeo, "sometimes"), "bad-request");
    assert.equal(await prefers(romeo, "never", ["a@@b"]), "jid-malformed");
    await romeo.sends(says("juliet@example.org", "one"));
    assert.deepEqual((await ask(romeo)).bodies, ["one"]);
    assert.equal(await prefers(romeo, "always", [], many.slice(0, 1000)), undefined);
  }),
);

test(
  "preferences of an account that was removed do not hold for the next of its name",
  conversation(three, async ({ romeo, nurse, stage }) => {
    await prefers(nurse, "never");
    await nurse.leaves();
    await stage.remove("nurse@example.org");
    const next = await Person.enters(stage, "nurse@example.org/y");
    await romeo.sends(says("nurse@example.org", "one"));
    assert.deepEqual((await ask(next)).bodies, ["one"]);
  }),
);
