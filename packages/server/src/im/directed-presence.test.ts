import { test } from "node:test";
import { befriend, conversation, Person } from "@rookery/testkit";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

const AVAILABLE = "<presence from='romeo@example.org/balcony'/>";
const UNAVAILABLE = "<presence type='unavailable' from='romeo@example.org/balcony'/>";

for (const to of ["juliet@example.org", "juliet@example.org/chamber"]) {
  for (const [how, end] of [
    ["says so", (person: Person) => person.sends("<presence type='unavailable'/>")],
    ["closes the stream", (person: Person) => person.leaves()],
    ["loses the connection", (person: Person) => person.isCutOff()],
  ] as const) {
    test(
      `RFC 6121 §4.6: a stranger at ${to} sees presence sent to it, and its end when the sender ${how}`,
      conversation(cast, async ({ romeo, juliet }) => {
        await juliet.comesOnline();
        await romeo.sends(`<presence to='${to}'/>`);
        await juliet.receives(`<presence from='romeo@example.org/balcony' to='${to}'/>`);
        await romeo.comesOnline();
        await romeo.sends("<presence><show>away</show></presence>");
        await juliet.receivesNothing(); // §4.6.3: no broadcast is for a stranger
        await end(romeo);
        await juliet.receives(UNAVAILABLE);
        await juliet.receivesNothing();
      }),
    );
  }
}

test(
  "RFC 6121 §4.6: a sender who never was available itself is unavailable to those it told",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends("<presence to='juliet@example.org'/>");
    await juliet.receives(AVAILABLE);
    await romeo.leaves();
    await juliet.receives(UNAVAILABLE);
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.6.4: after unavailable presence sent to it, a stranger hears nothing more",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.comesOnline();
    await romeo.sends("<presence to='juliet@example.org'/>");
    await romeo.sends("<presence to='juliet@example.org' type='unavailable'/>");
    await juliet.receives(AVAILABLE);
    await juliet.receives(UNAVAILABLE);
    await romeo.leaves();
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.6.3: a subscriber who was sent presence hears of the end once",
  conversation(cast, async ({ romeo, juliet }) => {
    await befriend(romeo, juliet);
    await juliet.comesOnline();
    await romeo.comesOnline();
    await romeo.sends("<presence to='juliet@example.org'><show>chat</show></presence>");
    await juliet.ignoresAll();
    await romeo.leaves();
    await juliet.receives(UNAVAILABLE);
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.6: a subscriber's resource that is not available hears of the end as well",
  conversation(cast, async ({ romeo, juliet }) => {
    await befriend(romeo, juliet);
    await romeo.comesOnline();
    await romeo.sends("<presence to='juliet@example.org/chamber'/>");
    await juliet.receives(AVAILABLE);
    await romeo.leaves();
    await juliet.receives(UNAVAILABLE);
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.6, §3.2.2: a subscriber whose subscription ended meanwhile does not stay with old presence",
  conversation(cast, async ({ romeo, juliet }) => {
    await befriend(romeo, juliet);
    for (const person of [juliet, romeo]) await person.comesOnline();
    await juliet.ignoresAll();
    await romeo.sends("<presence to='juliet@example.org' type='unsubscribed'/>");
    await juliet.receives(UNAVAILABLE);
    await juliet.ignoresAll();
    await romeo.sends("<presence to='juliet@example.org'/>");
    await juliet.receives(AVAILABLE);
    await romeo.leaves();
    await juliet.receives(UNAVAILABLE);
  }),
);

test(
  "RFC 6121 §4.6: presence sent to one of the own resources ends as well",
  conversation(
    { balcony: "romeo@example.org/balcony", orchard: "romeo@example.org/orchard" },
    async ({ balcony, orchard }) => {
      await balcony.sends("<presence to='romeo@example.org/orchard'/>");
      await orchard.receives(AVAILABLE);
      await balcony.leaves();
      await orchard.receives(UNAVAILABLE);
    },
  ),
);

test(
  "the limit presenceTargets bounds to how many addresses a session sends presence",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      await juliet.comesOnline();
      for (const n of [1, 2, 1, 2]) await romeo.sends(`<presence to='nobody${n}@example.org'/>`);
      await romeo.sends("<presence to='juliet@example.org' id='p3'/>");
      await romeo.receives(
        `<presence type='error' id='p3' from='juliet@example.org'><error type='wait'>
          <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></presence>`,
      );
      await juliet.receivesNothing();
      await romeo.sends("<presence to='nobody1@example.org' type='unavailable'/>");
      await romeo.sends("<presence to='juliet@example.org'/>");
      await juliet.receives(AVAILABLE);
    },
    { config: { limits: { presenceTargets: 2 } } },
  ),
);
