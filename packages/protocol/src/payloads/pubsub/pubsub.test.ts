import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el, parseDocument } from "@rookery/xml";
import type { Codec } from "../../codec.ts";
import { StanzaError } from "../../errors.ts";
import { type Form, formTypeOf } from "../../forms.ts";
import { Jid } from "../../jid.ts";
import { displayedUpTo } from "../displayed.ts";
import { type PubSubAnswer, pubsubAnswer } from "./answer.ts";
import { pubsubConditionOf, pubsubError, pubsubUnsupported } from "./errors.ts";
import { type PubSubEvent, pubsubEvent } from "./event.ts";
import { type PubSubOwner, pubsubOwner } from "./owner.ts";
import { type PubSubRequest, pubsubRequest } from "./request.ts";

const NS = "http://jabber.org/protocol/pubsub";
const francisco = Jid.parse("francisco@denmark.lit");
const entry = el("http://www.w3.org/2005/Atom", "entry", {}, el("urn:t", "title", {}, "Soliloquy"));
const form: Form = {
  type: "submit",
  title: undefined,
  instructions: undefined,
  fields: [
    {
      var: "FORM_TYPE",
      type: "hidden",
      label: undefined,
      desc: undefined,
      required: undefined,
      values: [`${NS}#publish-options`],
      options: undefined,
      validation: undefined,
    },
  ],
  reported: undefined,
  items: undefined,
  pages: undefined,
};
const xml = (inside: string, part = ""): Element =>
  parseDocument(`<pubsub xmlns='${NS}${part}'>${inside}</pubsub>`);
const request = (inside: string) => pubsubRequest.read(xml(inside));
const owner = (inside: string) => pubsubOwner.read(xml(inside, "#owner"));
const refused =
  (specific: string | undefined, condition = "bad-request") =>
  (error: unknown): boolean =>
    error instanceof StanzaError &&
    error.condition === condition &&
    pubsubConditionOf(error) === specific;

function readsWhatItWrites<T>(kind: Codec<T>, values: readonly T[]): void {
  for (const value of values) {
    const written = kind.write(value);
    assert.deepEqual(kind.read(written), value);
    assert.deepEqual(kind.write(kind.read(written)), written);
  }
}

test("XEP-0060 §6, §7, §8.1: every request is read as it was written", () => {
  const node = "princely_musings";
  readsWhatItWrites<PubSubRequest>(pubsubRequest, [
    { kind: "create", node, configure: undefined },
    { kind: "create", node: undefined, configure: form },
    { kind: "subscribe", node, jid: francisco, options: form },
    { kind: "unsubscribe", node, jid: francisco, subId: "123-abc" },
    { kind: "options", node, jid: francisco, subId: undefined, form: undefined },
    { kind: "options", node, jid: francisco, subId: "1", form },
    {
      kind: "publish",
      node,
      items: [{ id: "current", publisher: undefined, payload: entry }],
      options: form,
    },
    { kind: "publish", node, items: [], options: undefined },
    { kind: "retract", node, itemIds: ["a", "b"], notify: true },
    { kind: "retract", node, itemIds: ["a"], notify: false },
    { kind: "items", node, itemIds: [], maxItems: 2, subId: "1", page: undefined },
    {
      kind: "items",
      node,
      itemIds: ["a"],
      maxItems: undefined,
      subId: undefined,
      page: { max: 10, after: undefined, before: "", index: undefined },
    },
    { kind: "subscriptions", node: undefined },
    { kind: "affiliations", node },
    { kind: "default", node: undefined },
  ]);
});

test("XEP-0060 §7.1.5: what is published with options", () => {
  const read = request(`
    <publish node='princely_musings'>
      <item id='ae890ac52d0df67ed7cfdf51b644e901'><entry xmlns='http://www.w3.org/2005/Atom'/></item>
    </publish>
    <publish-options>
      <x xmlns='jabber:x:data' type='submit'>
        <field var='FORM_TYPE' type='hidden'><value>${NS}#publish-options</value></field>
        <field var='pubsub#access_model'><value>presence</value></field>
      </x>
    </publish-options>`);
  assert.ok(read.kind === "publish");
  assert.equal(read.node, "princely_musings");
  assert.equal(read.items[0]?.id, "ae890ac52d0df67ed7cfdf51b644e901");
  assert.equal(read.items[0]?.payload?.name, "entry");
  assert.equal(read.options && formTypeOf(read.options), `${NS}#publish-options`);
});

