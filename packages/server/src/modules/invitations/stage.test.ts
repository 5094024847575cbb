/** What the tests of invitations have in common. */
import assert from "node:assert/strict";
import {
  COMMANDS_NS,
  command,
  dataForm,
  Jid,
  NS,
  readInvitation,
  readInvitationUri,
} from "@rookery/protocol";
import type { Person, TestClient, TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { type Invitations, invitations } from "./contract.ts";

export const ROMEO: Jid = Jid.parse("romeo@example.org");
export const JULIET: Jid = Jid.parse("juliet@example.org");

/** What the module offers on a stage. */
export function invitationsOf(stage: TestServer, domain = "example.org"): Invitations {
  return stage.server.host(domain).modules.offer(invitations) ?? assert.fail("it is not loaded");
}

export async function exists(stage: TestServer, account: string): Promise<boolean> {
  const jid = Jid.parse(account);
  return stage.server.host(jid.domain).accounts.exists(jid);
}

/** The condition of an error, or undefined for a result. */
export function conditionOf(answer: Element): string | undefined {
  const error = answer.child(NS.client, "error");
  return error?.elements().find(({ ns, name }) => ns === NS.stanzaErrors && name !== "text")?.name;
}

export async function stranger(stage: TestServer, address?: string): Promise<TestClient> {
  const client = stage.connect(address);
  await client.open("example.org");
  return client;
}

async function asks(client: TestClient, xml: string): Promise<Element> {
  client.send(xml);
  return client.element();
}

/** XEP-0445 §4. */
export function shows(client: TestClient, token: string): Promise<Element> {
  return asks(
    client,
    `<iq type='set' id='pa1' to='example.org'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></iq>`,
  );
}

export function registers(client: TestClient, name: string): Promise<Element> {
  return asks(
    client,
    `<iq type='set' id='r'><query xmlns='jabber:iq:register'>
      <username>${name}</username><password>pencil</password></query></iq>`,
  );
}

export function asksForFields(client: TestClient): Promise<Element> {
  return asks(client, "<iq type='get' id='g'><query xmlns='jabber:iq:register'/></iq>");
}

/** Executes a command of the domain. */
export function executes(
  person: Person,
  node: string,
  inside = "",
  session = "",
): Promise<Element> {
  const id = session && `sessionid='${session}'`;
  return person.asks(
    `<iq type='set' id='c' to='${person.jid.domain}'>
      <command xmlns='${COMMANDS_NS}' node='${node}' ${id}>${inside}</command></iq>`,
  );
}

/** The invitation that a command has given. */
export function invitationIn(answer: Element): { uri: string; token: string; expires: number } {
  const form = dataForm.in({ children: command.in(answer)?.payload ?? [] });
  assert.ok(form, "there is no form");
  const { uri, expires = 0 } = readInvitation(form);
  return { uri, expires, token: readInvitationUri(uri)?.token ?? assert.fail("no token") };
}

/** The roster as `jid subscription`, with `ask`. */
export async function rosterOf(person: Person): Promise<string[]> {
  const answer = await person.asksForRoster();
  return (answer.elements()[0]?.elements() ?? []).map((item) =>
    ["jid", "subscription", "ask", "approved"]
      .map((name) => item.attr(name))
      .filter((value) => value !== undefined)
      .join(" "),
  );
}
