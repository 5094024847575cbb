import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { chat, disables, enables, JULIET, OPTIONS, whileAway } from "./stage.test.ts";

test("XEP-0357 §4.1: accounts tell that they can have clients woken", async () => {
  await using stage = await TestServer.start();
  const juliet = await stage.login(`${JULIET}/phone`);
  juliet.send(
    `<iq type='get' id='d' to='${JULIET}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  );
  const query = (await juliet.answer("d")).elements()[0];
  assert.ok(query?.elements().some((feature) => feature.attr("var") === "urn:xmpp:push:0"));
});

test(
  "XEP-0357 §7: the server publishes for a client that is gone, with what it asked to go along",
  whileAway(async ({ app, says }) => {
    await says(chat());
    const [told, ...more] = await app.told();
    assert.deepEqual(more, []);
    assert.equal(told?.from, JULIET);
    assert.equal(told?.node, "n1");
    assert.equal(told?.iq.attr("type"), "set");
    const pubsub = told?.iq.elements()[0];
    const options = pubsub?.child(pubsub.ns, "publish-options")?.elements()[0];
    const secret = options?.elements().find((field) => field.attr("var") === "secret");
    assert.equal(secret?.elements()[0]?.text, "eruio234vzxc2kla-91");
  }),
);

test(
  "XEP-0357 §9: app servers are told neither who writes nor what, unless it is configured",
  whileAway(async ({ app, says }) => {
    await says(chat("<body>secret</body>"));
    assert.deepEqual((await app.told())[0]?.summary, {
      FORM_TYPE: "urn:xmpp:push:summary",
      "message-count": "1",
    });
  }),
);

test(
  "with the options sender and body they are told, but for what is encrypted, and not too much",
  whileAway(
    async ({ stage, app, says }) => {
      await says(chat(`<body>${"🌹".repeat(300)}</body>`));
      const [told] = await app.told();
      assert.equal(told?.summary["last-message-sender"], "romeo@example.org/orchard");
      assert.equal(told?.summary["last-message-body"], "🌹".repeat(200));
      await app.passes(stage.clock, 10_000);
      await says(
        chat("<body>it is encrypted</body><encryption xmlns='urn:xmpp:eme:0' namespace='a'/>"),
      );
      assert.equal((await app.told())[0]?.summary["last-message-body"], undefined);
    },
    { config: { modules: { push: { sender: true, body: true } } } },
  ),
);

test(
  "what is worth waking somebody, and what is not",
  whileAway(async ({ stage, app, says }) => {
    const store = "<store xmlns='urn:xmpp:hints'/>";
    const cases: readonly (readonly [stanza: string, wakes: boolean])[] = [
      [chat(), true],
      [chat("<body>hi</body>", "normal"), true],
      [chat("<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted>"), true],
      [chat("<encrypted xmlns='urn:xmpp:omemo:2'><header/></encrypted>"), false],
      [chat("<openpgp xmlns='urn:xmpp:openpgp:0'/>"), true],
      [chat(`<propose xmlns='urn:xmpp:jingle-message:0' id='a'/>${store}`), true],
      [chat(`<ringing xmlns='urn:xmpp:jingle-message:0' id='a'/>${store}`), false],
      [chat(`<invite xmlns='urn:xmpp:call-invites:0'/>${store}`), true],
      [chat("<x xmlns='jabber:x:conference' jid='a@b'/>", "normal"), true],
      [chat(`<composing xmlns='http://jabber.org/protocol/chatstates'/>${store}`), false],
      [chat("<received xmlns='urn:xmpp:receipts' id='a'/>"), false],
      [chat("<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>"), false],
      [chat("<body>+</body><reactions xmlns='urn:xmpp:reactions:0' id='a'/>"), false],
      [chat("<body>-</body><retract xmlns='urn:xmpp:message-retract:1' id='a'/>"), false],
      [chat("<body>news</body>", "headline"), false],
      [chat("<body>hi</body>", "groupchat"), false],
      [chat("<error type='cancel'/><body>hi</body>", "error"), false],
      [chat("<body>hi</body><no-store xmlns='urn:xmpp:hints'/>"), false], // it goes back
    ];
    for (const [stanza, wakes] of cases) {
      await says(stanza);
      assert.equal((await app.told()).length, wakes ? 1 : 0, stanza);
      assert.deepEqual(await app.passes(stage.clock, 20_000), []);
    }
  }),
);

test(
  "what another client of the account says wakes nobody",
  whileAway(async ({ stage, app }) => {
    const desk = await stage.login(`${JULIET}/desk`);
    desk.send("<presence/>");
    desk.send(chat("<body>note</body>"));
    desk.send("<message to='romeo@example.org' type='chat'><body>hi</body></message>");
    await desk.sync();
    assert.deepEqual(await app.told(), []);
  }),
);

test(
  "a client that has no session is woken though another one is there",
  whileAway(async ({ stage, app, says }) => {
    const desk = await stage.login(`${JULIET}/desk`);
    desk.send("<presence/>");
    await desk.sync();
    await says(chat());
    assert.equal((await app.told()).length, 1);
  }),
);

test(
  "1000 messages at once wake twice: the first time at once, then all together",
  whileAway(
    async ({ stage, app, says }) => {
      const many = Array.from({ length: 1000 }, () => chat());
      await says(...many.slice(0, 500));
      assert.deepEqual((await app.told()).map(count), ["1"]);
      await says(...many.slice(500));
      assert.deepEqual(await app.told(), []);
      stage.clock.advance(9999);
      assert.deepEqual(await app.told(), []);
      stage.clock.advance(1);
      assert.deepEqual((await app.told()).map(count), ["1000"]);
      stage.clock.advance(3_600_000);
      assert.deepEqual(await app.told(), []);
    },
    { config: { limits: { offlineMessages: 0, c2sBytesPerSecond: 0 } } },
  ),
);

test(
  "a call rings though the client was just woken, but not more than once a second",
  whileAway(async ({ stage, app, says }) => {
    const propose = chat("<propose xmlns='urn:xmpp:jingle-message:0' id='a'/><body>call</body>");
    await says(chat());
    assert.equal((await app.told()).length, 1);
    await says(propose, propose, propose);
    assert.equal((await app.told()).length, 0);
    assert.deepEqual((await app.passes(stage.clock, 1000)).map(count), ["4"]);
  }),
);

test(
  "who comes back is woken anew, with what came since",
  whileAway(async ({ stage, app, says }) => {
    await says(chat(), chat());
    assert.equal((await app.told()).length, 1);
    const phone = await stage.login(`${JULIET}/phone`);
    phone.send("<presence/>");
    await phone.sync();
    assert.deepEqual(await app.passes(stage.clock, 10_000), []); // the second one it has got
    await phone.close();
    await says(chat());
    assert.deepEqual((await app.told()).map(count), ["1"]);
  }),
);

test(
  "a request to see the presence wakes too, one from who sees it already does not",
  whileAway(async ({ app, romeo, says, stage }) => {
    await says(`<presence to='${JULIET}' type='subscribe'/>`);
    const [told] = await app.told();
    assert.equal(told?.summary["pending-subscription-count"], "1");
    const phone = await stage.login(`${JULIET}/phone`);
    phone.send("<presence/>");
    phone.send("<presence type='subscribed' to='romeo@example.org'/>");
    await phone.sync();
    await phone.close();
    await app.passes(stage.clock, 60_000);
    romeo.clear();
    await says(`<presence to='${JULIET}' type='subscribe'/>`);
    assert.deepEqual(await app.told(), []);
  }),
);

test(
  "XEP-0357 §6: one node is disabled, or all of an app server; nothing is published there then",
  whileAway(async ({ stage, app, says }) => {
    const phone = await stage.login(`${JULIET}/other`);
    for (const node of ["n2", "n3"]) assert.equal(await enables(phone, node), "result");
    assert.equal(await disables(phone, "n2"), "result");
    await phone.close();
    await says(chat());
    assert.deepEqual((await app.told()).map(({ node }) => node).toSorted(), ["n1", "n3"]);
    const again = await stage.login(`${JULIET}/other`);
    assert.equal(await disables(again), "result");
    assert.equal(await disables(again), "result");
    await again.close();
    await app.passes(stage.clock, 60_000);
    await says(chat());
    assert.deepEqual(await app.told(), []);
  }),
);

test(
  "XEP-0357 §5: the last request for a node counts",
  whileAway(async ({ stage, app, says }) => {
    const phone = await stage.login(`${JULIET}/phone`);
    await enables(phone, "n1", OPTIONS.replace("eruio234vzxc2kla-91", "newer"));
    await phone.close();
    await says(chat());
    const told = await app.told();
    assert.equal(told.length, 1);
    const options = told[0]?.iq
      .elements()[0]
      ?.child("http://jabber.org/protocol/pubsub", "publish-options");
    const fields = options
      ?.elements()[0]
      ?.elements()
      .map((field) => field.elements()[0]?.text);
    assert.ok(fields?.includes("newer"));
  }),
);

test(
  "the next owner of a name is not told of to the clients of the one before",
  whileAway(async ({ stage, app, says }) => {
    await stage.remove(JULIET);
    await stage.accounts(JULIET);
    await says(chat());
    assert.deepEqual(await app.told(), []);
  }),
);

test(
  "a registration outlives a reload of the module",
  whileAway(async ({ stage, app, says }) => {
    const { modules } = stage.server.host("example.org");
    const { pushModule } = await import("./index.ts");
    modules.unload("push");
    await says(chat());
    assert.deepEqual(await app.told(), []);
    await modules.load(pushModule, { sender: false, body: false });
    await says(chat());
    assert.equal((await app.told()).length, 1);
  }),
);

function count({ summary }: { readonly summary: Readonly<Record<string, string>> }): string {
  return summary["message-count"] ?? "";
}
