import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, searchAnswer } from "@rookery/protocol";
import { conversation, Person, type TestServer } from "@rookery/testkit";
import { type ContactQuery, contactBlocked } from "../../im/contract.ts";

const cast = { romeo: "romeo@example.org/balcony" } as const;

interface Names {
  readonly given?: string;
  readonly family?: string;
  readonly full?: string;
  readonly nick?: string;
  readonly email?: string;
  readonly kind?: string;
}

function card({ given, family, full, nick, email, kind = "PUBLIC" }: Names): string {
  const child = (name: string, text: string | undefined): string =>
    text === undefined ? "" : `<${name}>${text}</${name}>`;
  const structured =
    given === undefined && family === undefined
      ? undefined
      : `${child("GIVEN", given)}${child("FAMILY", family)}`;
  return `<iq type='set' id='v'><vCard xmlns='vcard-temp'>${child("FN", full)}${child("N", structured)}
    ${child("NICKNAME", nick)}${child("EMAIL", child("USERID", email))}
    ${kind === "" ? "" : `<CLASS><${kind}/></CLASS>`}</vCard></iq>`;
}

async function publishes(stage: TestServer, account: string, names: Names): Promise<Person> {
  const person = new Person(await stage.login(`${account}@example.org/x`), stage);
  await person.sends(card(names));
  await person.receives("<iq type='result' id='v'/>");
  return person;
}

/** The Capulets, and others who do not want to be found. */
async function verona(stage: TestServer): Promise<void> {
  await publishes(stage, "juliet", {
    given: "Juliet",
    family: "Capulet",
    nick: "JuliC",
    email: "juliet@capulet.com",
  });
  await publishes(stage, "tybalt", { given: "Tybalt", family: "Capulet", nick: "ty" });
  await publishes(stage, "nurse", { full: "Angélica the Nurse" });
  await publishes(stage, "paris", { given: "Julian", family: "Capulet", kind: "PRIVATE" });
  await publishes(stage, "mercutio", { given: "Julian", family: "Capulet", kind: "" });
}

const open = { config: { modules: { directory: { open: true } } } } as const;

const search = (inside: string, type = "set"): string =>
  `<iq type='${type}' id='s' to='example.org'><query xmlns='jabber:iq:search'>${inside}</query></iq>`;
const found = (inside: string): string =>
  `<iq type='result' id='s' from='example.org'><query xmlns='jabber:iq:search'>${inside}</query></iq>`;

async function finds(person: Person, inside: string): Promise<string[]> {
  await person.sends(search(inside));
  const answer = searchAnswer.in(await person.receives(found("*")));
  return (answer?.items ?? []).map(({ jid }) => jid.local);
}

async function isRefused(person: Person, inside: string, condition: string): Promise<void> {
  await person.sends(search(inside));
  const answer = await person.client.element();
  const error = answer.child("jabber:client", "error");
  assert.equal(error?.child("urn:ietf:params:xml:ns:xmpp-stanzas")?.name, condition);
}

test(
  "a directory is closed unless it is opened",
  conversation(cast, async ({ romeo, stage }) => {
    assert.ok(!stage.server.host("example.org").features("host").includes("jabber:iq:search"));
    await isRefused(romeo, "<last>Capulet</last>", "service-unavailable");
  }),
);

test(
  "XEP-0055 §2.1, §3: the fields, plain and as a form",
  conversation(
    cast,
    async ({ romeo }) => {
      await romeo.sends(search("", "get"));
      await romeo.receives(
        found(`<instructions>*</instructions><first/><last/><nick/><email/>
        <x xmlns='jabber:x:data' type='form'><title>*</title><instructions>*</instructions>
          <field type='hidden' var='FORM_TYPE'><value>jabber:iq:search</value></field>
          <field type='text-single' label='Given Name' var='first'/>
          <field type='text-single' label='Family Name' var='last'/>
          <field type='text-single' label='Nickname' var='nick'/>
          <field type='text-single' label='Email Address' var='email'/></x>`),
      );
    },
    open,
  ),
);

