/** What tests of the archive share. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  type ArchiveFin,
  archiveFin,
  archiveResult,
  type Delay,
  MAM_NS,
  NS,
} from "@rookery/protocol";
import type { Person, TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";

export const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

/** A message as an archive gives it. */
export interface Result {
  readonly id: string;
  readonly queryId: string | undefined;
  readonly delay: Delay | undefined;
  readonly message: Element;
  readonly body: string | undefined;
  /** The whole stanza that brings it. */
  readonly stanza: Element;
}

export interface Answer {
  readonly iq: Element;
  readonly results: readonly Result[];
  readonly bodies: readonly (string | undefined)[];
  /** Empty for an error. */
  readonly fin: ArchiveFin;
  /** The condition of an error. */
  readonly error: string | undefined;
}

/** Asks one's own archive; `inside` stands in the `<query/>`. What else has come is forgotten. */
export async function ask(person: Person, inside = "", attrs = "", to = ""): Promise<Answer> {
  const id = randomUUID();
  person.client.clear();
  const address = to === "" ? "" : `to='${to}'`;
  person.client.send(
    `<iq type='set' id='${id}' ${address}><query xmlns='${MAM_NS}' ${attrs}>${inside}</query></iq>`,
  );
  const iq = await person.client.answer(id);
  const results = person.client.queued.flatMap((one) => resultOf(one as Element));
  person.client.clear();
  const fin = iq.child(MAM_NS, "fin");
  return {
    iq,
    results,
    bodies: results.map(({ body }) => body),
    fin: fin ? archiveFin.read(fin) : { complete: false, stable: true },
    error: conditionOf(iq),
  };
}

export function conditionOf(iq: Element): string | undefined {
  return iq.child(NS.client, "error")?.elements(NS.stanzaErrors)[0]?.name;
}

function resultOf(stanza: Element): Result[] {
  const element = stanza.child(MAM_NS, "result");
  if (element === undefined) return [];
  const { id, queryId, forwarded } = archiveResult.read(element);
  const body = forwarded.stanza.child(NS.client, "body")?.text;
  return [{ id, queryId, delay: forwarded.delay, message: forwarded.stanza, body, stanza }];
}

/** A form with which an archive is searched. */
export function form(fields: Readonly<Record<string, string | readonly string[]>>): string {
  const all = Object.entries({ FORM_TYPE: MAM_NS, ...fields }).map(([name, values]) => {
    const each = [values].flat().map((value) => `<value>${value}</value>`);
    return `<field var='${name}'>${each.join("")}</field>`;
  });
  return `<x xmlns='jabber:x:data' type='submit'>${all.join("")}</x>`;
}

/** Which page is asked for; an element without a value is empty. */
export function page(set: Readonly<Record<string, string | number>>): string {
  const all = Object.entries(set).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<set xmlns='http://jabber.org/protocol/rsm'>${all.join("")}</set>`;
}

export const says = (to: string, text: string, more = ""): string =>
  `<message to='${to}' type='chat'><body>${text}</body>${more}</message>`;

/** Says so many numbered things, each a second after the one before. */
export async function talks(
  person: Person,
  stage: TestServer,
  to: string,
  count: number,
): Promise<void> {
  for (let n = 0; n < count; n++) {
    await person.sends(says(to, String(n)));
    stage.clock.advance(1000);
  }
}

/** The ids of all that is in someone's archive. */
export async function idsOf(person: Person): Promise<readonly string[]> {
  const { results, fin } = await ask(person);
  assert.equal(fin.complete, true);
  return results.map(({ id }) => id);
}
