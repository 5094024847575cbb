import assert from "node:assert/strict";
import { test } from "node:test";
import { archiveMetadata, MAM_NS, NS } from "@rookery/protocol";
import { conversation, Person } from "@rookery/testkit";
import { ask, cast, conditionOf, form, idsOf, page, says, talks } from "./archive-scene.test.ts";

const three = { ...cast, nurse: "nurse@example.org/x" } as const;
const DAY = "2026-01-01T00:00";

test(
  "XEP-0313 §7: the account says what its archive can do",
  conversation(cast, async ({ stage }) => {
    const features = stage.server.host("example.org").features("account");
    for (const feature of [
      "urn:xmpp:mam:2",
      "urn:xmpp:mam:2#extended",
      "urn:xmpp:mam:2#groupchat-field",
      "urn:xmpp:sid:0",
      "urn:xmpp:message-retract:1",
      "urn:xmpp:message-retract:1#tombstone",
    ]) {
      assert.ok(features.includes(feature), feature);
    }
    assert.ok(!features.includes("urn:xmpp:fulltext:0"));
  }),
);

test(
  "XEP-0313 §4.1.5: the archive tells its form",
  conversation(cast, async ({ romeo }) => {
    const answer = await romeo.asks(
      `<iq type='get' id='f'><query xmlns='${MAM_NS}'/></iq>`,
      `<iq type='result' id='f' from='romeo@example.org'><query xmlns='${MAM_NS}'>*</query></iq>`,
    );
    const x = answer.child(MAM_NS, "query")?.elements("jabber:x:data", "x")[0];
    const names = x?.elements("jabber:x:data", "field").map((field) => field.attr("var"));
    assert.deepEqual(names, [
      "FORM_TYPE",
      "with",
      "start",
      "end",
      "before-id",
      "after-id",
      "ids",
      "include-groupchat",
    ]);
  }),
);

test(
  "XEP-0313 §4.1.1: with whom: a bare JID stands for all its resources, a full one for itself",
  conversation(three, async ({ romeo, juliet, nurse, stage }) => {
    const phone = await Person.enters(stage, "juliet@example.org/phone");
    await romeo.sends(says("juliet@example.org", "to her"));
    await romeo.sends(says("juliet@example.org/phone", "to her phone"));
    await phone.sends(says("romeo@example.org", "from her phone"));
    await juliet.sends(says("romeo@example.org/balcony", "from her chamber"));
    await nurse.sends(says("romeo@example.org", "from the nurse"));
    await romeo.sends("<message><body>to self</body></message>");
    const found = async (jid: string): Promise<unknown> =>
      (await ask(romeo, form({ with: jid }))).bodies;
    assert.deepEqual(await found("juliet@example.org"), [
      "to her",
      "to her phone",
      "from her phone",
      "from her chamber",
    ]);
    assert.deepEqual(await found("JULIET@example.org/phone"), ["to her phone", "from her phone"]);
    assert.deepEqual(await found("nurse@example.org"), ["from the nurse"]);
    assert.deepEqual(await found("romeo@example.org"), ["to self"]);
    assert.deepEqual(await found("romeo@example.org/balcony"), ["to self"]);
    assert.deepEqual(await found("example.org"), []);
    assert.equal((await ask(romeo, form({ with: "a@@b" }))).iq.attr("type"), "error");
  }),
);

test(
  "XEP-0313 §4.1.2: start and end are within what is found",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 5);
    const between = async (fields: Record<string, string>): Promise<unknown> =>
      (await ask(romeo, form(fields))).bodies;
    assert.deepEqual(await between({ start: `${DAY}:03Z` }), ["3", "4"]);
    assert.deepEqual(await between({ end: `${DAY}:01Z` }), ["0", "1"]);
    assert.deepEqual(await between({ start: `${DAY}:01Z`, end: `${DAY}:02Z` }), ["1", "2"]);
    assert.deepEqual(await between({ start: "2026-01-01T01:00:02+01:00" }), ["2", "3", "4"]);
    assert.deepEqual(await between({ start: "2027-01-01T00:00:00Z" }), []);
    const { error } = await ask(romeo, form({ start: "yesterday" }));
    assert.equal(error, "bad-request");
  }),
);

test(
  "XEP-0313 §4.1.3: before-id, after-id and ids; one that is not there is an error",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 5);
    const ids = await idsOf(romeo);
    const [, one = "", two = "", three = ""] = ids;
    const found = async (fields: Record<string, string | string[]>, set = ""): Promise<unknown> => {
      const { error, bodies } = await ask(romeo, form(fields) + set);
      return error ?? bodies;
    };
    assert.deepEqual(await found({ "after-id": two }), ["3", "4"]);
    assert.deepEqual(await found({ "before-id": two }), ["0", "1"]);
    assert.deepEqual(await found({ "after-id": one, "before-id": three }), ["2"]);
    assert.deepEqual(await found({ "after-id": three, "before-id": one }), []);
    assert.deepEqual(await found({ ids: [three, one, one] }), ["1", "3"]);
    assert.deepEqual(await found({ ids: [three, one], "after-id": one }), ["3"]);
    for (const field of ["after-id", "before-id", "ids"]) {
      assert.equal(await found({ [field]: "nowhere" }), "item-not-found");
    }
    assert.equal(await found({ ids: [one, "nowhere"] }), "item-not-found");
    // together with the bounds of a page, what is within both
    assert.deepEqual(await found({ "after-id": one }, page({ after: three })), ["4"]);
    assert.deepEqual(await found({ "after-id": three }, page({ after: one })), ["4"]);
    assert.deepEqual(await found({ "before-id": two }, page({ before: three })), ["0", "1"]);
    assert.deepEqual(await found({ "after-id": one }, page({ max: 1, before: "" })), ["4"]);
    for (const set of [{ after: "nowhere" }, { before: "nowhere" }]) {
      assert.equal(await found({ "after-id": one, "before-id": two }, page(set)), "item-not-found");
    }
  }),
);

