import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { discoInfo, Jid } from "@rookery/protocol";
import { toClientNs } from "@rookery/stream";
import { conversation, describe, type TestClient, type TestServer } from "@rookery/testkit";
import { type Element, serialize } from "@rookery/xml";
import { RemoteResources } from "./caps/remote.ts";
import {
  client,
  conditionOf,
  options,
  PUBLISHED,
  PUBSUB,
  presenceOf,
  publish,
  pubsub,
  TUNE,
} from "./scenes.test.ts";

const ACCEPT = "jabber:component:accept";
const cast = { juliet: "juliet@example.org/chamber" } as const;
const config = { components: { "far.example.org": { secret: "pencil and paper" } } };
const HAMLET = "hamlet@far.example.org";

/** A domain of its own, whose users come and go as a test says. */
class FarDomain {
  readonly #component: TestClient;

  private constructor(component: TestClient) {
    this.#component = component;
  }

  static async appears(stage: TestServer): Promise<FarDomain> {
    const component = stage.connectComponent();
    component.write(`<stream:stream xmlns='${ACCEPT}'
      xmlns:stream='http://etherx.jabber.org/streams' to='far.example.org'>`);
    const open = await component.next();
    assert.ok(open !== "closed" && "event" in open && open.event === "open");
    const secret = `${open.header.attr("id")}pencil and paper`;
    component.write(`<handshake>${createHash("sha1").update(secret).digest("hex")}</handshake>`);
    assert.ok((await component.element()).is(ACCEPT, "handshake"));
    return new FarDomain(component);
  }

  says(xml: string): void {
    this.#component.write(xml);
  }

  /** The next stanza that is no presence. */
  async receives(): Promise<Element> {
    for (;;) {
      const stanza = toClientNs(await this.#component.element(), ACCEPT);
      if (stanza.name !== "presence") return stanza;
    }
  }

  /** Answers a question about capabilities. */
  async tellsInterests(...nodes: readonly string[]): Promise<void> {
    const question = await this.receives();
    const query = question.child("http://jabber.org/protocol/disco#info", "query");
    assert.ok(query, describe(question));
    const info = discoInfo.write({ ...client(...nodes), node: query.attr("node") });
    this.says(`<iq type='result' id='${question.attr("id")}' from='${question.attr("to")}'
      to='${question.attr("from")}'>${serialize(info, ACCEPT)}</iq>`);
  }
}

const from = (resource: string): string =>
  `<presence from='${HAMLET}/${resource}' to='juliet@example.org'`;
const arrives = (resource: string, ...nodes: readonly string[]): string =>
  presenceOf(client(...nodes)).replace("<presence", from(resource));

test(
  "XEP-0163 §4: contacts on other servers are told as long as they are online, and have asked to be",
  conversation(
    cast,
    async ({ juliet, stage }) => {
      const far = await FarDomain.appears(stage);
      await juliet.comesOnline();
      far.says(`<presence type='subscribe' from='${HAMLET}' to='juliet@example.org'/>`);
      await juliet.receives(`<presence type='subscribe' from='${HAMLET}'/>`);
      await juliet.sends(`<presence type='subscribed' to='${HAMLET}'/>`);
      await juliet.asks(publish("one"), PUBLISHED);

      far.says(arrives("a", TUNE));
      await far.tellsInterests(TUNE);
      const last = await far.receives();
      assert.equal(last.attr("to"), `${HAMLET}/a`);
      assert.ok(last.child("urn:xmpp:delay"), "the last item");

      far.says(arrives("b")); // wants nothing
      await far.tellsInterests();
      far.says(arrives("c", TUNE)); // is known to want tunes
      assert.equal((await far.receives()).attr("to"), `${HAMLET}/c`);

      await juliet.asks(publish("two"));
      const told = [await far.receives(), await far.receives()];
      const addresses = new Set(told.map((message) => message.attr("to")));
      assert.deepEqual(addresses, new Set([`${HAMLET}/a`, `${HAMLET}/c`]));
      assert.match(describe(told[0] as Element), /two/);

      far.says(`${from("a")} type='unavailable'/>`);
      await juliet.ignoresAll();
      await juliet.asks(publish("three"));
      assert.equal((await far.receives()).attr("to"), `${HAMLET}/c`);

      await juliet.sends(`<presence type='unsubscribed' to='${HAMLET}'/>`);
      await juliet.asks(publish("four"));
      await juliet.asks(publish("five", { options: options({ access_model: "presence" }) }));
      far.says(`<iq type='get' id='q' from='${HAMLET}/c' to='juliet@example.org'>
        <pubsub xmlns='${PUBSUB}'><items node='${TUNE}'/></pubsub></iq>`);
      const refused = await far.receives(); // and nothing of four and five
      assert.equal(conditionOf(refused), "service-unavailable");
    },
    { config },
  ),
);

test(
  "strangers on other servers who say that they are online are neither asked nor remembered",
  conversation(
    cast,
    async ({ juliet, stage }) => {
      const far = await FarDomain.appears(stage);
      await juliet.comesOnline();
      await juliet.asks(publish("one", { options: options({ access_model: "open" }) }));
      far.says(arrives("a", TUNE));
      await juliet.ignoresAll();
      await juliet.asks(publish("two"));
      far.says(`<iq type='get' id='q' from='${HAMLET}/a' to='juliet@example.org'>
        <pubsub xmlns='${PUBSUB}'><items node='${TUNE}'/></pubsub></iq>`);
      const answer = await far.receives();
      assert.deepEqual([answer.attr("type"), answer.attr("id")], ["result", "q"]);
    },
    { config },
  ),
);

test(
  "XEP-0060 §6.1.2: one who subscribes from another server is told at its bare JID",
  conversation(
    cast,
    async ({ juliet, stage }) => {
      const far = await FarDomain.appears(stage);
      await juliet.asks(publish("one", { options: options({ access_model: "open" }) }));
      const subscribe = pubsub("set", `<subscribe node='${TUNE}' jid='${HAMLET}'/>`);
      far.says(subscribe.replace("<iq", `<iq from='${HAMLET}/a' to='juliet@example.org'`));
      assert.equal((await far.receives()).attr("type"), "result");
      assert.equal((await far.receives()).attr("to"), HAMLET);
      await juliet.asks(publish("two"));
      const told = await far.receives();
      assert.deepEqual([told.attr("to"), told.attr("from")], [HAMLET, "juliet@example.org"]);
    },
    { config },
  ),
);

test("the limit pepRemoteResources bounds those who are remembered: who came first goes", () => {
  const remote = new RemoteResources(3);
  const [romeo, juliet] = [Jid.parse("romeo@example.org"), Jid.parse("juliet@example.org")];
  const at = (resource: string): Jid => Jid.parse(`${HAMLET}/${resource}`);
  const interest = { key: "k", nodes: new Set([TUNE]), known: undefined };
  for (const resource of ["a", "b"]) remote.add(romeo, at(resource)).set(interest);
  for (const resource of ["a", "b"]) remote.add(juliet, at(resource)).set(interest);
  const told = (account: Jid): string[] =>
    remote.interested(account, TUNE).map(({ resource }) => resource);
  assert.deepEqual([told(romeo), told(juliet)], [["b"], ["a", "b"]]);
  remote.remove(juliet, at("a"));
  remote.add(romeo, at("c")).set(interest);
  assert.deepEqual([told(romeo), told(juliet)], [["b", "c"], ["b"]]);
  remote.remove(romeo, Jid.parse(HAMLET));
  remote.forget(juliet);
  assert.deepEqual([told(romeo), told(juliet)], [[], []]);
});
