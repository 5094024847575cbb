import { test } from "node:test";
import { befriend, conversation, Person } from "@rookery/testkit";
import { type PresenceEvent, presenceFlow } from "./contract.ts";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

const devices = {
  ...cast,
  orchard: "romeo@example.org/orchard",
} as const;

const BAD_REQUEST = `<error type='modify'>
  <bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>`;

test(
  "RFC 6121 §4.2.2: initial presence goes to subscribers and to the account's own resources, itself too",
  conversation(devices, async ({ romeo, orchard, juliet }) => {
    await befriend(romeo, juliet);
    await juliet.comesOnline();
    await orchard.comesOnline();
    await juliet.ignoresAll();
    await romeo.sends(
      "<presence id='p1' xml:lang='en'><show>away</show><x xmlns='urn:x'/></presence>",
    );
    const shown = `<presence id='p1' xml:lang='en' from='romeo@example.org/balcony'>
      <show>away</show><x xmlns='urn:x'/></presence>`;
    await juliet.receives(shown);
    await juliet.receivesNothing();
    await orchard.receives(shown);
    await orchard.receivesNothing();
    await romeo.receives(shown);
  }),
);

test(
  "RFC 6121 §4.2.2, §4.3.2: a new resource learns of its own others and of those it subscribed to",
  conversation(devices, async ({ romeo, orchard, juliet }) => {
    await befriend(romeo, juliet);
    await orchard.comesOnline("<presence><status>under the trees</status></presence>");
    await juliet.comesOnline("<presence><show>dnd</show></presence>");
    await romeo.sends("<presence/>");
    await romeo.receivesAll(
      "<presence from='romeo@example.org/balcony'/>",
      `<presence from='romeo@example.org/orchard' to='romeo@example.org/balcony'>
        <status>under the trees</status></presence>`,
      `<presence from='juliet@example.org/chamber' to='romeo@example.org/balcony'>
        <show>dnd</show></presence>`,
    );
    await romeo.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.2.2: nothing is told of a contact before the first presence, nor of one who is offline",
  conversation(devices, async ({ romeo, orchard, juliet }) => {
    await befriend(romeo, juliet);
    await juliet.comesOnline();
    await romeo.receivesNothing();
    await juliet.sends("<presence type='unavailable'/>");
    await juliet.ignoresAll();
    await romeo.sends("<presence/>");
    await romeo.receives("<presence from='romeo@example.org/balcony'/>");
    await romeo.receivesNothing();
    await orchard.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.4.2: a later presence is broadcast again, and asks for nobody's presence",
  conversation(devices, async ({ romeo, orchard, juliet }) => {
    await befriend(romeo, juliet);
    for (const person of [juliet, orchard, romeo]) await person.comesOnline();
    for (const person of [juliet, orchard]) await person.ignoresAll();
    await romeo.sends("<presence><show>xa</show></presence>");
    for (const person of [juliet, orchard, romeo]) {
      await person.receives(
        "<presence from='romeo@example.org/balcony'><show>xa</show></presence>",
      );
      await person.receivesNothing();
    }
  }),
);

test(
  "RFC 6121 §4.5.2: unavailable presence is broadcast, and itself hears it last",
  conversation(devices, async ({ romeo, orchard, juliet }) => {
    await befriend(romeo, juliet);
    for (const person of [juliet, orchard, romeo]) await person.comesOnline();
    for (const person of [juliet, orchard]) await person.ignoresAll();
    await romeo.sends("<presence type='unavailable'><status>to bed</status></presence>");
    const gone = `<presence type='unavailable' from='romeo@example.org/balcony'>
      <status>to bed</status></presence>`;
    for (const person of [juliet, orchard, romeo]) await person.receives(gone);

    await juliet.sends("<presence><show>away</show></presence>");
    await juliet.receives(
      "<presence from='juliet@example.org/chamber'><show>away</show></presence>",
    );
    await orchard.receives(
      "<presence from='juliet@example.org/chamber'><show>away</show></presence>",
    );
    await romeo.receivesNothing();
    await romeo.sends("<presence type='unavailable'/>");
    for (const person of [juliet, orchard, romeo]) await person.receivesNothing();
  }),
);

for (const [how, end] of [
  ["closes its stream", (person: Person): Promise<void> => person.leaves()],
  ["loses its connection", (person: Person): Promise<void> => person.isCutOff()],
] as const) {
  test(
    `RFC 6121 §4.5.2: a client that ${how} is unavailable to all who saw it`,
    conversation(devices, async ({ romeo, orchard, juliet }) => {
      await befriend(romeo, juliet);
      for (const person of [juliet, orchard, romeo]) await person.comesOnline();
      for (const person of [juliet, orchard]) await person.ignoresAll();
      await end(romeo);
      for (const person of [juliet, orchard]) {
        await person.receives("<presence type='unavailable' from='romeo@example.org/balcony'/>");
        await person.receivesNothing();
      }
    }),
  );
}

test(
  "RFC 6121 §4.5.2: one who never was available does not become unavailable",
  conversation(devices, async ({ romeo, orchard, juliet }) => {
    await befriend(romeo, juliet);
    for (const person of [juliet, orchard]) await person.comesOnline();
    await juliet.ignoresAll();
    await romeo.sends("<presence type='unavailable'/>");
    await romeo.leaves();
    for (const person of [juliet, orchard]) await person.receivesNothing();
  }),
);

test(
  "RFC 6120 §7.7.2.2: one who takes the place of an old connection is unavailable, then available",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await befriend(romeo, juliet);
    for (const person of [juliet, romeo]) await person.comesOnline();
    await juliet.ignoresAll();
    const again = await Person.enters(stage, cast.romeo);
    await again.sends("<presence/>");
    await juliet.receives("<presence type='unavailable' from='romeo@example.org/balcony'/>");
    await juliet.receives("<presence from='romeo@example.org/balcony'/>");
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.7.2.3: a priority is an integer from -128 to 127, all else is a bad request",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    for (const priority of ["-128", "0", "127"]) {
      await romeo.sends(`<presence><priority>${priority}</priority></presence>`);
      await romeo.receives(`<presence><priority>${priority}</priority></presence>`);
    }
    for (const bad of ["-129", "128", "1.5", "", "high", "1e1", "99999999999999999999"]) {
      await romeo.sends(`<presence id='p1'><priority>${bad}</priority></presence>`);
      await romeo.receives(
        `<presence type='error' id='p1' to='romeo@example.org/balcony'>${BAD_REQUEST}</presence>`,
      );
    }
    await romeo.sends("<presence id='p2'><priority>1</priority><priority>2</priority></presence>");
    await romeo.receives(`<presence type='error' id='p2'>${BAD_REQUEST}</presence>`);
    // what was refused changed nothing
    const another = await Person.enters(stage, "romeo@example.org/orchard");
    await another.sends("<presence/>");
    await another.receives("<presence from='romeo@example.org/orchard'/>");
    await another.receives("<presence><priority>127</priority></presence>");
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.7.1: presence of an unknown type is a bad request and reaches nobody",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    for (const type of ["available", "invisible", ""]) {
      await romeo.sends(`<presence type='${type}' to='juliet@example.org' id='p1'/>`);
      await romeo.receives(`<presence type='error' id='p1'>${BAD_REQUEST}</presence>`);
    }
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §8.5: presence to nobody is dropped in silence",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    for (const to of [
      "nobody@example.org",
      "nobody@example.org/x",
      "juliet@example.org/gone",
      "example.org",
      "example.org/x",
    ]) {
      for (const type of ["", "type='unavailable'", "type='error'"]) {
        await romeo.sends(`<presence to='${to}' ${type}/>`);
      }
    }
    await romeo.sends("<presence type='error' to='juliet@example.org'/>");
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §8.5.3.1: an error of presence reaches the resource that it is for",
  conversation(cast, async ({ romeo, juliet }) => {
    const error = `<error type='cancel'>
      <conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
    await romeo.sends(
      `<presence type='error' id='p1' to='juliet@example.org/chamber'>${error}</presence>`,
    );
    await juliet.receives(
      `<presence type='error' id='p1' from='romeo@example.org/balcony'>${error}</presence>`,
    );
  }),
);

test(
  "RFC 6120 §10.1: no presence overtakes another of the same sender, whoever waits for something",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await befriend(romeo, juliet);
    for (const person of [juliet, romeo]) await person.comesOnline();
    await juliet.ignoresAll();
    const slow = Promise.withResolvers<void>();
    const { hooks } = stage.server.host("example.org");
    hooks.add(presenceFlow, "record", "test", (event: PresenceEvent) =>
      event.stanza.id === "first" ? slow.promise : undefined,
    );
    romeo.client.send("<presence id='first'/><presence type='unavailable' id='second'/>");
    await juliet.client.sync();
    slow.resolve();
    await juliet.receives("<presence id='first'/>");
    await juliet.receives("<presence id='second' type='unavailable'/>");
  }),
);

test(
  "presence that a handler held up says nothing of one who has left meanwhile",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await befriend(romeo, juliet);
    await juliet.comesOnline();
    const slow = Promise.withResolvers<void>();
    const { hooks } = stage.server.host("example.org");
    hooks.add(presenceFlow, "record", "test", () => slow.promise);
    romeo.client.send("<presence/><presence to='juliet@example.org/chamber'/>");
    await new Promise(setImmediate);
    stage.server.sessions.get(romeo.jid)?.close();
    slow.resolve();
    await juliet.receivesNothing();
  }),
);
