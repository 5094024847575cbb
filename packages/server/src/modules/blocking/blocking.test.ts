import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { befriend, conversation, describe, Person, type Scene } from "@rookery/testkit";
import { contactBlocked } from "../../im/contract.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
type Both = Scene<typeof cast>;

const block = (...items: readonly string[]): string => command("block", items);
const unblock = (...items: readonly string[]): string => command("unblock", items);
const GET = "<iq type='get' id='list'><blocklist xmlns='urn:xmpp:blocking'/></iq>";
const UNAVAILABLE = `<error type='cancel'>
  <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>`;

function command(name: string, items: readonly string[]): string {
  return `<iq type='set' id='set'><${name} xmlns='urn:xmpp:blocking'>${listed(items)}</${name}></iq>`;
}

function listed(items: readonly string[]): string {
  return items.map((jid) => `<item jid='${jid}'/>`).join("");
}

const pushed = (name: string, ...items: readonly string[]): string =>
  `<iq type='set' id='*' from='juliet@example.org'>
    <${name} xmlns='urn:xmpp:blocking'>${listed(items)}</${name}></iq>`;

async function does(person: Person, iq: string): Promise<void> {
  await person.sends(iq);
  await person.receives("<iq type='result' id='set'/>");
}

async function hasBlocked(person: Person, ...items: readonly string[]): Promise<void> {
  await person.sends(GET);
  await person.receives(`<iq type='result' id='list'>
    <blocklist xmlns='urn:xmpp:blocking'>${listed(items)}</blocklist></iq>`);
}

async function friends({ romeo, juliet }: Both): Promise<void> {
  await romeo.comesOnline();
  await juliet.comesOnline();
  await befriend(romeo, juliet);
}

test(
  "XEP-0191 §3.1: the host announces it",
  conversation(cast, async ({ stage }) => {
    assert.ok(stage.server.host("example.org").features("host").includes("urn:xmpp:blocking"));
  }),
);

test(
  "XEP-0191 §3.2, §3.3, §3.4, §3.5: the list, in the order in which it grew",
  conversation(cast, async ({ juliet, stage }) => {
    await hasBlocked(juliet);
    await juliet.sends(block("Romeo@example.org"));
    stage.clock.advance(10);
    await juliet.sends(block("iago@shakespeare.lit", "romeo@example.org"));
    stage.clock.advance(10);
    await juliet.sends(block("conference.example.org", "a@b/c"));
    await juliet.ignoresAll();
    await hasBlocked(
      juliet,
      "romeo@example.org",
      "iago@shakespeare.lit",
      "conference.example.org",
      "a@b/c",
    );
    await juliet.sends(unblock("romeo@example.org", "nobody@example.org"));
    await juliet.ignoresAll();
    await hasBlocked(juliet, "iago@shakespeare.lit", "conference.example.org", "a@b/c");
    await juliet.sends(unblock());
    await juliet.ignoresAll();
    await hasBlocked(juliet);
  }),
);

test(
  "XEP-0191 §3.3, §3.4, §3.5: resources that asked for the list are told of changes, others are not",
  conversation({ ...cast, garden: "juliet@example.org/garden" }, async ({ juliet, garden }) => {
    await hasBlocked(garden);
    await does(juliet, block("romeo@example.org", "iago@shakespeare.lit"));
    await garden.receives(pushed("block", "romeo@example.org", "iago@shakespeare.lit"));
    await does(juliet, unblock("romeo@example.org"));
    await garden.receives(pushed("unblock", "romeo@example.org"));
    await does(juliet, unblock());
    await garden.receives(pushed("unblock"));
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0191 §3.3: a block command without items is a bad request, and nobody commands for another",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.sends(block());
    const answer = await juliet.client.element();
    assert.ok(
      answer
        .child("jabber:client", "error")
        ?.elements()
        .some((e) => e.name === "bad-request"),
    );
    await romeo.sends(block("x@y").replace("<iq", "<iq to='juliet@example.org'"));
    await romeo.receives(`<iq type='error' id='set'><block xmlns='urn:xmpp:blocking'>
      <item jid='x@y'/></block>${UNAVAILABLE}</iq>`);
    await hasBlocked(juliet);
  }),
);

test(
  "XEP-0191 §3.3: a contact sees the one who blocks it go offline, and is seen so (XEP-0016 §2.10)",
  conversation({ ...cast, nurse: "nurse@example.org/x" }, async (scene) => {
    const { romeo, juliet, nurse } = scene;
    await nurse.comesOnline();
    await friends(scene);
    await juliet.sends(block("romeo@example.org", "nurse@example.org"));
    await romeo.receives("<presence type='unavailable' from='juliet@example.org/chamber'/>");
    await romeo.receivesNothing();
    await nurse.receivesNothing(); // never saw juliet
  }),
);

