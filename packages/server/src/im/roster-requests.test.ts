import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, Person } from "@rookery/testkit";

const cast = {
  romeo: "romeo@example.org/balcony",
  orchard: "romeo@example.org/orchard",
  juliet: "juliet@example.org/chamber",
} as const;

const NURSE = "nurse@example.org";

/** A roster get or set with these items. */
const roster = (type: "get" | "set", items = "", to = ""): string =>
  `<iq type='${type}' id='r1' ${to && `to='${to}'`}>
    <query xmlns='jabber:iq:roster'>${items}</query></iq>`;

const push = (item: string): string =>
  `<iq type='set' id='*' from='romeo@example.org'><query xmlns='jabber:iq:roster' ver='*'>${item}</query></iq>`;

const DONE = "<iq type='result' id='r1' from='romeo@example.org' to='romeo@example.org/balcony'/>";

const error = (type: string, condition: string): string =>
  `<iq type='error' id='r1'><query xmlns='jabber:iq:roster'>*</query><error type='${type}'>
    <${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
    <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`;

/** An answer to a roster get with these items. */
const whole = (items: string): string =>
  `<iq type='result' id='r1'><query xmlns='jabber:iq:roster'>${items}</query></iq>`;

test(
  "RFC 6121 §2.2: a roster is empty at first, and has no version for one who asks for none",
  conversation(cast, async ({ romeo }) => {
    const answer = await romeo.asks(roster("get"), whole(""));
    assert.equal(answer.elements()[0]?.attr("ver"), undefined);
  }),
);

test(
  "RFC 6121 §2.3, §2.4: a contact is added and changed as it is given, name and groups as a whole",
  conversation(cast, async ({ romeo }) => {
    const first = `<item jid='${NURSE}' name='Nurse &lt;3'><group>Servants</group><group>Čeládka</group></item>`;
    await romeo.asks(roster("set", first), DONE);
    await romeo.asks(roster("get"), whole(first.replace("<item", "<item subscription='none'")));
    await romeo.asks(roster("set", `<item jid='${NURSE}'><group>Friends</group></item>`), DONE);
    const answer = await romeo.asks(
      roster("get"),
      whole(`<item jid='${NURSE}' subscription='none'><group>Friends</group></item>`),
    );
    assert.equal(answer.elements()[0]?.elements()[0]?.attr("name"), undefined);
  }),
);

test(
  "RFC 6121 §2.1.6: pushes go to the resources that asked for the roster, available or not",
  conversation(cast, async ({ romeo, orchard, juliet, stage }) => {
    const late = await Person.enters(stage, "romeo@example.org/late");
    await late.comesOnline();
    await orchard.asksForRoster();
    const item = `<item jid='${NURSE}' name='Nurse' subscription='none'/>`;
    await romeo.asks(roster("set", `<item jid='${NURSE}' name='Nurse'/>`), DONE);
    await orchard.receives(push(item));
    await romeo.receivesNothing();
    await romeo.asksForRoster();
    await romeo.asks(roster("set", `<item jid='${NURSE}' name='Nurse'/>`), DONE);
    for (const person of [orchard, romeo]) await person.receives(push(item)); // §2.4.2
    for (const person of [late, orchard, juliet]) await person.receivesNothing();
  }),
);

test(
  "RFC 6121 §2.1.2: what a client says of subscriptions, requests and approvals is ignored",
  conversation(cast, async ({ romeo }) => {
    const item = `<item jid='${NURSE}' subscription='both' ask='subscribe' approved='true'/>`;
    await romeo.asks(roster("set", item), DONE);
    const answer = await romeo.asks(
      roster("get"),
      whole(`<item jid='${NURSE}' subscription='none'/>`),
    );
    const kept = answer.elements()[0]?.elements()[0];
    assert.deepEqual([kept?.attr("ask"), kept?.attr("approved")], [undefined, undefined]);
  }),
);

test(
  "RFC 6121 §2.5: a removed contact is pushed as removed, and is not there to be removed again",
  conversation(cast, async ({ romeo, orchard }) => {
    await orchard.asksForRoster();
    await romeo.asks(roster("set", `<item jid='${NURSE}'/>`), DONE);
    await romeo.asks(roster("set", `<item jid='${NURSE}' subscription='remove'/>`), DONE);
    await orchard.receives(push(`<item jid='${NURSE}'/>`));
    await orchard.receives(push(`<item jid='${NURSE}' subscription='remove'/>`));
    await romeo.asks(
      roster("set", `<item jid='${NURSE}' subscription='remove'/>`),
      error("modify", "item-not-found"), // §2.5.3
    );
    await orchard.receivesNothing();
    await romeo.asks(roster("get"), whole(""));
  }),
);

test(
  "RFC 6121 §2.3.3: what a roster set may not be, and that nothing of it happens",
  conversation(
    cast,
    async ({ romeo, orchard }) => {
      await orchard.asksForRoster();
      const item = (rest: string): string => `<item jid='${NURSE}' ${rest}`;
      const wrong: readonly (readonly [items: string, type: string, condition: string])[] = [
        ["", "modify", "bad-request"],
        [`${item("/>")}<item jid='juliet@example.org'/>`, "modify", "bad-request"],
        ["<item name='nobody'/>", "modify", "bad-request"],
        ["<item jid='@'/>", "modify", "jid-malformed"],
        [item("><group>a</group><group>a</group></item>"), "modify", "bad-request"],
        [item("><group/></item>"), "modify", "not-acceptable"],
        [item(`name='${"n".repeat(51)}'/>`), "modify", "not-acceptable"],
        [item(`><group>${"č".repeat(26)}</group></item>`), "modify", "not-acceptable"],
        [
          item("><group>1</group><group>2</group><group>3</group></item>"),
          "modify",
          "not-acceptable",
        ],
        ["<item jid='romeo@example.org'/>", "cancel", "not-allowed"],
      ];
      for (const [items, type, condition] of wrong) {
        await romeo.asks(roster("set", items), error(type, condition));
      }
      await orchard.receivesNothing();
      await romeo.asks(roster("get"), whole(""));
    },
    { config: { limits: { rosterNameBytes: 50, rosterGroupBytes: 50, rosterGroups: 2 } } },
  ),
);

