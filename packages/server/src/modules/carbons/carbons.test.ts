import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { conversation, type Person, TestServer } from "@rookery/testkit";
import { Session } from "../../sessions/session.ts";
import { byPassword, PHONE, secured, welcomed } from "../../streams/features/sasl2-stage.test.ts";
import { managed, resumes } from "../../streams/stream-management/stage.test.ts";
import { wantsCopies } from "./copies.ts";

const cast = {
  garden: "romeo@example.org/garden",
  home: "romeo@example.org/home",
  juliet: "juliet@example.org/balcony",
} as const;
const ROMEO = "romeo@example.org";
const BALCONY = "juliet@example.org/balcony";
const CARBONS = "urn:xmpp:carbons:2";
const MUC = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
const COMPOSING = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const hint = (name: string): string => `<${name} xmlns='urn:xmpp:hints'/>`;

const enable = async (...people: readonly Person[]): Promise<void> => {
  for (const person of people) {
    await person.asks(
      `<iq type='set' id='enable'><enable xmlns='${CARBONS}'/></iq>`,
      `<iq type='result' id='enable' from='${ROMEO}'/>`,
    );
  }
};

const online = async (...people: readonly Person[]): Promise<void> => {
  for (const person of people) person.client.send("<presence/>");
  for (const person of people) await person.ignoresAll();
};

const carbon = (
  kind: "received" | "sent",
  to: string,
  message: string,
  type = "chat",
): string => `<message type='${type}' from='${ROMEO}' to='${to}'>
  <${kind} xmlns='${CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>
    ${message.replace("<message", "<message xmlns='jabber:client'")}
  </forwarded></${kind}></message>`;

test(
  "XEP-0280 §3: the server tells that it copies, and by which rules",
  conversation(cast, async ({ garden }) => {
    const info = await garden.asks(
      "<iq type='get' id='d' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    const features = info
      .child("http://jabber.org/protocol/disco#info", "query")
      ?.elements()
      .map((feature) => feature.attr("var"));
    assert.ok(features?.includes(CARBONS) && features.includes("urn:xmpp:carbons:rules:0"));
  }),
);

test(
  "XEP-0280 §7: what one client gets, the others that want copies get too, from the bare JID",
  conversation(cast, async ({ garden, home, juliet, stage }) => {
    await online(garden, home);
    await enable(home);
    const body = "<body>What man art thou?</body>";
    await juliet.sends(
      `<message to='romeo@example.org/garden' type='chat' id='m'>${body}</message>`,
    );
    const original = `<message from='${BALCONY}' to='romeo@example.org/garden' type='chat' id='m'>${body}`;
    await garden.receives(`${original}</message>`);
    await home.receives(carbon("received", "romeo@example.org/home", `${original}</message>`));
    await stage.settled();
    await garden.receivesNothing();
    await home.receivesNothing();
  }),
);

test(
  "XEP-0280 §7: who gets the message itself gets no copy",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home);
    await enable(garden, home);
    await juliet.sends(`<message to='${ROMEO}' type='chat'><body>both</body></message>`);
    for (const client of [garden, home]) {
      await client.receives(
        `<message from='${BALCONY}' to='${ROMEO}' type='chat'><body>both</body></message>`,
      );
      await client.receivesNothing();
    }
  }),
);

test(
  "XEP-0280 §8: what one client sends, the others get copies of, whether it wants copies or not",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home, juliet);
    await enable(home);
    const message = `<message to='${BALCONY}' type='chat' id='s'><body>fair saint</body></message>`;
    await garden.sends(message);
    const sent = message.replace("<message", "<message from='romeo@example.org/garden'");
    await home.receives(carbon("sent", "romeo@example.org/home", sent));
    await garden.receivesNothing();
    await enable(garden);
    await garden.sends(message);
    await home.receives(carbon("sent", "romeo@example.org/home", sent));
    await garden.receivesNothing();
  }),
);

