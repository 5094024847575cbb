import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, Person } from "@rookery/testkit";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;

const query = (inside = ""): string => `<query xmlns='jabber:iq:private'>${inside}</query>`;
const error = (type: string, condition: string): string => `<error type='${type}'>
  <${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>`;
const PREFS = "<exodus xmlns='exodus:prefs'><defaultnick>Hamlet</defaultnick></exodus>";

async function keeps(person: Person, inside: string): Promise<void> {
  await person.sends(`<iq type='set' id='s'>${query(inside)}</iq>`);
  await person.receives("<iq type='result' id='s'/>");
}

async function finds(person: Person, asked: string, found: string): Promise<void> {
  await person.sends(`<iq type='get' id='g'>${query(asked)}</iq>`);
  await person.receives(`<iq type='result' id='g'>${query(found)}</iq>`);
}

async function isRefused(
  person: Person,
  type: "get" | "set",
  inside: string,
  condition: string,
  errorType = "modify",
): Promise<void> {
  await person.sends(`<iq type='${type}' id='e'>${query(inside)}</iq>`);
  await person.receives(
    `<iq type='error' id='e'>${query(inside)}${error(errorType, condition)}</iq>`,
  );
}

test(
  "XEP-0049 §2.3: a client keeps private data and gets it back, on each of its resources",
  conversation(cast, async ({ romeo, stage }) => {
    await keeps(romeo, PREFS);
    await finds(romeo, "<exodus xmlns='exodus:prefs'/>", PREFS);
    const orchard = new Person(await stage.login("romeo@example.org/orchard"), stage);
    await finds(orchard, "<exodus xmlns='exodus:prefs'/>", PREFS);
  }),
);

test(
  "XEP-0049 §2.3: several elements of one namespace, and of several",
  conversation(cast, async ({ romeo }) => {
    const two = "<x xmlns='urn:a' n='1'/><x xmlns='urn:a' n='2'>two</x>";
    await keeps(romeo, `${two}<y xmlns='urn:a'>three</y><x xmlns='urn:b'>four</x>`);
    await finds(romeo, "<x xmlns='urn:a'/>", two);
    await finds(romeo, "<y xmlns='urn:a'/>", "<y xmlns='urn:a'>three</y>");
    await finds(romeo, "<x xmlns='urn:b'/>", "<x xmlns='urn:b'>four</x>");
    await keeps(romeo, "<x xmlns='urn:a'>new</x>");
    await finds(romeo, "<x xmlns='urn:a'/>", "<x xmlns='urn:a'>new</x>");
    await finds(romeo, "<y xmlns='urn:a'/>", "<y xmlns='urn:a'>three</y>");
  }),
);

test(
  "what was never kept is empty, and an empty element takes away what was",
  conversation(cast, async ({ romeo }) => {
    await finds(
      romeo,
      "<exodus xmlns='exodus:prefs' a='1'>?</exodus>",
      "<exodus xmlns='exodus:prefs'/>",
    );
    await keeps(romeo, PREFS);
    await keeps(romeo, "<exodus xmlns='exodus:prefs'/>");
    await finds(romeo, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
  }),
);

test(
  "XEP-0049 §2.3, §5: nobody else gets or sets it, and no account looks like one",
  conversation(cast, async ({ romeo, juliet }) => {
    await keeps(juliet, PREFS);
    await juliet.comesOnline();
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      for (const type of ["get", "set"]) {
        await romeo.sends(`<iq type='${type}' id='1' to='${to}'>${query(PREFS)}</iq>`);
        await romeo.receives(`<iq type='error' id='1' from='${to}'>${query(PREFS)}
          ${error("cancel", "service-unavailable")}</iq>`);
      }
    }
    await juliet.receivesNothing();
    await finds(romeo, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
  }),
);

test(
  "XEP-0049 §2.3: nothing to keep, nothing asked for, too much asked for",
  conversation(cast, async ({ romeo }) => {
    await isRefused(romeo, "set", "", "not-acceptable");
    await isRefused(romeo, "get", "", "bad-request");
    await isRefused(romeo, "get", "<a xmlns='urn:a'/><b xmlns='urn:b'/>", "bad-request");
  }),
);

test(
  "XEP-0049 §2.3: reserved namespaces are not acceptable",
  conversation(cast, async ({ romeo }) => {
    for (const ns of ["vcard-temp", "jabber:client", "jabber:iq:private", "http://jabber.org/x"]) {
      await isRefused(romeo, "set", `<x xmlns='${ns}'>1</x>`, "not-acceptable");
      await isRefused(romeo, "get", `<x xmlns='${ns}'/>`, "not-acceptable");
    }
    await isRefused(romeo, "set", `${PREFS}<x xmlns='vcard-temp'/>`, "not-acceptable");
    await finds(romeo, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
  }),
);

test(
  "the limits privateItems and privateBytes bound what an account keeps",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      await keeps(romeo, "<a xmlns='urn:1'>1</a><a xmlns='urn:2'>2</a>");
      await isRefused(romeo, "set", "<a xmlns='urn:3'>3</a>", "resource-constraint", "wait");
      await keeps(romeo, "<a xmlns='urn:2'>changed</a>");
      await keeps(romeo, "<a xmlns='urn:2'/><a xmlns='urn:3'>3</a>");
      const large = `<a xmlns='urn:1'>${"ü".repeat(5000)}</a>`;
      await isRefused(romeo, "set", large, "resource-constraint", "wait");
      await finds(romeo, "<a xmlns='urn:1'/>", "<a xmlns='urn:1'>1</a>");
      await keeps(juliet, `<a xmlns='urn:1'>${"x".repeat(9000)}</a>`);
    },
    { config: { limits: { privateItems: 2, privateBytes: 10_000 } } },
  ),
);

test(
  "two resources that keep things at once do not get around the limit together",
  conversation(
    { ...cast, orchard: "romeo@example.org/orchard" },
    async ({ romeo, orchard }) => {
      for (let i = 0; i < 3; i++) {
        romeo.client.send(`<iq type='set' id='r${i}'>${query(`<a xmlns='urn:r${i}'>1</a>`)}</iq>`);
        orchard.client.send(
          `<iq type='set' id='o${i}'>${query(`<a xmlns='urn:o${i}'>1</a>`)}</iq>`,
        );
      }
      const answers: (string | undefined)[] = [];
      for (let i = 0; i < 3; i++) {
        answers.push((await romeo.client.element()).attr("type"));
        answers.push((await orchard.client.element()).attr("type"));
      }
      assert.equal(answers.filter((type) => type === "result").length, 2);
      assert.equal(answers.filter((type) => type === "error").length, 4);
    },
    { config: { limits: { privateItems: 2 } } },
  ),
);