test(
  "XEP-0055 §2.1: who made a vCard public is found, others are not",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await verona(stage);
      await romeo.sends(search("<last>Capulet</last>"));
      await romeo.receives(
        found(`<item jid='juliet@example.org'>
          <first>Juliet</first><last>Capulet</last><nick>JuliC</nick></item>
        <item jid='tybalt@example.org'>
          <first>Tybalt</first><last>Capulet</last><nick>ty</nick></item>`),
      );
      assert.deepEqual(await finds(romeo, "<first>jul</first>"), ["juliet"]);
      assert.deepEqual(await finds(romeo, "<nick>JULIC</nick><last>cap</last>"), ["juliet"]);
      assert.deepEqual(await finds(romeo, "<first>Tybalt</first><nick>julic</nick>"), []);
      assert.deepEqual(await finds(romeo, "<first>angelica</first>"), ["nurse"]);
      assert.deepEqual(await finds(romeo, "<last>the  nurse</last>"), ["nurse"]);
      assert.deepEqual(await finds(romeo, "<last>apulet</last>"), []);
      await romeo.sends(search("<last>Montague</last>"));
      await romeo.receives(found(""));
    },
    open,
  ),
);

test(
  "an address of e-mail is found as a whole, and told to those who knew it",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await verona(stage);
      assert.deepEqual(await finds(romeo, "<email>juliet@</email>"), []);
      await romeo.sends(search("<email>Juliet@capulet.com</email>"));
      await romeo.receives(
        found(`<item jid='juliet@example.org'><first>Juliet</first><last>Capulet</last>
          <nick>JuliC</nick><email>juliet@capulet.com</email></item>`),
      );
    },
    open,
  ),
);

test(
  "XEP-0055 §3: a search by form is answered by a form",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await verona(stage);
      await romeo.sends(
        search(`<x xmlns='jabber:x:data' type='submit'>
          <field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field>
          <field var='first'><value>tyb</value></field></x>`),
      );
      await romeo.receives(
        found(`<x xmlns='jabber:x:data' type='result'>
          <field type='hidden' var='FORM_TYPE'><value>jabber:iq:search</value></field>
          <reported><field var='jid' type='jid-single'/><field var='first'/><field var='last'/>
            <field var='nick'/><field var='email'/></reported>
          <item><field var='jid'><value>tybalt@example.org</value></field>
            <field var='first'><value>Tybalt</value></field>
            <field var='last'><value>Capulet</value></field>
            <field var='nick'><value>ty</value></field><field var='email'/></item></x>`),
      );
      await romeo.sends(search("<x xmlns='jabber:x:data' type='cancel'/>"));
      await romeo.receives("<iq type='result' id='s' from='example.org'/>");
    },
    open,
  ),
);

test(
  "nobody is found by nothing, by too little or by a text without end",
  conversation(
    cast,
    async ({ romeo }) => {
      await isRefused(romeo, "", "not-acceptable");
      await isRefused(romeo, "<last> </last><first/>", "not-acceptable");
      await isRefused(romeo, "<last> Ca </last>", "not-acceptable");
      await isRefused(romeo, "<last>Capulet</last><first>Ju</first>", "not-acceptable");
      await isRefused(romeo, `<last>${"x".repeat(300)}</last>`, "not-acceptable");
      await isRefused(romeo, "<last>e\u0301\u0301\u0301</last>", "not-acceptable");
    },
    open,
  ),
);