test(
  "XEP-0313 §4.1.4: groupchat may be asked for or not; there is none",
  conversation(cast, async ({ romeo }) => {
    await romeo.sends(says("juliet@example.org", "one"));
    for (const value of ["true", "false"]) {
      assert.deepEqual((await ask(romeo, form({ "include-groupchat": value }))).bodies, ["one"]);
    }
  }),
);

test(
  "XEP-0313 §4.1.5: a field that is not known is refused, and so is one that is switched off",
  conversation(cast, async ({ romeo }) => {
    for (const name of ["mood", "{urn:xmpp:fulltext:0}fulltext"]) {
      const { error } = await ask(romeo, form({ [name]: "happy" }));
      assert.equal(error, "feature-not-implemented");
    }
    assert.equal((await ask(romeo, "", "node='x'")).error, "item-not-found");
  }),
);

test(
  "XEP-0431 §2: words are searched for where the index is switched on",
  conversation(
    three,
    async ({ romeo, nurse, stage }) => {
      await romeo.sends(says("juliet@example.org", "Wherefore art thou"));
      await romeo.sends(says("nurse@example.org", "Where is she?"));
      await romeo.sends(
        says("nurse@example.org", "wherefore", "<encrypted xmlns='urn:xmpp:omemo:2'/>"),
      );
      const found = async (text: string, by = romeo): Promise<unknown> =>
        (await ask(by, form({ "{urn:xmpp:fulltext:0}fulltext": text }))).bodies;
      assert.deepEqual(await found("WHEREFORE"), ["Wherefore art thou"]);
      assert.deepEqual(await found("thou art"), ["Wherefore art thou"]);
      assert.deepEqual(await found("she", nurse), ["Where is she?"]);
      assert.deepEqual(await found("wherefore", nurse), []);
      assert.deepEqual(await found('" OR 1=1 --'), []);
      const features = stage.server.host("example.org").features("account");
      assert.ok(features.includes("urn:xmpp:fulltext:0"));
    },
    { config: { modules: { archive: { search: true } } } },
  ),
);

test(
  "XEP-0313 §5: the metadata tells where the archive begins and ends",
  conversation(cast, async ({ romeo, stage }) => {
    const metadata = `<iq type='get' id='m'><metadata xmlns='${MAM_NS}'/></iq>`;
    await romeo.asks(metadata, `<iq type='result' id='m'><metadata xmlns='${MAM_NS}'/></iq>`);
    await talks(romeo, stage, "juliet@example.org", 3);
    const ids = await idsOf(romeo);
    const answer = await romeo.asks(metadata);
    const element = answer.child(MAM_NS, "metadata") ?? answer;
    assert.deepEqual(archiveMetadata.read(element).range, {
      start: { id: ids[0], timestamp: Date.UTC(2026, 0, 1) },
      end: { id: ids[2], timestamp: Date.UTC(2026, 0, 1, 0, 0, 2) },
    });
  }),
);

test(
  "XEP-0313 §8: an archive is its owner's; others are told what they are told of no account",
  conversation(three, async ({ romeo, nurse }) => {
    await romeo.sends(says("juliet@example.org", "one"));
    const text = (iq: Awaited<ReturnType<typeof ask>>["iq"]): string =>
      iq.child(NS.client, "error")?.elements()[1]?.text ?? "";
    const asked: [string, string][] = [
      ["set", "query"],
      ["get", "query"],
      ["get", "metadata"],
      ["get", "prefs"],
    ];
    for (const [type, name] of asked) {
      const answers = [];
      for (const to of ["romeo@example.org", "nobody@example.org"]) {
        const answer = await nurse.asks(
          `<iq type='${type}' id='q' to='${to}'><${name} xmlns='${MAM_NS}'/></iq>`,
        );
        answers.push([conditionOf(answer), text(answer)]);
      }
      assert.equal(answers[0]?.[0], "service-unavailable");
      assert.deepEqual(answers[0], answers[1]);
    }
    await nurse.asks(
      `<iq type='set' id='p' to='romeo@example.org'><prefs xmlns='${MAM_NS}' default='never'/></iq>`,
      "<iq type='error' id='p'>*</iq>",
    );
    assert.deepEqual((await ask(romeo)).bodies, ["one"]);
    assert.deepEqual((await ask(nurse)).bodies, []);
  }),
);

test(
  "an account that is made anew has none of the messages of the one that was removed",
  conversation(three, async ({ romeo, nurse, stage }) => {
    await romeo.sends(says("nurse@example.org", "one"));
    await nurse.leaves();
    await stage.remove("nurse@example.org");
    const next = await Person.enters(stage, "nurse@example.org/y");
    assert.deepEqual((await ask(next)).bodies, []);
    assert.deepEqual((await ask(romeo)).bodies, ["one"]);
  }),
);
