import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { discoInfo } from "@rookery/protocol";
import { conversation, Person } from "@rookery/testkit";
import {
  answersDiscovery,
  client,
  comesInterested,
  event,
  presenceOf,
  publish,
  TUNE,
  verOf,
} from "../scenes.test.ts";
import { hashSetInput } from "./hash-set.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const MOOD = "urn:example:mood";

test(
  "XEP-0115 §6.1: of clients that claim the same, one is asked",
  conversation(cast, async ({ romeo, juliet }) => {
    assert.equal((await comesInterested(romeo)).asked, 1);
    assert.equal((await comesInterested(juliet)).asked, 0);
    await juliet.asks(publish("one"));
    await juliet.receives(event("one"));
  }),
);

test(
  "XEP-0115 §9.1: nobody describes others wrongly: what does not have the hash is believed of its sender alone",
  conversation({ ...cast, garden: "juliet@example.org/garden" }, async (scene) => {
    const { romeo, juliet, garden } = scene;
    const honest = client(TUNE);
    // romeo claims the hash of juliet's client, and lists something else for it
    const poison = await comesInterested(romeo, [], presenceOf(honest), client(MOOD));
    assert.equal(poison.asked, 1);
    assert.equal((await comesInterested(juliet)).asked, 1, "it is asked itself");
    assert.equal((await comesInterested(garden)).asked, 0, "and believed, with its hash");
    await juliet.ignoresAll();
    await juliet.asks(publish("one"));
    await garden.receives(event("one"));
    await romeo.asks(publish("sad", { node: MOOD }));
    await romeo.receives(event("sad", { node: MOOD, from: "romeo@example.org" }));
  }),
);

test(
  "XEP-0115 §5.4: ill-formed information has no hash, so that it is never believed of others",
  conversation(cast, async ({ romeo, juliet }) => {
    const info = client(TUNE);
    const twice = { ...info, features: [...info.features, ...info.features] };
    assert.equal((await comesInterested(romeo, [], presenceOf(info), twice)).asked, 1);
    assert.equal((await comesInterested(juliet)).asked, 1);
  }),
);

test(
  "one who claims what others have, and never answers, does not keep them from being known",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await romeo.sends(presenceOf(client(TUNE))); // says nothing more
    await juliet.asks(publish("one"));
    assert.equal((await comesInterested(juliet)).asked, 0, "romeo is being asked");
    stage.clock.advance(30_000);
    const { asked, messages } = await answersDiscovery(juliet, client(TUNE));
    assert.deepEqual([asked, messages.length], [1, 1]);
  }),
);

test(
  "answers of others than who was asked count for nothing",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.sends(presenceOf(client(TUNE)));
    const question = await juliet.client.element();
    assert.equal(question.name, "iq");
    await juliet.ignoresAll();
    await romeo.sends(`<iq type='result' id='${question.attr("id")}' to='juliet@example.org'>
      <query xmlns='http://jabber.org/protocol/disco#info'><feature var='${TUNE}+notify'/></query></iq>`);
    await juliet.asks(publish("one"));
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0115 §8.1: a client with the old format, or a hash that is not known, is believed of itself",
  conversation(cast, async ({ romeo, juliet }) => {
    const old =
      "<presence><c xmlns='http://jabber.org/protocol/caps' node='urn:x' ver='1'/></presence>";
    assert.equal((await comesInterested(juliet, [TUNE], old)).asked, 1);
    assert.equal((await comesInterested(romeo, [TUNE], old)).asked, 1);
    await juliet.asks(publish("one"));
    await juliet.receives(event("one"));
  }),
);

test(
  "XEP-0390 §4: a hash set is believed, and goes before the older format",
  conversation(cast, async ({ romeo, juliet }) => {
    const both = (hash: string): string => `<presence>
      <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:x' ver='${verOf(client())}'/>
      <c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>${hash}</hash></c>
    </presence>`;
    const input = hashSetInput(discoInfo.write(client(TUNE)));
    const hash = createHash("sha256").update(input).digest("base64");
    assert.equal((await comesInterested(juliet, [TUNE], both(hash))).asked, 1);
    await juliet.asks(publish("one"));
    await juliet.receives(event("one"));
    assert.equal((await comesInterested(romeo, [TUNE], both(hash))).asked, 0);
  }),
);

test(
  "the limit capabilityInterests bounds what one client asks for",
  conversation(
    { juliet: cast.juliet },
    async ({ juliet }) => {
      await comesInterested(juliet, [MOOD, TUNE]);
      await juliet.asks(publish("one"));
      await juliet.receivesNothing();
      await juliet.asks(publish("sad", { node: MOOD }));
      await juliet.receives(event("sad", { node: MOOD }));
    },
    { config: { limits: { capabilityInterests: 1 } } },
  ),
);

test(
  "the limit capabilityEntries bounds what is remembered: the least used goes",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      await comesInterested(romeo);
      assert.equal((await comesInterested(juliet, [MOOD])).asked, 1);
      assert.equal((await comesInterested(romeo, [MOOD])).asked, 0);
      assert.equal((await comesInterested(juliet)).asked, 1, "forgotten");
    },
    { config: { limits: { capabilityEntries: 1 } } },
  ),
);

test(
  "the limit capabilityQuestions bounds who is asked at once",
  conversation(
    cast,
    async ({ romeo, juliet, stage }) => {
      await romeo.sends(presenceOf(client(MOOD)));
      assert.equal((await comesInterested(juliet)).asked, 0);
      stage.clock.advance(30_000);
      await stage.settled();
      const garden = await Person.enters(stage, "juliet@example.org/garden");
      assert.equal((await comesInterested(garden)).asked, 1);
    },
    { config: { limits: { capabilityQuestions: 1 } } },
  ),
);