test(
  "XEP-0059 §2: what was found comes in pages, and is bounded altogether",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      for (const name of ["a", "b", "c", "d", "e", "f"]) {
        await publishes(stage, name, { family: "Capulet" });
      }
      const page = async (set: string): Promise<string[]> => {
        const rsm = `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`;
        await romeo.sends(search(`<last>Capulet</last>${rsm}`));
        const answer = searchAnswer.in(await romeo.client.element());
        assert.equal(answer?.page?.count, 5);
        return (answer?.items ?? []).map(({ jid }) => jid.local);
      };
      assert.deepEqual(await page("<max>2</max>"), ["a", "b"]);
      assert.deepEqual(await page("<max>2</max><after>b@example.org</after>"), ["c", "d"]);
      assert.deepEqual(await page("<max>2</max><before>d@example.org</before>"), ["b", "c"]);
      assert.deepEqual(await page("<max>3</max><before>b@example.org</before>"), ["a"]);
      assert.deepEqual(await page("<max>2</max><before/>"), ["d", "e"]);
      assert.deepEqual(await page("<max>2</max><index>4</index>"), ["e"]);
      assert.deepEqual(await page("<max>0</max>"), []);
      await isRefused(
        romeo,
        "<last>Capulet</last><set xmlns='http://jabber.org/protocol/rsm'><after>x</after></set>",
        "item-not-found",
      );
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), ["a", "b", "c", "d", "e"]);
    },
    { config: { modules: { directory: { open: true, results: 5 } } } },
  ),
);

test(
  "an account searches so often in a minute, and the others as often",
  conversation(
    { ...cast, benvolio: "benvolio@example.org/x" },
    async ({ romeo, benvolio, stage }) => {
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), []);
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), []);
      await isRefused(romeo, "<last>Capulet</last>", "resource-constraint");
      assert.deepEqual(await finds(benvolio, "<last>Capulet</last>"), []);
      stage.clock.advance(60_000);
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), []);
    },
    { config: { modules: { directory: { open: true, searchesPerMinute: 2 } } } },
  ),
);

test(
  "the directory follows vCards that change and accounts that are removed",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const juliet = await publishes(stage, "juliet", { family: "Capulet" });
      await publishes(stage, "tybalt", { family: "Capulet" });
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), ["juliet", "tybalt"]);
      await juliet.sends(card({ family: "Montague" }));
      await stage.server.host("example.org").removeAccount(Jid.parse("tybalt@example.org"));
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), []);
      assert.deepEqual(await finds(romeo, "<last>Montague</last>"), ["juliet"]);
      await juliet.sends(card({ family: "Montague", kind: "CONFIDENTIAL" }));
      assert.deepEqual(await finds(romeo, "<last>Montague</last>"), []);
      await juliet.sends(card({ family: "Montague" }));
      await juliet.sends("<iq type='set' id='v'><vCard xmlns='vcard-temp'/></iq>");
      assert.deepEqual(await finds(romeo, "<last>Montague</last>"), []);
    },
    open,
  ),
);

test(
  "the option entries bounds how many can be found",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      for (const name of ["a", "b", "c"]) await publishes(stage, name, { family: "Capulet" });
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), ["a", "b"]);
      await publishes(stage, "d", { family: "Capulet" });
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), ["a", "b"]);
    },
    { config: { modules: { directory: { open: true, entries: 2 } } } },
  ),
);

test(
  "XEP-0191 §4: who blocks someone is not found by them",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await verona(stage);
      const { hooks } = stage.server.host("example.org");
      const isTybalt = ({ account, other }: ContactQuery): true | undefined =>
        (account.local === "tybalt" && other.equals(romeo.jid)) || undefined;
      hooks.add(contactBlocked, "answer", "test", isTybalt);
      assert.deepEqual(await finds(romeo, "<last>Capulet</last>"), ["juliet"]);
    },
    open,
  ),
);

test(
  "accounts of other domains may not search",
  conversation(
    { stranger: "stranger@example.net/x" },
    async ({ stranger, stage }) => {
      await verona(stage);
      for (const type of ["get", "set"]) {
        await stranger.sends(search("<last>Capulet</last>", type));
        await stranger.receives(`<iq type='error' id='s' from='example.org'>
          <query xmlns='jabber:iq:search'><last>Capulet</last></query><error type='auth'>
          <forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`);
      }
    },
    { config: { ...open.config, domains: [{ name: "example.org" }, { name: "example.net" }] } },
  ),
);
