import assert from "node:assert/strict";
import {
  type DiscoItem,
  discoInfo,
  discoItems,
  NS,
  OFFLINE_NS,
  readOfflineCount,
} from "@rookery/protocol";
import { Person, type TestServer } from "@rookery/testkit";
import { Element } from "@rookery/xml";
import { leavingOut } from "../left-out.test.ts";

/** Where messages wait: in the archive, or in the spool of a server without one. */
export const PLACES: readonly {
  readonly place: string;
  readonly modules: { readonly [name: string]: false };
}[] = [
  { place: "the archive", modules: {} },
  { place: "the spool", modules: leavingOut("archive") },
];

export const cast = { romeo: "romeo@example.org/balcony" } as const;

export const message = (text: string): string =>
  `<message to='juliet@example.org' type='chat'><body>${text}</body></message>`;

export const offlineIq = (type: "get" | "set", inside: string, to?: string): string =>
  `<iq type='${type}' id='o1' ${to ? `to='${to}'` : ""}><offline xmlns='${OFFLINE_NS}'>${inside}</offline></iq>`;

export const DONE = "<iq type='result' id='o1'/>";
export const refusal = (type: string, condition: string, from: string = "*"): string =>
  `<iq type='error' id='o1' from='${from}'><offline xmlns='${OFFLINE_NS}'>*</offline><error type='${type}'>
    <${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
    <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`;

/** So many messages come for Juliet, who is away, a minute each. */
export async function wait(stage: TestServer, romeo: Person, ...texts: string[]): Promise<void> {
  await stage.accounts("juliet@example.org");
  for (const text of texts) {
    await romeo.sends(message(text));
    stage.clock.advance(60_000);
  }
  await romeo.receivesNothing();
}

export function julietComes(stage: TestServer, resource = "chamber"): Promise<Person> {
  return Person.enters(stage, `juliet@example.org/${resource}`);
}

/** The headers of what waits (XEP-0013 §2.3). */
export async function headers(juliet: Person): Promise<readonly DiscoItem[]> {
  const answer = await juliet.asks(
    `<iq type='get' id='h1'><query xmlns='${discoItems.ns}' node='${OFFLINE_NS}'/></iq>`,
  );
  const list = discoItems.in(answer);
  assert.equal(answer.attr("type"), "result");
  assert.equal(list?.node, OFFLINE_NS);
  return list?.items ?? [];
}

/** Its nodes. */
export async function nodes(juliet: Person): Promise<readonly string[]> {
  return (await headers(juliet)).map(({ node }) => node ?? assert.fail("an item has no node"));
}

/** The number of messages that wait (XEP-0013 §2.2). */
export async function count(juliet: Person): Promise<number> {
  const answer = await juliet.asks(
    `<iq type='get' id='n1'><query xmlns='${discoInfo.ns}' node='${OFFLINE_NS}'/></iq>`,
  );
  const info = discoInfo.in(answer);
  assert.deepEqual(
    info?.identities.map(({ category, type }) => [category, type]),
    [["automation", "message-list"]],
  );
  assert.deepEqual(info?.features, [OFFLINE_NS]);
  return readOfflineCount(info?.forms[0] ?? assert.fail("there is no form"));
}

/** Becomes available; these messages are handed over. */
export async function isHanded(juliet: Person, ...texts: readonly string[]): Promise<void> {
  await juliet.sends("<presence/>");
  await juliet.receives("<presence/>");
  for (const text of texts) {
    await juliet.receives(`<message from='romeo@example.org/balcony'><body>${text}</body>
      <delay xmlns='urn:xmpp:delay' from='example.org' stamp='*'>Offline Storage</delay></message>`);
  }
  await juliet.receivesNothing();
}

/** The messages that came to someone, of all that came. */
export async function messagesTo(stage: TestServer, person: Person): Promise<readonly string[]> {
  await stage.settled();
  const queued = [...person.client.queued];
  person.client.clear();
  return queued.flatMap((got) =>
    got instanceof Element && got.name === "message"
      ? (got.child(NS.client, "body")?.text ?? "")
      : [],
  );
}

/** A message that was asked for. */
export const shown = (text: string, node: string): string =>
  `<message from='romeo@example.org/balcony' to='juliet@example.org'><body>${text}</body>
    <delay xmlns='urn:xmpp:delay' from='example.org' stamp='*'>*</delay>
    <offline xmlns='${OFFLINE_NS}'><item node='${node}'/></offline></message>`;
