import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { befriend, conversation, Person, type Scene, TestServer } from "@rookery/testkit";
import fc from "fast-check";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

const push = (item: string): string =>
  `<iq type='set' id='*'><query xmlns='jabber:iq:roster' ver='*'>${item}</query></iq>`;

/** A subscription stanza. */
const say = (type: string, to: string): string => `<presence type='${type}' to='${to}'/>`;
const ROMEO = "romeo@example.org";
const JULIET = "juliet@example.org";

/** The roster as `jid subscription ask approved`. */
async function rosterOf(person: Person): Promise<string[]> {
  const answer = await person.asksForRoster();
  return (answer.elements()[0]?.elements() ?? []).map((item) =>
    ["jid", "subscription", "ask", "approved"]
      .map((name) => item.attr(name))
      .filter((value) => value !== undefined)
      .join(" "),
  );
}

async function bothListen({ romeo, juliet }: Scene<typeof cast>): Promise<void> {
  for (const person of [romeo, juliet]) {
    await person.asksForRoster();
    await person.comesOnline();
  }
}

test(
  "RFC 6121 §3.1: a request, its approval, and what both hear of it, in order",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await bothListen(scene);
    await romeo.sends(
      `<presence type='subscribe' to='juliet@example.org/chamber' id='s1'><status>it is I</status></presence>`,
    );
    await romeo.receives(push(`<item jid='${JULIET}' subscription='none' ask='subscribe'/>`));
    await romeo.receivesNothing();
    // §3.1.2: stamped with the bare JID; §3.1.3: nothing in the roster yet
    await juliet.receives(
      `<presence type='subscribe' from='${ROMEO}' to='${JULIET}' id='s1'>
        <status>it is I</status></presence>`,
    );
    await juliet.receivesNothing();

    await juliet.sends(say("subscribed", `${ROMEO}/balcony`));
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='from'/>`));
    await juliet.receivesNothing();
    await romeo.receives(`<presence type='subscribed' from='${JULIET}' to='${ROMEO}'/>`);
    await romeo.receives(push(`<item jid='${JULIET}' subscription='to'/>`));
    await romeo.receives(`<presence from='${JULIET}/chamber' to='${ROMEO}'/>`);
    await romeo.receivesNothing();

    await juliet.sends(say("subscribe", ROMEO));
    await romeo.sends(say("subscribed", JULIET));
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='from' ask='subscribe'/>`));
    await juliet.receives(`<presence type='subscribed' from='${ROMEO}' to='${JULIET}'/>`);
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='both'/>`));
    await juliet.receives(`<presence from='${ROMEO}/balcony' to='${JULIET}'/>`);
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §3.1.3: a request waits for one who is offline, with all it said, until it is answered",
  conversation({ romeo: cast.romeo }, async ({ romeo, stage }) => {
    await stage.accounts(JULIET);
    const payload = "<status>please</status><nick xmlns='http://jabber.org/protocol/nick'>R</nick>";
    await romeo.sends(`<presence type='subscribe' to='${JULIET}' id='s1'>${payload}</presence>`);
    await romeo.sends(`<presence type='subscribe' to='${JULIET}' id='s2'/>`);
    const request = `<presence type='subscribe' id='s1' from='${ROMEO}' to='${JULIET}'>${payload}</presence>`;
    for (const resource of ["chamber", "garden"]) {
      const juliet = await Person.enters(stage, `${JULIET}/${resource}`);
      await juliet.receivesNothing(); // not before it is available
      await juliet.sends("<presence/>");
      await juliet.receives(`<presence from='${JULIET}/${resource}'/>`);
      await juliet.receives(request);
      await juliet.receivesNothing();
      await juliet.leaves();
    }
    const juliet = await Person.enters(stage, `${JULIET}/chamber`);
    await juliet.comesOnline();
    await juliet.sends(say("subscribed", ROMEO));
    await juliet.leaves();
    const again = await Person.enters(stage, `${JULIET}/chamber`);
    await again.sends("<presence/>");
    await again.receives(`<presence from='${JULIET}/chamber'/>`);
    await again.receivesNothing();
    assert.deepEqual(await rosterOf(romeo), [`${JULIET} to`]);
  }),
);

test(
  "RFC 6121 §3.1.3: a request goes to every available resource, and to no other",
  conversation(
    { ...cast, garden: "juliet@example.org/garden", crypt: "juliet@example.org/crypt" },
    async ({ romeo, juliet, garden, crypt }) => {
      await juliet.comesOnline();
      await garden.comesOnline("<presence><priority>-5</priority></presence>");
      await crypt.asksForRoster();
      await juliet.ignoresAll();
      await romeo.sends(say("subscribe", JULIET));
      for (const person of [juliet, garden]) {
        await person.receives(`<presence type='subscribe' from='${ROMEO}'/>`);
        await person.receivesNothing();
      }
      await crypt.receivesNothing();
    },
  ),
);

test(
  "RFC 6121 §3.1.3: one who is subscribed and asks again is answered at once, and nobody is bothered",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await bothListen(scene);
    await befriend(romeo, juliet);
    await romeo.sends(say("subscribe", JULIET));
    await juliet.receivesNothing();
    assert.deepEqual(await rosterOf(romeo), [`${JULIET} both`]);
  }),
);

test(
  "RFC 6121 §3.1.4, §3.2: a denial ends the request, and the next one is asked anew",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await bothListen(scene);
    for (let i = 0; i < 2; i++) {
      await romeo.sends(say("subscribe", JULIET));
      await romeo.receives(push(`<item jid='${JULIET}' subscription='none' ask='subscribe'/>`));
      await juliet.receives(`<presence type='subscribe' from='${ROMEO}' to='${JULIET}'/>`);
      await juliet.sends(say("unsubscribed", ROMEO));
      await romeo.receives(`<presence type='unsubscribed' from='${JULIET}' to='${ROMEO}'/>`);
      await romeo.receives(push(`<item jid='${JULIET}' subscription='none'/>`));
      await romeo.receivesNothing();
      await juliet.receivesNothing();
    }
    assert.deepEqual(await rosterOf(juliet), []);
  }),
);

test(
  "RFC 6121 §3.2: a contact cancels: unavailable presence, then the news, then the push",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await befriend(romeo, juliet);
    await bothListen(scene);
    for (const person of [romeo, juliet]) await person.ignoresAll();
    await juliet.sends(say("unsubscribed", ROMEO));
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='to'/>`));
    await juliet.receivesNothing();
    await romeo.receives(`<presence type='unavailable' from='${JULIET}/chamber' to='${ROMEO}'/>`);
    await romeo.receives(`<presence type='unsubscribed' from='${JULIET}' to='${ROMEO}'/>`);
    await romeo.receives(push(`<item jid='${JULIET}' subscription='from'/>`));
    await romeo.receivesNothing();
  }),
);

