import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, type Person } from "@rookery/testkit";

const cast = {
  romeo: "romeo@example.org/balcony",
  orchard: "romeo@example.org/orchard",
  juliet: "juliet@example.org/chamber",
} as const;

/** Asks for the roster with a version; gives the version of the answer, "" for an empty answer. */
async function version(person: Person, ver: string, items?: string): Promise<string> {
  const query =
    items === undefined ? "" : `<query xmlns='jabber:iq:roster' ver='*'>${items}</query>`;
  const answer = await person.asks(
    `<iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver='${ver}'/></iq>`,
    `<iq type='result' id='r1'>${query}</iq>`,
  );
  return answer.elements()[0]?.attr("ver") ?? "";
}

async function set(person: Person, item: string): Promise<void> {
  await person.asks(
    `<iq type='set' id='s1'><query xmlns='jabber:iq:roster'>${item}</query></iq>`,
    "<iq type='result' id='s1'/>",
  );
}

/** The next push; gives its version. */
async function pushed(person: Person, item: string): Promise<string> {
  const push = await person.receives(
    `<iq type='set'><query xmlns='jabber:iq:roster' ver='*'>${item}</query></iq>`,
  );
  return push.elements()[0]?.attr("ver") ?? "";
}

test(
  "RFC 6121 §2.6.1: the stream tells that rosters have versions",
  conversation(cast, async ({ stage }) => {
    const client = stage.connect();
    await client.open("example.org");
    client.send(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${btoa("\0romeo\0pencil")}</auth>`,
    );
    await client.element();
    const { features } = await client.open("example.org");
    assert.ok(features.child("urn:xmpp:features:rosterver", "ver"));
  }),
);

test(
  "RFC 6121 §2.6.2: a client without a version, or with a foreign one, gets the whole roster and its version",
  conversation(cast, async ({ romeo, juliet }) => {
    await set(romeo, "<item jid='a@x.test'/>");
    const known = await version(romeo, "", "<item jid='a@x.test'/>");
    assert.notEqual(known, "");
    const foreign = await version(juliet, "", "");
    for (const ver of ["nonsense", "1", "0", "-1", "..", "'".replace("'", "&apos;"), foreign]) {
      assert.equal(await version(romeo, ver, "<item jid='a@x.test'/>"), known);
    }
    await romeo.receivesNothing();
  }),
);

test(
  "RFC 6121 §2.6.3: a client that has the current version gets an empty answer and no pushes",
  conversation(cast, async ({ romeo, orchard }) => {
    await set(romeo, "<item jid='a@x.test'/>");
    const current = await version(romeo, "", "<item jid='a@x.test'/>");
    await version(orchard, current);
    await orchard.receivesNothing();
    await set(romeo, "<item jid='a@x.test' name='A'/>");
    await pushed(orchard, "<item jid='a@x.test' name='A'/>"); // it is interested all the same
  }),
);

test(
  "RFC 6121 §2.6.3: what changed since comes after the empty answer, in order, each contact once",
  conversation(cast, async ({ romeo, orchard }) => {
    for (const local of ["a", "b", "c"]) await set(romeo, `<item jid='${local}@x.test'/>`);
    const old = await version(
      romeo,
      "",
      "<item jid='a@x.test'/><item jid='b@x.test'/><item jid='c@x.test'/>",
    );
    await set(romeo, "<item jid='c@x.test' name='C'/>");
    await set(romeo, "<item jid='d@x.test'/>");
    await set(romeo, "<item jid='a@x.test' subscription='remove'/>");
    await set(romeo, "<item jid='c@x.test' name='See'/>");
    await romeo.ignoresAll();

    orchard.client.send(
      `<iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver='${old}'/></iq>`,
    );
    await orchard.receives("<iq type='result' id='r1' to='romeo@example.org/orchard'/>");
    const versions = [
      await pushed(orchard, "<item jid='d@x.test' subscription='none'/>"),
      await pushed(orchard, "<item jid='a@x.test' subscription='remove'/>"),
      await pushed(orchard, "<item jid='c@x.test' name='See' subscription='none'/>"),
    ];
    await orchard.receivesNothing();
    await romeo.receivesNothing();
    assert.equal(new Set(versions).size, 3);
    // whoever lost the connection after the second goes on from there
    await version(orchard, versions[1] as string);
    assert.equal(await pushed(orchard, "<item jid='c@x.test' name='See'/>"), versions[2]);
    await version(orchard, versions[2] as string);
    await orchard.receivesNothing();
  }),
);

test(
  "RFC 6121 §2.6.2: a push tells the version that the roster has after it",
  conversation(cast, async ({ romeo, orchard, juliet }) => {
    await orchard.asksForRoster();
    await set(romeo, "<item jid='a@x.test'/>");
    await romeo.sends("<presence type='subscribe' to='juliet@example.org'/>");
    await pushed(orchard, "<item jid='a@x.test'/>");
    const last = await pushed(orchard, "<item jid='juliet@example.org' ask='subscribe'/>");
    await version(romeo, last);
    await romeo.receivesNothing();
    // a request of someone else is nothing that the roster shows
    await juliet.sends("<presence type='subscribe' to='romeo@example.org'/>");
    await juliet.ignoresAll();
    await version(romeo, last);
    await romeo.receivesNothing();
  }),
);