test(
  "XEP-0280 §10.1: enabling and disabling twice is no error",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home, juliet);
    await enable(home, home);
    for (const id of ["d1", "d2"]) {
      await home.asks(
        `<iq type='set' id='${id}'><disable xmlns='${CARBONS}'/></iq>`,
        `<iq type='result' id='${id}' from='${ROMEO}'/>`,
      );
    }
    await garden.sends(`<message to='${BALCONY}' type='chat'><body>alone</body></message>`);
    await home.receivesNothing();
    await enable(home);
    await garden.sends(`<message to='${BALCONY}' type='chat'><body>not alone</body></message>`);
    await home.client.element();
  }),
);

test(
  "XEP-0280 §4: nobody enables copies of another one's messages; it looks as if there was no account",
  conversation(cast, async ({ juliet }) => {
    const asked = async (to: string): Promise<string | undefined> => {
      const answer = await juliet.asks(
        `<iq type='set' id='x' to='${to}'><enable xmlns='${CARBONS}'/></iq>`,
      );
      return answer.child("jabber:client", "error")?.elements()[0]?.name;
    };
    assert.equal(await asked(ROMEO), "service-unavailable");
    assert.equal(await asked("nobody@example.org"), "service-unavailable");
  }),
);

test(
  "XEP-0280 §6.1: which messages are copied, sent and received",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home, juliet);
    await enable(home);
    const cases: readonly (readonly [
      type: string,
      inside: string,
      sent: boolean,
      received: boolean,
    ])[] = [
      ["chat", "", true, true],
      ["chat", COMPOSING, true, true],
      ["normal", "<body>hi</body>", true, true],
      ["normal", "<x xmlns='urn:unknown'/>", false, false],
      ["normal", COMPOSING, true, true],
      ["normal", "<received xmlns='urn:xmpp:receipts' id='a'/>", true, true],
      ["normal", "<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>", true, true],
      ["normal", "<reactions xmlns='urn:xmpp:reactions:0' id='a'/>", true, true],
      ["headline", "<body>news</body>", false, false],
      ["groupchat", "<body>all</body>", false, false],
      ["normal", "<x xmlns='jabber:x:conference' jid='a@b'/>", true, true],
      ["normal", MUC.replace("/>", "><invite/></x>"), true, true],
      ["chat", `<body>psst</body>${MUC}`, true, false],
      ["chat", `<body>psst</body><private xmlns='${CARBONS}'/>${hint("no-copy")}`, false, false],
      ["chat", `<body>psst</body><private xmlns='${CARBONS}'/>`, false, false],
      ["chat", `<body>psst</body>${hint("no-copy")}`, false, false],
      ["chat", `<body>psst</body>${hint("no-store")}`, true, true],
    ];
    for (const [type, inside, sent, received] of cases) {
      garden.client.clear();
      await garden.sends(`<message to='${BALCONY}' type='${type}'>${inside}</message>`);
      assert.equal(home.client.queued.length, sent ? 1 : 0, `sent ${type} ${inside}`);
      await home.ignoresAll();
      await juliet.sends(`<message to='${garden.jid}' type='${type}'>${inside}</message>`);
      assert.equal(home.client.queued.length, received ? 1 : 0, `received ${type} ${inside}`);
      const copied = home.client.queued[0];
      if (copied && copied !== "closed" && "attr" in copied) {
        assert.equal(copied.attr("type") ?? "normal", type); // §7: of the same type
      }
      await home.ignoresAll();
    }
  }),
);

test(
  "XEP-0280 §6.1: an error is copied if what it answers was, once, and only from whom it was sent to",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home, juliet);
    await enable(home);
    const error = (id: string): string =>
      `<message to='${garden.jid}' type='error' id='${id}'><error type='cancel'/></message>`;
    await juliet.sends(error("never"));
    await garden.sends(
      "<message to='nobody@example.org' type='chat' id='a'><body>who?</body></message>",
    );
    await home.client.element(); // the copy of what was sent
    await home.receives(
      carbon(
        "received",
        "romeo@example.org/home",
        `<message from='nobody@example.org' to='${garden.jid}' type='error' id='a'>
          <error type='cancel'>*</error></message>`,
        "error",
      ),
    );
    await garden.sends(
      `<message to='other@example.net' type='groupchat' id='b'><body>x</body></message>`,
    );
    await garden.sends(`<message to='${BALCONY}' type='chat' id='c'><body>x</body></message>`);
    await home.client.element();
    await juliet.sends(error("b"));
    await home.receivesNothing();
    await juliet.sends(error("c"));
    await home.client.element();
    await juliet.sends(error("c"));
    await home.receivesNothing();
  }),
);

