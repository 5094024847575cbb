/** What scenes about personal eventing have in common. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { capsInput, type DiscoInfo, discoInfo } from "@rookery/protocol";
import { befriend, describe, type Person } from "@rookery/testkit";
import { type Element, serialize } from "@rookery/xml";

export const PUBSUB = "http://jabber.org/protocol/pubsub";
export const TUNE = "http://jabber.org/protocol/tune";

/** A `<pubsub/>` in an IQ, at one's own account unless it is sent to another one. */
export function pubsub(type: "get" | "set", inside: string, to = ""): string {
  return iq(type, `<pubsub xmlns='${PUBSUB}'>${inside}</pubsub>`, to);
}

export function owner(type: "get" | "set", inside: string, to = ""): string {
  return iq(type, `<pubsub xmlns='${PUBSUB}#owner'>${inside}</pubsub>`, to);
}

function iq(type: string, payload: string, to: string): string {
  return `<iq type='${type}' id='q'${to && ` to='${to}'`}>${payload}</iq>`;
}

/** Where and how something is published. */
export interface Place {
  readonly node?: string;
  readonly id?: string;
  readonly options?: string;
  readonly from?: string;
}

/** Another item, at the node of tunes if no other one is named. */
export function publish(title: string, place: Place = {}): string {
  const { node = TUNE, id = "current", options = "" } = place;
  return pubsub("set", `<publish node='${node}'>${item(title, id)}</publish>${options}`);
}

export function item(title: string, id: string): string {
  return `<item id='${id}'><tune xmlns='${TUNE}'><title>${title}</title></tune></item>`;
}

export function options(fields: Readonly<Record<string, string>>): string {
  return `<publish-options>${form(`${PUBSUB}#publish-options`, fields)}</publish-options>`;
}

export function config(fields: Readonly<Record<string, string | readonly string[]>>): string {
  return form(`${PUBSUB}#node_config`, fields);
}

function form(
  formType: string,
  fields: Readonly<Record<string, string | readonly string[]>>,
): string {
  const all = Object.entries({ FORM_TYPE: formType, ...fields }).map(([name, values]) => {
    const texts = typeof values === "string" ? [values] : values;
    const key = name === "FORM_TYPE" ? name : `pubsub#${name}`;
    return `<field var='${key}'>${texts.map((text) => `<value>${text}</value>`).join("")}</field>`;
  });
  return `<x xmlns='jabber:x:data' type='submit'>${all.join("")}</x>`;
}

export const RESULT = "<iq type='result' id='q'/>";
export const PUBLISHED: string = `<iq type='result' id='q'><pubsub xmlns='${PUBSUB}'>
  <publish node='*'><item id='*'/></publish></pubsub></iq>`;

/** The event that tells of an item. */
export function event(title: string, place: Place = {}): string {
  const { node = TUNE, id = "current", from = "juliet@example.org" } = place;
  return `<message type='headline' from='${from}'><event xmlns='${PUBSUB}#event'>
    <items node='${node}'>${item(title, id)}</items></event></message>`;
}

/** The same for one who has just come. */
export function lastEvent(title: string, place: Place = {}): string {
  return event(title, place).replace(
    "</message>",
    "<delay xmlns='urn:xmpp:delay' from='*' stamp='*'/></message>",
  );
}

/** A client that wants to be notified of nodes, as service discovery tells it. */
export function client(...nodes: readonly string[]): DiscoInfo {
  return {
    identities: [{ category: "client", type: "pc", name: "Test" }],
    features: ["http://jabber.org/protocol/disco#info", ...nodes.map((node) => `${node}+notify`)],
    forms: [],
  };
}

/** Presence with the capabilities of a client (XEP-0115 §4). */
export function presenceOf(info: DiscoInfo, ver: string = verOf(info)): string {
  return `<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1'
    node='urn:example:client' ver='${ver}'/></presence>`;
}

export function verOf(info: DiscoInfo): string {
  return createHash("sha1").update(capsInput(info)).digest("base64");
}

/**
 * Becomes available with a client that is interested in nodes, and answers when it is asked what it
 * can. @returns what else came but presence, and how often it was asked.
 */
export async function comesInterested(
  person: Person,
  nodes: readonly string[] = [TUNE],
  presence: string = presenceOf(client(...nodes)),
  claimed: DiscoInfo = client(...nodes),
): Promise<{ readonly messages: readonly Element[]; readonly asked: number }> {
  await person.sends(presence);
  return await answersDiscovery(person, claimed);
}

/** Takes what has come, answering questions about capabilities. */
export async function answersDiscovery(
  person: Person,
  info: DiscoInfo,
): Promise<{ readonly messages: readonly Element[]; readonly asked: number }> {
  const messages: Element[] = [];
  let asked = 0;
  for (let quiet = false; !quiet; ) {
    await settled(person);
    quiet = person.client.queued.length === 0;
    while (person.client.queued.length > 0) {
      const received = await person.client.element();
      if (received.name === "message") messages.push(received);
      if (received.name !== "iq" || received.attr("type") !== "get") continue;
      asked++;
      const query = received.child("http://jabber.org/protocol/disco#info", "query");
      assert.ok(query, describe(received));
      const answer = discoInfo.write({ ...info, node: query.attr("node") });
      person.client.send(
        `<iq type='result' id='${received.attr("id")}' to='${received.attr("from")}'>${serialize(answer, "jabber:client")}</iq>`,
      );
    }
  }
  return { messages, asked };
}

/** Everything that was sent is handled; what was received is kept. */
async function settled(person: Person): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await person.client.sync();
    await new Promise(setImmediate);
  }
}

/** Both see each other's presence, and want to hear of tunes. */
export async function interestedFriends(romeo: Person, juliet: Person): Promise<void> {
  await romeo.comesOnline();
  await juliet.comesOnline();
  await befriend(romeo, juliet);
  await comesInterested(romeo);
  await comesInterested(juliet);
  await romeo.ignoresAll();
}

/** The condition of pubsub in an error, or the general one. */
export function conditionOf(answer: Element): string {
  assert.equal(answer.attr("type"), "error", describe(answer));
  const error = answer.child("jabber:client", "error");
  const specific = error?.elements().find(({ ns }) => ns === `${PUBSUB}#errors`);
  return (specific ?? error?.elements()[0])?.name ?? "";
}

/** The ids of the items in an answer. */
export function idsIn(answer: Element): readonly string[] {
  const items = answer.child(PUBSUB, "pubsub")?.child(PUBSUB, "items");
  return (items?.elements(PUBSUB, "item") ?? []).map((one) => one.attr("id") ?? "");
}
