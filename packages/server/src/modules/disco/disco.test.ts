import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { discoInfo, readContactForm } from "@rookery/protocol";
import { befriend, conversation, type TestServer } from "@rookery/testkit";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
const SECRET = "wherefore art thou";
const ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'/>";

test(
  "XEP-0030 §3.1: the host tells what it is and what it can",
  conversation(cast, async ({ romeo }) => {
    await romeo.sends(`<iq type='get' id='d1' to='example.org'>${INFO}</iq>`);
    const info = discoInfo.in(await romeo.client.element());
    // other modules may tell what else it is
    assert.deepEqual(info?.identities[0], {
      category: "server",
      type: "im",
      name: "Rookery",
      lang: undefined,
    });
    for (const feature of [
      "http://jabber.org/protocol/disco#info",
      "http://jabber.org/protocol/disco#items",
    ]) {
      assert.ok(info?.features.includes(feature), feature);
    }
    assert.equal(new Set(info?.features).size, info?.features.length);
    assert.deepEqual(info?.forms, []);
  }),
);

test(
  "XEP-0030 §4.1: the host has no items as long as it has no services",
  conversation(cast, async ({ romeo }) => {
    await romeo.sends(`<iq type='get' id='d1' to='example.org'>${ITEMS}</iq>`);
    await romeo.receives(`<iq type='result' id='d1' from='example.org'>${ITEMS}</iq>`);
  }),
);

test(
  "XEP-0030 §4.1: the host's items are the components that are connected",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const ask = `<iq type='get' id='d1' to='example.org'>${ITEMS}</iq>`;
      await romeo.asks(ask, `<iq type='result' id='d1'>${ITEMS}</iq>`);
      await connectComponent(stage);
      await romeo.asks(
        ask,
        `<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#items'>
          <item jid='plays.example.org'/></query></iq>`,
      );
    },
    { config: { components: { "plays.example.org": { secret: SECRET } } } },
  ),
);

/** Opens the stream of the component plays.example.org and proves its secret (XEP-0114 §3). */
async function connectComponent(stage: TestServer): Promise<void> {
  const component = stage.connectComponent();
  component.write(
    "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='plays.example.org'>",
  );
  const open = await component.next();
  assert.ok(open !== "closed" && "event" in open && open.event === "open");
  const digest = createHash("sha1")
    .update(`${open.header.attr("id")}${SECRET}`)
    .digest("hex");
  component.write(`<handshake>${digest}</handshake>`);
  assert.ok((await component.element()).is("jabber:component:accept", "handshake"));
}

test(
  "XEP-0030 §3.2, §4.2: a node that nobody knows is not found",
  conversation(cast, async ({ romeo }) => {
    for (const what of ["info", "items"]) {
      const query = `<query xmlns='http://jabber.org/protocol/disco#${what}' node='nothing'/>`;
      await romeo.sends(`<iq type='get' id='d1' to='example.org'>${query}</iq>`);
      await romeo.receives(`<iq type='error' id='d1'>${query}<error type='cancel'>
        <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`);
    }
  }),
);

test(
  "XEP-0030 §8: an account is told of to itself and to those who see its presence, not to others",
  conversation(cast, async ({ romeo, juliet }) => {
    const ask = `<iq type='get' id='d1' to='juliet@example.org'>${INFO}</iq>`;
    await juliet.sends(ask);
    const own = discoInfo.in(await juliet.client.element());
    const [identity] = own?.identities ?? [];
    assert.deepEqual([identity?.category, identity?.type], ["account", "registered"]);

    await romeo.sends(ask);
    await romeo.receives(`<iq type='error' id='d1' from='juliet@example.org'>${INFO}
      <error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`);

    await romeo.comesOnline();
    await juliet.comesOnline();
    await befriend(romeo, juliet);
    await romeo.sends(ask);
    const info = discoInfo.in(await romeo.client.element());
    assert.ok(info?.features.includes("http://jabber.org/protocol/disco#info"));
  }),
);

test(
  "SECURITY: an account that hides from the asker refuses in the words of one that there is not",
  conversation(cast, async ({ romeo, juliet }) => {
    const answers = new Set<string>();
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      const answer = await romeo.asks(
        `<iq type='get' id='d1' to='${to}'>${INFO}</iq>`,
        `<iq type='error' id='d1' from='${to}'>${INFO}<error type='cancel'>
          <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`,
      );
      answers.add(JSON.stringify(answer.children));
    }
    assert.equal(answers.size, 1);
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0157 §3: the addresses of those who run the server",
  conversation(
    cast,
    async ({ romeo }) => {
      await romeo.sends(`<iq type='get' id='d1' to='example.org'>${INFO}</iq>`);
      const [form] = discoInfo.in(await romeo.client.element())?.forms ?? [];
      assert.ok(form);
      assert.deepEqual(readContactForm(form), {
        abuse: ["mailto:abuse@example.org", "xmpp:abuse@example.org"],
      });
    },
    {
      config: {
        modules: {
          disco: { contact: { abuse: ["mailto:abuse@example.org", "xmpp:abuse@example.org"] } },
        },
      },
    },
  ),
);

test(
  "a request that is wrongly written is refused alike by an account that there is and one there is not",
  conversation(cast, async ({ romeo, stage }) => {
    await stage.accounts("juliet@example.org");
    const wrong = `<query xmlns='http://jabber.org/protocol/disco#info'><feature/></query>`;
    for (const local of ["juliet", "nobody"]) {
      await romeo.sends(`<iq type='get' id='d1' to='${local}@example.org'>${wrong}</iq>`);
      const error = (await romeo.client.element()).child("jabber:client", "error");
      assert.ok(error?.child("urn:ietf:params:xml:ns:xmpp-stanzas", "bad-request"), local);
    }
  }),
);
