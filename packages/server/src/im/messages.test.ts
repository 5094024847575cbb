import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, type Person } from "@rookery/testkit";
import { builtInModules } from "../modules/index.ts";

const couple = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

const UNAVAILABLE = `<error type='cancel'>
  <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>`;

/** Who is there; each account is in one of the states that RFC 6121 §8.5 tells apart. */
const cast = {
  sender: "sender@example.org/r",
  connected: "connected@example.org/r",
  zero: "zero@example.org/r",
  negative: "negative@example.org/r",
  equalA: "equal@example.org/a",
  equalB: "equal@example.org/b",
  high: "different@example.org/high",
  low: "different@example.org/low",
  below: "different@example.org/below",
} as const;

const PRIORITIES: { readonly [name in keyof typeof cast]?: number } = {
  zero: 0,
  negative: -1,
  equalA: 5,
  equalB: 5,
  high: 5,
  low: 1,
  below: -128,
};

/** "error": back to the sender; "": nobody hears anything; else those who get it. */
type Outcome = string;

/** Where it goes, by the types normal, chat, groupchat, headline and error, in this order. */
const TABLE: readonly (readonly [to: string, ...outcomes: Outcome[]])[] = [
  // §8.5.1: no such user; §8.5.2.2: no available resource
  ["unknown@example.org", "error", "error", "error", "", ""],
  ["offline@example.org", "error", "error", "error", "", ""],
  ["connected@example.org", "error", "error", "error", "", ""],
  // §8.5.2.1.1: available resources
  ["zero@example.org", "zero", "zero", "error", "zero", ""],
  ["negative@example.org", "error", "error", "error", "", ""],
  ["equal@example.org", "equalA equalB", "equalA equalB", "error", "equalA equalB", ""],
  ["different@example.org", "high", "high", "error", "high low", ""],
  // §8.5.3.1: a resource that is connected takes everything
  ["connected@example.org/r", "connected", "connected", "connected", "connected", "connected"],
  ["negative@example.org/r", "negative", "negative", "negative", "negative", "negative"],
  ["different@example.org/low", "low", "low", "low", "low", "low"],
  // §8.5.3.2.1: no such resource; only chat falls back to the account
  ["unknown@example.org/gone", "error", "error", "error", "", ""],
  ["offline@example.org/gone", "error", "error", "error", "", ""],
  ["connected@example.org/gone", "error", "error", "error", "", ""],
  ["zero@example.org/gone", "error", "zero", "error", "", ""],
  ["negative@example.org/gone", "error", "error", "error", "", ""],
  ["equal@example.org/gone", "error", "equalA equalB", "error", "", ""],
  ["different@example.org/gone", "error", "high", "error", "", ""],
  // §8.3 and RFC 6120 §10.5.1: the server itself reads no messages
  ["example.org", "error", "error", "error", "", ""],
  ["example.org/resource", "error", "error", "error", "", ""],
];

/** A module may take what nobody is there for. */
const WITHOUT_MODULES = Object.fromEntries(builtInModules.map(({ name }) => [name, false]));

const TYPES = ["normal", "chat", "groupchat", "headline", "error"] as const;

test(
  "RFC 6121 §8.5: where a message goes, by its type, its address and who is there",
  conversation(
    cast,
    async ({ stage, ...people }) => {
      await stage.accounts("offline@example.org");
      for (const [name, priority] of Object.entries(PRIORITIES)) {
        const person = people[name as keyof typeof cast];
        await person.comesOnline(`<presence><priority>${priority}</priority></presence>`);
      }
      for (const person of Object.values(people)) await person.ignoresAll();

      const wrong: string[] = [];
      const check = async (to: string, type: string, expected: Outcome): Promise<void> => {
        await people.sender.sends(`<message to='${to}' type='${type}' id='m'><body/></message>`);
        await stage.settled();
        const outcome = outcomeOf(people);
        if (outcome !== expected) wrong.push(`${type} to ${to}: "${outcome}", not "${expected}"`);
      };
      for (const [to, ...outcomes] of TABLE) {
        for (const [i, type] of TYPES.entries()) await check(to, type, outcomes[i] ?? "");
        await check(to, "unheard-of", outcomes[0] ?? ""); // §5.2.2: as normal
      }
      assert.deepEqual(wrong, []);
    },
    { config: { modules: WITHOUT_MODULES } },
  ),
);

/** Who got the message, once each, or that the sender got an error. */
function outcomeOf(people: { readonly [name: string]: Person }): Outcome {
  const takers: string[] = [];
  for (const [name, { client }] of Object.entries(people)) {
    for (const received of client.queued) {
      assert.ok(received !== "closed" && !("event" in received));
      assert.equal(received.attr("id"), "m");
      takers.push(name === "sender" && received.attr("type") === "error" ? "error" : name);
    }
    client.clear();
  }
  return takers.join(" ");
}

