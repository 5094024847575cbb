import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS_NS, command, dataForm } from "@rookery/protocol";
import { conversation, Person, type TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { deviceOf } from "../../sessions/device.ts";

const cast = { romeo: "romeo@example.org/balcony" } as const;
const DEVICE = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const SIGNED_OUT = `<error xmlns='http://etherx.jabber.org/streams'>
  <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>this client was signed out</text></error>`;

function ask(attributes: string, payload = "", to = ""): string {
  const command = `<command xmlns='${COMMANDS_NS}' node='devices' ${attributes}>${payload}</command>`;
  return `<iq type='set' id='c' ${to}>${command}</iq>`;
}

interface Listed {
  readonly value: string;
  readonly label: string;
}

/** Begins the command. @returns what is listed, and what chooses among it. */
async function begins(
  person: Person,
): Promise<{ clients: readonly Listed[]; signsOut: (...keys: string[]) => Promise<Element> }> {
  const answer = await person.asks(ask(""));
  const begun = command.in(answer);
  const form = dataForm.in({ children: begun?.payload ?? [] });
  const field = form?.fields.find(({ var: name }) => name === "signout");
  const clients = (field?.options ?? []).map(({ value, label = "" }) => ({ value, label }));
  const signsOut = (...keys: string[]): Promise<Element> => {
    const values = keys.map((key) => `<value>${key}</value>`).join("");
    const all = `<field var='FORM_TYPE'><value>devices</value></field><field var='signout'>${values}</field>`;
    const submit = `<x xmlns='jabber:x:data' type='submit'>${all}</x>`;
    return person.asks(ask(`sessionid='${begun?.sessionId}' action='complete'`, submit));
  };
  return { clients, signsOut };
}

/** The person's client is one that may log in without the password. */
async function isRemembered(stage: TestServer, person: Person, id = DEVICE): Promise<void> {
  const host = stage.server.host("example.org");
  const agent = { id, software: "Gajim", device: "laptop" };
  await host.tokens.issue(person.jid.bare, "HT-SHA-256-NONE", agent);
  stage.server.sessions.get(person.jid)?.set(deviceOf, id);
}

function notes(answer: Element): readonly string[] {
  return command.in(answer)?.notes.map(({ text }) => text) ?? [];
}

test(
  "a person sees the own clients: connected ones, and those that may log in without the password",
  conversation(cast, async ({ romeo, stage }) => {
    const phone = await Person.enters(stage, "romeo@example.org/phone");
    await isRemembered(stage, phone);
    await Person.enters(stage, "juliet@example.org/chamber");
    const { clients } = await begins(romeo);
    assert.equal(clients.length, 2);
    const [own, other] = clients.toSorted((a, b) => (a.value > b.value ? -1 : 1));
    assert.deepEqual(own, {
      value: "session:balcony",
      label: "connected as balcony since 2026-01-01 00:00 UTC; this is the client that you use now",
    });
    assert.equal(other?.value, `device:${DEVICE}`);
    assert.match(
      other.label,
      /^Gajim on laptop; connected as phone since 2026-01-01 00:00 UTC; last login 2026-01-01 00:00 UTC; needs the password from 20\d\d-\d\d-\d\d 00:00 UTC$/,
    );
  }),
);

test(
  "a client that is signed out is disconnected at once, and its token is void",
  conversation(cast, async ({ romeo, stage }) => {
    const phone = await Person.enters(stage, "romeo@example.org/phone");
    await isRemembered(stage, phone);
    const { signsOut } = await begins(romeo);
    const answer = await signsOut(`device:${DEVICE}`);
    assert.match(notes(answer)[0] ?? "", /^Signed out: Gajim on laptop/);
    await phone.receives(SIGNED_OUT);
    const { tokens } = stage.server.host("example.org");
    assert.deepEqual(await tokens.list(romeo.jid.bare), []);
    await romeo.receivesNothing();
  }),
);

test(
  "a session without a token is signed out as well, and no other",
  conversation(cast, async ({ romeo, stage }) => {
    const phone = await Person.enters(stage, "romeo@example.org/phone");
    const tablet = await Person.enters(stage, "romeo@example.org/tablet");
    const { signsOut } = await begins(romeo);
    await signsOut("session:phone");
    await phone.receives(SIGNED_OUT);
    await tablet.receivesNothing();
    await romeo.receivesNothing();
  }),
);

test(
  "what is not one of the own clients is not signed out",
  conversation(cast, async ({ romeo, stage }) => {
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    const { signsOut } = await begins(romeo);
    const answer = await signsOut("session:chamber");
    assert.equal(answer.attr("type"), "error");
    await juliet.receivesNothing();
  }),
);

test(
  "the devices of an account are nobody else's to see",
  conversation(cast, async ({ stage }) => {
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    const answer = await juliet.asks(ask("", "", "to='romeo@example.org'"));
    assert.equal(answer.attr("type"), "error");
  }),
);

test(
  "a changed password ends the sessions and tokens of all clients but the one that changed it",
  conversation(cast, async ({ romeo, stage }) => {
    const phone = await Person.enters(stage, "romeo@example.org/phone");
    await isRemembered(stage, phone);
    const { administration, tokens } = stage.server.host("example.org");
    const by = stage.server.sessions.get(romeo.jid);
    await administration.setPassword(romeo.jid.bare, "banished", by);
    await phone.receives(`<error xmlns='http://etherx.jabber.org/streams'>
      <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>*</text></error>`);
    assert.deepEqual(await tokens.list(romeo.jid.bare), []);
    await romeo.receivesNothing();
  }),
);