for (const [limit, groups] of [
  [120, 120],
  [0, 300], // off
] as const) {
  test(
    `the limit rosterGroups is the only one on the groups of a contact: ${limit} lets ${groups} be`,
    conversation(
      cast,
      async ({ romeo }) => {
        const contact = (count: number): string =>
          `<item jid='${NURSE}'>${Array.from({ length: count }, (_, n) => `<group>${n}</group>`).join("")}</item>`;
        await romeo.asks(roster("set", contact(groups)), DONE);
        const got = await romeo.asks(roster("get"));
        const [item] = got.elements()[0]?.elements() ?? [];
        assert.equal(item?.elements().length, groups);
        if (limit === 0) return;
        await romeo.asks(roster("set", contact(limit + 1)), error("modify", "not-acceptable"));
      },
      { config: { limits: { rosterGroups: limit } } },
    ),
  );
}

test(
  "names longer than usual are taken where the limits rosterNameBytes and rosterGroupBytes are off",
  conversation(
    cast,
    async ({ romeo }) => {
      const long = "n".repeat(3000);
      const item = `<item jid='${NURSE}' name='${long}'><group>${long}</group></item>`;
      await romeo.asks(roster("set", item), DONE);
    },
    { config: { limits: { rosterNameBytes: 0, rosterGroupBytes: 0 } } },
  ),
);

test(
  "the limit rosterItems bounds a roster; what is there can still be changed and removed",
  conversation(
    cast,
    async ({ romeo }) => {
      await romeo.asks(roster("set", "<item jid='a@x.test'/>"), DONE);
      await romeo.asks(
        roster("set", "<item jid='b@x.test'/>"),
        error("wait", "resource-constraint"),
      );
      await romeo.sends("<presence type='subscribe' to='b@x.test' id='s1'/>");
      await romeo.receives(
        `<presence type='error' id='s1' from='b@x.test'><error type='wait'>
          <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></presence>`,
      );
      await romeo.asks(roster("set", "<item jid='a@x.test' name='A'/>"), DONE);
      await romeo.asks(roster("set", "<item jid='a@x.test' subscription='remove'/>"), DONE);
      await romeo.asks(roster("set", "<item jid='b@x.test'/>"), DONE);
    },
    { config: { limits: { rosterItems: 1 } } },
  ),
);

test(
  "RFC 6121 §2.1.2.3: a contact is a bare JID, in its canonical form",
  conversation(cast, async ({ romeo }) => {
    await romeo.asks(roster("set", "<item jid='Nurse@EXAMPLE.org/kitchen'/>"), DONE);
    await romeo.asks(roster("get"), whole(`<item jid='${NURSE}'/>`));
  }),
);

test(
  "SECURITY: nobody reads or writes the roster of another account, nor gets its own instead",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.asksForRoster();
    await juliet.asks(roster("set", `<item jid='${NURSE}'/>`));
    await romeo.asks(roster("set", "<item jid='friar@example.org'/>"), DONE);
    await juliet.ignoresAll();
    for (const to of [
      "juliet@example.org",
      "nobody@example.org",
      "example.org",
      "nobody@example.org/x",
    ]) {
      for (const request of [
        roster("get", "", to),
        roster("set", "<item jid='tybalt@example.org'/>", to),
        roster("set", `<item jid='${NURSE}' subscription='remove'/>`, to),
      ]) {
        const answer = await romeo.asks(request, error("cancel", "service-unavailable"));
        assert.equal(answer.attr("from"), to);
      }
    }
    await juliet.receivesNothing();
    await juliet.asks(roster("get"), whole(`<item jid='${NURSE}'/>`));
    await romeo.asks(roster("get"), whole("<item jid='friar@example.org'/>"));
  }),
);

test(
  "RFC 6121 §2.1.5: every resource of an account reads and writes its roster, named or not",
  conversation(cast, async ({ romeo, orchard }) => {
    await romeo.asks(roster("set", `<item jid='${NURSE}'/>`, "romeo@example.org"), DONE);
    await orchard.asks(roster("get", "", "romeo@example.org"), whole(`<item jid='${NURSE}'/>`));
    await orchard.asks(roster("get", "", "Romeo@Example.org"), whole(`<item jid='${NURSE}'/>`));
  }),
);

test(
  "RFC 6121 §2.1.6: the answer of a client to a push disturbs nobody",
  conversation(cast, async ({ romeo, orchard }) => {
    await orchard.asksForRoster();
    await romeo.asks(roster("set", `<item jid='${NURSE}'/>`), DONE);
    const received = await orchard.receives(push(`<item jid='${NURSE}'/>`));
    const id = received.attr("id");
    await orchard.sends(`<iq type='result' id='${id}'/>`);
    await orchard.sends(`<iq type='result' id='${id}' to='romeo@example.org'/>`);
    await orchard.sends(
      `<iq type='error' id='${id}' to='romeo@example.org'><error type='cancel'>
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
    await orchard.receivesNothing();
    await romeo.receivesNothing();
  }),
);