test(
  "RFC 6120 §8.3.1: an error has the addresses turned round and the id kept",
  conversation(couple, async ({ romeo }) => {
    for (const to of ["nobody@example.org", "juliet@example.org/nowhere", "example.org"]) {
      await romeo.sends(`<message to='${to}' id='m1'><body>hi</body></message>`);
      await romeo.receives(
        `<message type='error' from='${to}' to='romeo@example.org/balcony' id='m1'>
          ${UNAVAILABLE}</message>`,
      );
    }
  }),
);

test(
  "RFC 6121 §8.5.1: a refusal does not tell whether there is such an account",
  conversation(couple, async ({ romeo, juliet }) => {
    const message = (to: string): string => `<message to='${to}' type='groupchat' id='m1'/>`;
    await romeo.sends(message("nobody@example.org"));
    await romeo.sends(message("juliet@example.org"));
    const [unknown, known] = [await romeo.client.element(), await romeo.client.element()];
    assert.equal(JSON.stringify(known).replaceAll("juliet", "nobody"), JSON.stringify(unknown));
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6120 §8.3.1: nobody answers an error with an error",
  conversation(couple, async ({ romeo, juliet }) => {
    for (const to of [
      "nobody@example.org",
      "juliet@example.org",
      "juliet@example.org/x",
      "x.test",
    ]) {
      await romeo.sends(`<message to='${to}' type='error' id='m1'>${UNAVAILABLE}</message>`);
    }
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6120 §10.4: a domain that is not reached is told",
  conversation(couple, async ({ romeo }) => {
    await romeo.sends("<message to='juliet@elsewhere.test' id='m1'><body>hi</body></message>");
    await romeo.receives(
      `<message type='error' from='juliet@elsewhere.test' id='m1'>
        <error type='cancel'>
          <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></message>`,
    );
  }),
);

test(
  "RFC 6120 §10.3.1: a message without an address is for the sender's own account",
  conversation(
    { balcony: "romeo@example.org/balcony", orchard: "romeo@example.org/orchard" },
    async ({ balcony, orchard }) => {
      await orchard.comesOnline();
      await balcony.sends("<message type='chat' id='m1'><body>a note</body></message>");
      await orchard.receives(
        `<message type='chat' id='m1' from='romeo@example.org/balcony' to='romeo@example.org'>
          <body>a note</body></message>`,
      );
      await balcony.receivesNothing();
    },
  ),
);

test(
  "RFC 6120 §8.1.2.1: a message comes from the resource that sent it, whatever it claims",
  conversation(couple, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends(
      "<message from='romeo@example.org' to='juliet@example.org' type='chat'><body/></message>",
    );
    await juliet.receives(
      "<message from='romeo@example.org/balcony' to='juliet@example.org' type='chat'><body/></message>",
    );
  }),
);

test(
  "RFC 6120 §8.1.5, §8.4: language, unknown elements and unknown attributes arrive as they were sent",
  conversation(couple, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    const content = `
      <body xml:lang='cs'>Dobr&#253; den &amp; &lt;ahoj&gt;</body><body>hello</body>
      <odd xmlns='urn:example:odd' a='1' b='&apos;&quot;'><!-- -->deep<x:er xmlns:x='urn:example:er' x:y='z'/></odd>`.replace(
      "<!-- -->",
      "",
    );
    await romeo.sends(
      `<message to='juliet@example.org' xml:lang='en' type='chat' id='m1' e:x='1' xmlns:e='urn:example:e'>${content}</message>`,
    );
    const received = await juliet.receives(
      `<message from='romeo@example.org/balcony' to='juliet@example.org' xml:lang='en' type='chat'
        id='m1' e:x='1' xmlns:e='urn:example:e'>${content}</message>`,
    );
    assert.equal(received.elements()[0]?.attr("xml:lang"), "cs");
  }),
);

test(
  "RFC 6121 §5.2.2: a type that nobody knows travels as normal",
  conversation(couple, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends("<message to='juliet@example.org' type='strange'><body/></message>");
    const received = await juliet.receives("<message><body/></message>");
    assert.equal(received.attr("type"), undefined);
  }),
);

test(
  "RFC 6120 §4.9.3, §8.3.3.8: a malformed address is refused and the stream goes on",
  conversation(couple, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends("<message to='ju liet@@' id='m1'><body>hi</body></message>");
    await romeo.receives(
      `<message type='error' id='m1' to='romeo@example.org/balcony'><error type='modify'>
        <jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></message>`,
    );
    await romeo.sends("<message to='JULIET@Example.Org' type='chat'><body>hi</body></message>");
    await juliet.receives("<message to='juliet@example.org' type='chat'><body>hi</body></message>");
  }),
);