test("XEP-0060 §6.3.7: options that come with a subscription are not a request of their own", () => {
  const read = request(`<subscribe node='n' jid='francisco@denmark.lit'/>
    <options><x xmlns='jabber:x:data' type='submit'/></options>`);
  assert.ok(read.kind === "subscribe");
  assert.equal(read.options?.type, "submit");
});

test("XEP-0060 §8.1.2, §8.1.3: an empty <configure/> and no name leave both to the service", () => {
  assert.deepEqual(request("<create/><configure/>"), {
    kind: "create",
    node: undefined,
    configure: undefined,
  });
});

test("a request that is malformed is refused with what is wrong", () => {
  assert.throws(() => request(""), refused(undefined));
  assert.throws(() => request("<toString/>"), refused(undefined));
  assert.throws(() => request("<create node='a'/><publish node='a'/>"), refused(undefined));
  assert.throws(() => request("<publish><item/></publish>"), refused("nodeid-required"));
  assert.throws(() => request("<items node=''/>"), refused("nodeid-required"));
  assert.throws(() => request("<subscribe node='n'/>"), refused("jid-required"));
  assert.throws(
    () => request("<unsubscribe node='n' jid='a@b@c'/>"),
    refused(undefined, "jid-malformed"),
  );
  assert.throws(() => request("<retract node='n'/>"), refused("item-required"));
  assert.throws(() => request("<retract node='n'><item/></retract>"), refused("item-required"));
  assert.throws(
    () => request("<retract node='n' notify='x'><item id='a'/></retract>"),
    refused(undefined),
  );
  assert.throws(() => request("<items node='n'><item/></items>"), refused("item-required"));
  assert.throws(
    () => request("<publish node='n'><item><a/><b/></item></publish>"),
    refused("invalid-payload"),
  );
  assert.throws(() => request("<publish node='n'/><publish-options/>"), refused(undefined));
  for (const max of ["0", "-1", "x", ""]) {
    assert.throws(() => request(`<items node='n' max_items='${max}'/>`), refused(undefined), max);
  }
});

test("XEP-0060 §5, §6, §7: every answer is read as it was written", () => {
  const node = "princely_musings";
  const subscription = {
    node,
    jid: francisco,
    subId: "ba49252aaa4f5d320c24d3766f0bdcade78c78d3",
    state: "subscribed",
    expiry: Date.UTC(2006, 1, 28, 23, 59),
  } as const;
  readsWhatItWrites<PubSubAnswer>(pubsubAnswer, [
    { kind: "create", node },
    { kind: "subscription", subscription, options: undefined },
    { kind: "subscription", subscription, options: "possible" },
    {
      kind: "subscription",
      subscription: { ...subscription, state: "unconfigured", expiry: undefined },
      options: "required",
    },
    { kind: "subscriptions", node: undefined, subscriptions: [subscription] },
    {
      kind: "affiliations",
      node: undefined,
      affiliations: [
        { node: "node1", affiliation: "owner" },
        { node: "node2", affiliation: "publish-only" },
      ],
    },
    {
      kind: "items",
      node,
      items: [{ id: "1", publisher: "hamlet@denmark.lit/x", payload: entry }],
      page: { first: "1", last: "1", index: 0, count: 19 },
    },
    { kind: "publish", node, itemIds: ["1"] },
    { kind: "options", node, jid: francisco, subId: undefined, form },
    { kind: "default", node, form },
  ]);
  assert.throws(() => pubsubAnswer.read(xml("")), refused(undefined));
  const odd = "<subscription node='n' jid='a@b.example' subscription='odd'/>";
  assert.throws(() => pubsubAnswer.read(xml(odd)), refused(undefined));
  const king = "<affiliations><affiliation node='n' affiliation='king'/></affiliations>";
  assert.throws(() => pubsubAnswer.read(xml(king)), refused(undefined));
});