test(
  "RFC 6121 §3.3: a user unsubscribes: the contact hears of it and is seen no more",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await befriend(romeo, juliet);
    await bothListen(scene);
    for (const person of [romeo, juliet]) await person.ignoresAll();
    await romeo.sends(say("unsubscribe", JULIET));
    await romeo.receives(push(`<item jid='${JULIET}' subscription='from'/>`));
    await romeo.receives(`<presence type='unavailable' from='${JULIET}/chamber' to='${ROMEO}'/>`);
    await romeo.receivesNothing();
    await juliet.receives(`<presence type='unsubscribe' from='${ROMEO}' to='${JULIET}'/>`);
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='to'/>`));
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §3.3.3: a request that is withdrawn waits no longer",
  conversation({ romeo: cast.romeo }, async ({ romeo, stage }) => {
    await stage.accounts(JULIET);
    await romeo.sends(say("subscribe", JULIET));
    await romeo.sends(say("unsubscribe", JULIET));
    const juliet = await Person.enters(stage, `${JULIET}/chamber`);
    await juliet.sends("<presence/>");
    await juliet.receives(`<presence from='${JULIET}/chamber'/>`);
    await juliet.receivesNothing();
    assert.deepEqual(await rosterOf(romeo), [`${JULIET} none`]);
  }),
);

test(
  "RFC 6121 §3.4: a request that was approved before it came is granted at once, and once",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await bothListen(scene);
    await juliet.sends(say("subscribed", ROMEO));
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='none' approved='true'/>`));
    await romeo.receivesNothing(); // §3.4.1: it is not told
    await romeo.sends(say("subscribe", JULIET));
    await romeo.receives(push(`<item jid='${JULIET}' subscription='none' ask='subscribe'/>`));
    await romeo.receives(`<presence type='subscribed' from='${JULIET}' to='${ROMEO}'/>`);
    await romeo.receives(push(`<item jid='${JULIET}' subscription='to'/>`));
    await romeo.receives(`<presence from='${JULIET}/chamber'/>`);
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='from' approved='true'/>`));
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §3.4.2: a pre-approval can be taken back",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await bothListen(scene);
    await juliet.sends(say("subscribed", ROMEO));
    await juliet.sends(say("unsubscribed", ROMEO));
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='none' approved='true'/>`));
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='none'/>`));
    await romeo.receivesNothing();
    await romeo.sends(say("subscribe", JULIET));
    await juliet.receives(`<presence type='subscribe' from='${ROMEO}'/>`);
  }),
);

test(
  "RFC 6121 §3.1.2: a resource that did not ask for the roster gets no pushes, but the answers go on",
  conversation(
    { ...cast, orchard: "romeo@example.org/orchard" },
    async ({ romeo, juliet, orchard }) => {
      await orchard.asksForRoster();
      await romeo.comesOnline();
      await juliet.comesOnline();
      await romeo.sends(say("subscribe", JULIET));
      await juliet.sends(say("subscribed", ROMEO));
      await orchard.receives(push(`<item jid='${JULIET}' subscription='none' ask='subscribe'/>`));
      // §3.1.6: the answer is for interested resources
      await orchard.receives(`<presence type='subscribed' from='${JULIET}' to='${ROMEO}'/>`);
      await orchard.receives(push(`<item jid='${JULIET}' subscription='to'/>`));
      await orchard.receivesNothing();
      await romeo.receives(`<presence from='${JULIET}/chamber'/>`);
      await romeo.receivesNothing();
    },
  ),
);

test(
  "RFC 6121 §8.5.1: a request to an account that there is not disappears, like one that waits",
  conversation(cast, async ({ romeo, juliet }) => {
    await romeo.asksForRoster();
    for (const type of ["subscribe", "subscribed", "unsubscribe", "unsubscribed"]) {
      await romeo.sends(say(type, "nobody@example.org"));
    }
    await romeo.ignoresAll();
    await romeo.sends(say("subscribe", "nobody@example.org"));
    await romeo.sends(say("subscribe", JULIET));
    for (const jid of ["nobody@example.org", JULIET]) {
      await romeo.receives(push(`<item jid='${jid}' subscription='none' ask='subscribe'/>`));
    }
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §3.1.1: nobody subscribes to itself, and a request needs an address",
  conversation(cast, async (scene) => {
    const { romeo } = scene;
    await bothListen(scene);
    for (const type of ["subscribe", "subscribed", "unsubscribe", "unsubscribed"]) {
      await romeo.sends(say(type, ROMEO));
      await romeo.sends(say(type, `${ROMEO}/orchard`));
      await romeo.receivesNothing();
      await romeo.sends(`<presence type='${type}' id='s1'/>`);
      await romeo.receives(
        `<presence type='error' id='s1'><error type='modify'>
          <bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></presence>`,
      );
    }
    assert.deepEqual(await rosterOf(romeo), []);
  }),
);

test(
  "the limit subscriptionRequests bounds what strangers can pile up",
  conversation(
    { ...cast, third: "third@example.org/r" },
    async ({ romeo, juliet, third, stage }) => {
      await romeo.sends(say("subscribe", JULIET));
      await third.sends(say("subscribe", JULIET));
      await juliet.sends("<presence/>");
      await juliet.receives(`<presence from='${JULIET}/chamber'/>`);
      await juliet.receives(`<presence type='subscribe' from='${ROMEO}'/>`);
      await juliet.receivesNothing();
      await juliet.sends(say("unsubscribed", ROMEO));
      await stage.settled();
      await third.sends(say("unsubscribe", JULIET));
      await third.sends(say("subscribe", JULIET));
      await juliet.receives("<presence type='subscribe' from='third@example.org'/>");
    },
    { config: { limits: { subscriptionRequests: 1 } } },
  ),
);

test(
  "RFC 6121 §2.5.2: who deletes a contact ends everything between the two",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await befriend(romeo, juliet);
    await bothListen(scene);
    for (const person of [romeo, juliet]) await person.ignoresAll();
    await romeo.asks(
      `<iq type='set' id='r1'><query xmlns='jabber:iq:roster'>
        <item jid='${JULIET}' subscription='remove'/></query></iq>`,
      "<iq type='result' id='r1'/>",
    );
    await romeo.receives(push(`<item jid='${JULIET}' subscription='remove'/>`));
    await romeo.receives(`<presence type='unavailable' from='${JULIET}/chamber'/>`);
    await romeo.receivesNothing();
    await juliet.receives(`<presence type='unavailable' from='${ROMEO}/balcony' to='${JULIET}'/>`);
    await juliet.receives(`<presence type='unsubscribe' from='${ROMEO}' to='${JULIET}'/>`);
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='to'/>`));
    await juliet.receives(`<presence type='unsubscribed' from='${ROMEO}' to='${JULIET}'/>`);
    await juliet.receives(push(`<item jid='${ROMEO}' subscription='none'/>`));
    await juliet.receivesNothing();
  }),
);