test(
  "an error that a client sends is copied if it answers what the others have",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home);
    await enable(home);
    await juliet.sends(`<message to='${garden.jid}' type='chat' id='q'><body>?</body></message>`);
    await home.client.element();
    const error = (id: string): string =>
      `<message to='${BALCONY}' type='error' id='${id}'><error type='cancel'/></message>`;
    await garden.sends(error("other"));
    await home.receivesNothing();
    await garden.sends(error("q"));
    const copied = await home.client.element();
    assert.ok(copied.child(CARBONS, "sent"));
  }),
);

test(
  "XEP-0280 §10.3: the error that answers a copy reaches nobody",
  conversation(cast, async ({ garden, home, juliet }) => {
    await online(garden, home);
    await enable(home);
    await juliet.sends(`<message to='${garden.jid}' type='chat' id='m'><body>hi</body></message>`);
    await home.client.element();
    await garden.client.element();
    await home.sends(`<message to='${ROMEO}' type='error' id='m'><error type='cancel'/></message>`);
    for (const person of [garden, home, juliet]) await person.receivesNothing();
  }),
);

test(
  "a message to the own account comes to each client once: itself, or as a copy",
  conversation(cast, async ({ garden, home, stage }) => {
    await online(garden, home);
    const quiet = await stage.login("romeo@example.org/quiet");
    quiet.send("<presence><priority>-1</priority></presence>");
    await garden.ignoresAll();
    await home.ignoresAll();
    quiet.send(`<iq type='set' id='e'><enable xmlns='${CARBONS}'/></iq>`);
    await quiet.sync();
    await stage.settled();
    quiet.clear();
    await enable(garden, home);

    await garden.sends(`<message to='${ROMEO}' type='chat'><body>note</body></message>`);
    const note = `<message from='${garden.jid}' to='${ROMEO}' type='chat'><body>note</body></message>`;
    await garden.receives(note);
    await home.receives(note);
    await stage.settled();
    assert.equal(quiet.queued.length, 1);
    quiet.clear();

    await garden.sends(`<message to='${home.jid}' type='chat'><body>there</body></message>`);
    await home.receives(
      `<message from='${garden.jid}' to='${home.jid}' type='chat'><body>there</body></message>`,
    );
    await garden.receivesNothing();
    await home.receivesNothing();
    assert.equal(quiet.queued.length, 1);
  }),
);

test(
  "what goes back to its sender is copied to nobody, and what is blocked neither",
  conversation(cast, async ({ garden, home, juliet, stage }) => {
    await enable(home); // nobody is available
    await juliet.sends(`<message to='${ROMEO}' type='chat' id='t'>${COMPOSING}</message>`);
    await juliet.receives("<message type='error' id='t'><error type='cancel'>*</error></message>");
    await juliet.sends("<message to='romeo@example.org/gone' id='n'><body>hi</body></message>");
    await juliet.receives("<message type='error' id='n'><error type='cancel'>*</error></message>");
    await home.receivesNothing();

    if (!stage.server.host("example.org").features("host").includes("urn:xmpp:blocking")) return;
    await online(garden, home);
    await home.asks(`<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>
      <item jid='juliet@example.org'/></block></iq>`);
    await home.ignoresAll();
    await garden.sends(`<message to='${BALCONY}' type='chat' id='x'><body>hi</body></message>`);
    await juliet.sends(`<message to='${garden.jid}' type='chat' id='y'><body>hi</body></message>`);
    await home.receivesNothing();
  }),
);