test("XEP-0060 §8: what owners ask is read as it was written", () => {
  const node = "princely_musings";
  readsWhatItWrites<PubSubOwner>(pubsubOwner, [
    { kind: "configure", node, form: undefined },
    { kind: "configure", node, form },
    { kind: "default", form: undefined },
    { kind: "delete", node, redirect: undefined },
    { kind: "delete", node, redirect: "xmpp:hamlet@denmark.lit?;node=blog" },
    { kind: "purge", node },
    { kind: "subscriptions", node, subscriptions: [] },
    {
      kind: "subscriptions",
      node,
      subscriptions: [
        { node: undefined, jid: francisco, subId: "1", state: "none", expiry: undefined },
      ],
    },
    { kind: "affiliations", node, affiliations: [{ jid: francisco, affiliation: "outcast" }] },
  ]);
  assert.throws(() => owner(""), refused(undefined));
  assert.throws(() => owner("<purge node='a'/><delete node='a'/>"), refused(undefined));
  assert.throws(() => owner("<delete/>"), refused("nodeid-required"));
  assert.throws(() => owner("<delete node='a'><redirect/></delete>"), refused(undefined));
  assert.throws(
    () => owner("<affiliations node='a'><affiliation affiliation='owner'/></affiliations>"),
    refused("jid-required"),
  );
  assert.throws(
    () => owner("<affiliations node='a'><affiliation jid='a@b.example'/></affiliations>"),
    refused(undefined),
  );
  assert.throws(
    () => owner("<subscriptions node='a'><subscription jid='a@b.example'/></subscriptions>"),
    refused(undefined),
  );
});

test("XEP-0060 §7.1.2, §7.2.2, §8: every event is read as it was written", () => {
  const node = "princely_musings";
  readsWhatItWrites<PubSubEvent>(pubsubEvent, [
    {
      kind: "items",
      node,
      items: [{ id: "1", publisher: undefined, payload: entry }],
      retracted: [],
    },
    { kind: "items", node, items: [], retracted: ["1", "2"] },
    { kind: "purge", node },
    { kind: "delete", node, redirect: undefined },
    { kind: "delete", node, redirect: "xmpp:hamlet@denmark.lit" },
    { kind: "configuration", node, form: undefined },
    { kind: "configuration", node, form },
    {
      kind: "subscription",
      subscription: {
        node,
        jid: francisco,
        subId: undefined,
        state: "subscribed",
        expiry: undefined,
      },
    },
  ]);
  const event = (inside: string) =>
    pubsubEvent.read(parseDocument(`<event xmlns='${NS}#event'>${inside}</event>`));
  assert.throws(() => event(""), refused(undefined));
  assert.throws(() => event("<items/>"), refused("nodeid-required"));
  assert.throws(() => event("<items node='n'><retract/></items>"), refused("item-required"));
});

test("XEP-0060: an error has the condition of pubsub and the general one", () => {
  const error = pubsubError("precondition-not-met", "the node is open");
  assert.equal(error.condition, "conflict");
  assert.equal(error.type, "cancel");
  assert.deepEqual(error.specific, el(`${NS}#errors`, "precondition-not-met"));
  assert.equal(pubsubConditionOf(StanzaError.read(error.toElement())), "precondition-not-met");
  assert.equal(pubsubError("not-subscribed", "", "not-authorized").type, "auth");
  const unsupported = pubsubUnsupported("collections", "no");
  assert.equal(unsupported.condition, "feature-not-implemented");
  assert.equal(unsupported.specific?.attr("feature"), "collections");
  assert.equal(pubsubConditionOf(unsupported), "unsupported");
  assert.equal(pubsubConditionOf(new StanzaError("conflict")), undefined);
});

test("XEP-0490 §4.2: up to which message a chat was displayed", () => {
  const displayed = parseDocument(`<displayed xmlns='urn:xmpp:mds:displayed:0'>
    <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='0f710f2b'/></displayed>`);
  const read = displayedUpTo.read(displayed);
  assert.deepEqual(read, { id: "0f710f2b", by: Jid.parse("juliet@capulet.lit") });
  assert.deepEqual(displayedUpTo.read(displayedUpTo.write(read)), read);
  const empty = el("urn:xmpp:mds:displayed:0", "displayed");
  assert.throws(() => displayedUpTo.read(empty), refused(undefined));
});