const STANZAS = [
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "remove",
  "go",
  "come",
] as const;

test("RFC 6121 §3, §A: whatever two people do, each is subscribed exactly if the other's roster says so", async () => {
  await using stage = await TestServer.start();
  let plays = 0;
  const step = fc.tuple(fc.boolean(), fc.constantFrom(...STANZAS));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const n = plays++;
      const people = [`a${n}@example.org`, `b${n}@example.org`] as const;
      const there = new Map<string, Person>();
      for (const name of people) there.set(name, await Person.enters(stage, `${name}/r`));
      for (const [first, action] of steps) {
        const [self, other] = first ? people : [people[1], people[0]];
        const person = there.get(self) as Person;
        if (action === "go") {
          await person.leaves();
          there.set(self, await Person.enters(stage, `${self}/r`));
        } else if (action === "come") await person.sends("<presence/>");
        else if (action === "remove") {
          await person.asks(
            `<iq type='set' id='rm'><query xmlns='jabber:iq:roster'>
              <item jid='${other}' subscription='remove'/></query></iq>`,
          );
        } else await person.sends(say(action, other));
        await stage.settled();
        await consistent(stage, people);
      }
      for (const person of there.values()) await person.leaves();
    }),
    { numRuns: 20 },
  );
});

/** One is subscribed if the other shares, and waits if the other has its request. */
async function consistent(stage: TestServer, [a, b]: readonly [string, string]): Promise<void> {
  const { im } = stage.server.host("example.org");
  for (const [one, other] of [
    [Jid.parse(a), Jid.parse(b)],
    [Jid.parse(b), Jid.parse(a)],
  ] as const) {
    const seen = await im.rosters.get(one);
    const shown = await im.rosters.get(other);
    assert.equal(seen.isSubscribedTo(other), shown.isSubscriber(one), `${one} → ${other}`);
    const asks = seen.get(other)?.ask ?? false;
    const asked = shown.get(one)?.pendingIn !== undefined;
    assert.equal(asks, asked, `the request of ${one} to ${other}`);
  }
}