test("a copy that its client never got goes to nobody else when its session has timed out", async () => {
  await using stage = await TestServer.start({ config: { limits: { idleSeconds: 0 } } });
  const home = await managed(stage, "romeo@example.org/home");
  home.client.send(`<iq type='set' id='e'><enable xmlns='${CARBONS}'/></iq>`);
  await home.stanza();
  const garden = await stage.login("romeo@example.org/garden");
  garden.send("<presence/>");
  await garden.sync();
  home.client.cut();
  garden.send(
    `<message to='juliet@example.org/x' type='chat'><body>secret</body>${hint("no-store")}</message>`,
  );
  await garden.sync();
  garden.clear();
  stage.clock.advance(601_000);
  await stage.settled();
  assert.deepEqual(garden.queued, []);
});

test("a client that is away gets its copies when it comes back, in order (XEP-0198 §5)", async () => {
  await using stage = await TestServer.start();
  const home = await managed(stage, "romeo@example.org/home");
  home.client.send(`<iq type='set' id='e'><enable xmlns='${CARBONS}'/></iq>`);
  assert.equal((await home.stanza()).attr("id"), "e");
  const garden = await stage.login("romeo@example.org/garden");
  garden.send("<presence/>");
  await garden.sync();
  home.acknowledge();
  await home.handled();
  home.client.cut();
  await stage.settled();

  const juliet = await stage.login("juliet@example.org/balcony");
  juliet.send(`<message to='romeo@example.org/garden' type='chat'><body>one</body></message>`);
  await juliet.sync();
  garden.send(`<message to='juliet@example.org/balcony' type='chat'><body>two</body></message>`);
  await garden.sync();

  const { answer, client } = await resumes(stage, ROMEO, home);
  assert.equal(answer.name, "resumed");
  const kinds: (string | undefined)[] = [];
  while (kinds.length < 2) kinds.push((await client.stanza()).elements()[0]?.name);
  assert.deepEqual(kinds, ["received", "sent"]);
});

test(
  "a copy of what is kept counts: what only the copied client has acknowledged waits for nobody",
  conversation({ juliet: BALCONY }, async ({ juliet, stage }) => {
    const home = await managed(stage, "romeo@example.org/home");
    home.client.send(`<iq type='set' id='e'><enable xmlns='${CARBONS}'/></iq>`);
    home.client.send("<presence><priority>-1</priority></presence>");
    await home.handled();
    await juliet.sends(`<message to='${ROMEO}' type='chat'><body>kept</body></message>`);
    let copied = await home.stanza();
    while (copied.child(CARBONS, "received") === undefined) copied = await home.stanza();
    home.acknowledge();
    await home.handled();
    const garden = await stage.login("romeo@example.org/garden");
    garden.send("<presence/>");
    await stage.settled();
    const bodies = garden.queued.filter(
      (item) => item !== "closed" && "children" in item && item.name === "message",
    );
    assert.deepEqual(bodies, []);
  }),
);

test("XEP-0386 §3.2: copies are switched on together with the binding of a resource", async () => {
  await using stage = await TestServer.start();
  await stage.accounts(ROMEO);
  const phone = await secured(stage);
  phone.send(
    byPassword({
      inline: `<bind xmlns='urn:xmpp:bind:0'><enable xmlns='${CARBONS}'/></bind>`,
      device: PHONE,
    }),
  );
  await welcomed(phone);
  const garden = await stage.login("romeo@example.org/garden");
  garden.send(`<message to='juliet@example.net' type='chat'><body>hi</body></message>`);
  await garden.sync();
  assert.ok((await phone.element()).child(CARBONS, "sent"));
});

test("the wish for copies outlives a restart of the server", () => {
  const before = session();
  before.set(wantsCopies, true);
  const after = session();
  after.restoreSlots(before.storeSlots());
  assert.equal(after.get(wantsCopies), true);
});

function session(): Session {
  return new Session(Jid.parse("romeo@example.org/garden"), 0, {
    send() {},
    close() {},
    flushed: () => Promise.resolve(),
    maxQueuedBytes: 0,
    leftovers: () => [],
  });
}