test(
  "the blocker's own resources see the blocked contact go offline",
  conversation(cast, async (scene) => {
    const { juliet } = scene;
    await friends(scene);
    await juliet.sends(block("romeo@example.org"));
    await juliet.receivesAll(
      "<presence type='unavailable' from='romeo@example.org'/>",
      "<iq type='result' id='set'/>",
    );
  }),
);

test(
  "who is blocked hears nothing of logins, changes, logouts and broken connections; nor does the blocker",
  conversation(cast, async (scene) => {
    const { romeo, juliet, stage } = scene;
    await friends(scene);
    await juliet.sends(block("romeo@example.org"));
    await juliet.ignoresAll();
    await romeo.ignoresAll();

    await juliet.sends("<presence><show>away</show></presence>");
    await romeo.sends("<presence><show>dnd</show></presence>");
    const garden = new Person(await stage.login("juliet@example.org/garden"), stage);
    await garden.sends("<presence/>");
    const orchard = new Person(await stage.login("romeo@example.org/orchard"), stage);
    await orchard.sends("<presence/>");
    garden.client.cut();
    orchard.client.cut();
    await juliet.sends("<presence type='unavailable'/>");
    await romeo.sends("<presence type='unavailable'/>");
    await juliet.sends("<presence/>");
    await romeo.sends("<presence/>");
    await stage.settled();
    for (const [person, other] of [
      [romeo, "juliet"],
      [juliet, "romeo"],
      [garden, "romeo"],
      [orchard, "juliet"],
    ] as const) {
      const seen = person.client.queued.map(describe);
      assert.deepEqual(
        seen.filter((xml) => xml.includes(`from='${other}@`)),
        [],
      );
    }
  }),
);

test(
  "XEP-0191 §3.4: unblocked, both see each other as they are",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await friends(scene);
    await juliet.sends(block("romeo@example.org"));
    await juliet.sends("<presence><show>away</show></presence>");
    await romeo.sends("<presence><show>dnd</show></presence>");
    await juliet.ignoresAll();
    await romeo.ignoresAll();
    await juliet.sends(unblock("romeo@example.org"));
    await juliet.receivesAll(
      "<iq type='result' id='set'/>",
      "<presence from='romeo@example.org/balcony'><show>dnd</show></presence>",
    );
    await romeo.receives(
      "<presence from='juliet@example.org/chamber'><show>away</show></presence>",
    );
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0191 §3.4: who is still blocked by another item sees nothing, nor do strangers",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await friends(scene);
    await juliet.sends(block("example.org", "romeo@example.org", "stranger@example.com"));
    await juliet.ignoresAll();
    await romeo.ignoresAll();
    await does(juliet, unblock("romeo@example.org", "stranger@example.com"));
    await romeo.receivesNothing();
    await juliet.sends(unblock("example.org"));
    await romeo.receives("<presence from='juliet@example.org/chamber'/>");
  }),
);

test(
  "someone who looks offline already is not told so again by a new resource",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await friends(scene);
    await juliet.sends(block("romeo@example.org"));
    await romeo.ignoresAll();
    await juliet.sends(block("example.org"));
    await romeo.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.6: whom presence was sent to directly hears that it ends, once",
  conversation(cast, async ({ romeo, juliet }) => {
    await romeo.comesOnline();
    await juliet.sends("<presence to='romeo@example.org/balcony'/>");
    await romeo.receives("<presence from='juliet@example.org/chamber'/>");
    await does(juliet, block("romeo@example.org"));
    await romeo.receives("<presence type='unavailable' from='juliet@example.org/chamber'/>");
    await does(juliet, unblock("romeo@example.org"));
    await juliet.client.close();
    await romeo.receivesNothing();
  }),
);

test(
  "of someone who had sent presence directly, nothing more is heard",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends("<presence to='juliet@example.org'/>");
    await juliet.receives("<presence from='romeo@example.org/balcony'/>");
    await does(juliet, block("romeo@example.org"));
    await romeo.client.close();
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0191 §6: a full JID stands for one resource",
  conversation({ ...cast, orchard: "romeo@example.org/orchard" }, async (scene) => {
    const { romeo, orchard, juliet } = scene;
    await juliet.comesOnline();
    await does(juliet, block("romeo@example.org/balcony"));
    const hi = "<message to='juliet@example.org' type='chat'><body>hi</body></message>";
    await romeo.sends(hi);
    await romeo.receives(
      `<message type='error' from='juliet@example.org'>${UNAVAILABLE}</message>`,
    );
    await orchard.sends(hi);
    await juliet.receives("<message from='romeo@example.org/orchard'><body>hi</body></message>");
    await juliet.sends(
      "<message to='romeo@example.org/orchard' type='chat'><body>ho</body></message>",
    );
    await orchard.receives("<message from='juliet@example.org/chamber'><body>ho</body></message>");
  }),
);

test(
  "XEP-0191 §5: own resources and the own server cannot be blocked",
  conversation({ ...cast, garden: "juliet@example.org/garden" }, async ({ juliet, garden }) => {
    await garden.comesOnline();
    await does(juliet, block("juliet@example.org", "juliet@example.org/garden", "example.org"));
    await garden.ignoresAll();
    await juliet.sends(
      "<message to='juliet@example.org/garden' type='chat'><body>me</body></message>",
    );
    await garden.receives("<message from='juliet@example.org/chamber'><body>me</body></message>");
    await juliet.sends("<iq type='get' id='t' to='example.org'><x xmlns='urn:x'/></iq>");
    const answer = await juliet.client.element();
    assert.equal(answer.attr("id"), "t");
    await does(juliet, unblock());
  }),
);

test(
  "the list outlives sessions; it works for an account that is offline",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await does(juliet, block("romeo@example.org"));
    await juliet.client.close();
    await stage.server.host("example.org").modules.reload("blocking", {}); // nothing in memory
    await romeo.sends("<message to='juliet@example.org' type='chat'><body>hi</body></message>");
    await romeo.receives(
      `<message type='error' from='juliet@example.org'>${UNAVAILABLE}</message>`,
    );
    const again = new Person(await stage.login("juliet@example.org/chamber"), stage);
    await hasBlocked(again, "romeo@example.org");
  }),
);

test(
  "a subscription request that came before is not shown any more, until unblocked",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await romeo.sends("<presence to='juliet@example.org' type='subscribe'/>");
    await does(juliet, block("romeo@example.org"));
    await juliet.sends("<presence/>");
    await juliet.receives("<presence from='juliet@example.org/chamber'/>");
    await juliet.receivesNothing();
    await does(juliet, unblock("romeo@example.org"));
    const garden = new Person(await stage.login("juliet@example.org/garden"), stage);
    await garden.sends("<presence/>");
    await garden.receivesAll(
      "<presence from='juliet@example.org/garden'/>",
      "<presence from='juliet@example.org/chamber'/>",
      "<presence type='subscribe' from='romeo@example.org'/>",
    );
  }),
);

test(
  "RFC 6121 §2.5.2: a blocked contact that is removed from the roster loses its subscription",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await friends(scene);
    await romeo.sends("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    await juliet.sends(block("romeo@example.org"));
    await juliet.ignoresAll();
    await romeo.ignoresAll();
    await juliet.sends(`<iq type='set' id='x'><query xmlns='jabber:iq:roster'>
      <item jid='romeo@example.org' subscription='remove'/></query></iq>`);
    await juliet.ignoresAll();
    await romeo.ignoresAll();
    await romeo.sends("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    await romeo.receives(`<iq type='result' id='r'><query xmlns='jabber:iq:roster'>
      <item jid='juliet@example.org' subscription='none'/></query></iq>`);
  }),
);

test(
  "the limit blockedItems bounds a list; what is blocked already counts once",
  conversation(
    cast,
    async ({ juliet }) => {
      await does(juliet, block("a@b", "c@d"));
      await does(juliet, block("a@b", "e@f"));
      await juliet.sends(block("g@h"));
      await juliet.receives(`<iq type='error' id='set'>
        <block xmlns='urn:xmpp:blocking'><item jid='g@h'/></block><error type='wait'>
        <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`);
      await does(juliet, unblock("a@b"));
      await does(juliet, block("g@h"));
      await juliet.sends(GET);
      const list = (await juliet.client.element()).child("urn:xmpp:blocking", "blocklist");
      assert.deepEqual(
        new Set(list?.elements().map((item) => item.attr("jid"))),
        new Set(["c@d", "e@f", "g@h"]),
      );
    },
    { config: { limits: { blockedItems: 3 } } },
  ),
);

test(
  "the next owner of a name blocks nobody",
  conversation({ romeo: cast.romeo }, async ({ romeo, stage }) => {
    const juliet = await stage.login(cast.juliet);
    juliet.send(block("romeo@example.org"));
    await juliet.sync();
    await juliet.close();
    const host = stage.server.host("example.org");
    await host.removeAccount(Jid.parse("juliet@example.org"));
    await stage.accounts("juliet@example.org");
    const again = new Person(await stage.login(cast.juliet), stage);
    await again.comesOnline();
    await romeo.sends("<message to='juliet@example.org' type='chat'><body>hi</body></message>");
    await again.receives("<message from='romeo@example.org/balcony'><body>hi</body></message>");
    await hasBlocked(again);
  }),
);

test(
  "other parts of the server can ask who is blocked, and who is not",
  conversation(cast, async ({ juliet, stage }) => {
    await does(juliet, block("romeo@example.org", "evil.example"));
    const { hooks } = stage.server.host("example.org");
    const account = juliet.jid.bare;
    const isBlocked = (other: string): unknown =>
      hooks.run(contactBlocked, { account, other: Jid.parse(other) });
    assert.equal(isBlocked("romeo@example.org/x"), true);
    assert.equal(isBlocked("room@evil.example/nick"), true);
    assert.equal(isBlocked("nurse@example.org"), undefined);
    assert.equal(isBlocked("juliet@example.org"), undefined);
  }),
);
