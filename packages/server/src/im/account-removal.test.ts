import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, NS } from "@rookery/protocol";
import { befriend, conversation, Person } from "@rookery/testkit";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

const ROMEO = "romeo@example.org";

async function rosterOf(person: Person): Promise<string[]> {
  const answer = await person.asksForRoster();
  return (answer.elements()[0]?.elements() ?? []).map((item) =>
    ["jid", "subscription", "ask"].map((name) => item.attr(name) ?? "-").join(" "),
  );
}

test(
  "an account that is removed takes leave of its contacts, and its sessions end",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await befriend(romeo, juliet);
    for (const person of [romeo, juliet]) {
      await person.asksForRoster();
      await person.comesOnline();
    }
    for (const person of [romeo, juliet]) await person.ignoresAll();
    await stage.remove(ROMEO);

    const error = await romeo.client.element();
    assert.ok(error.child(NS.streamErrors, "not-authorized"));
    await juliet.receives(`<presence type='unavailable' from='${ROMEO}/balcony'/>`);
    await juliet.receives(`<presence type='unsubscribe' from='${ROMEO}'/>`);
    await juliet.receives(
      `<iq type='set'><query xmlns='jabber:iq:roster'>
        <item jid='${ROMEO}' subscription='to'/></query></iq>`,
    );
    await juliet.receives(`<presence type='unsubscribed' from='${ROMEO}'/>`);
    await juliet.receives(
      `<iq type='set'><query xmlns='jabber:iq:roster'>
        <item jid='${ROMEO}' subscription='none'/></query></iq>`,
    );
    await juliet.receivesNothing();
  }),
);

test(
  "SECURITY: the next owner of the name inherits no contact, request, subscription or version",
  conversation(
    { ...cast, benvolio: "benvolio@example.org/street", tybalt: "tybalt@example.org/street" },
    async ({ romeo, juliet, benvolio, tybalt, stage }) => {
      await befriend(romeo, juliet);
      await benvolio.sends(`<presence type='subscribe' to='${ROMEO}'/>`); // nobody answered
      await romeo.sends("<presence type='subscribe' to='tybalt@example.org'/>"); // nor this
      await romeo.asks(
        `<iq type='set' id='r1'><query xmlns='jabber:iq:roster'>
          <item jid='nurse@example.org' name='Nurse'/></query></iq>`,
      );
      const whole = await romeo.asks(
        "<iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>",
      );
      const version = whole.elements()[0]?.attr("ver");
      await juliet.comesOnline();
      await stage.remove(ROMEO);
      assert.deepEqual(await rosterOf(juliet), [`${ROMEO} none -`]);
      assert.deepEqual(await rosterOf(benvolio), [`${ROMEO} none -`]);

      const heir = await Person.enters(stage, `${ROMEO}/balcony`);
      await heir.asks(
        `<iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver='${version}'/></iq>`,
        "<iq type='result' id='r1'><query xmlns='jabber:iq:roster' ver='*'/></iq>",
      );
      for (const person of [juliet, benvolio]) await person.ignoresAll();
      await heir.sends("<presence/>");
      await heir.receives(`<presence from='${ROMEO}/balcony'/>`);
      await heir.receivesNothing();
      for (const person of [juliet, benvolio]) await person.receivesNothing();
      await tybalt.sends("<presence/>");
      await tybalt.receives("<presence from='tybalt@example.org/street'/>");
      await tybalt.receivesNothing();
      await tybalt.sends(`<presence type='subscribed' to='${ROMEO}'/>`);
      await heir.receivesNothing();
      assert.deepEqual(await rosterOf(heir), []);
    },
  ),
);

test(
  "what comes for an account while it is removed is not kept for its next owner",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    const host = stage.server.host("example.org");
    const romeoJid = Jid.parse(ROMEO);
    await romeo.leaves();
    const removed = host.removeAccount(romeoJid);
    const late = [
      `<presence type='subscribe' to='${ROMEO}'/>`,
      `<presence type='probe' to='${ROMEO}'/>`,
      `<message to='${ROMEO}' type='chat' id='m1'><body>are you there?</body></message>`,
    ];
    juliet.client.send(late.join(""));
    await juliet.receives(
      `<message type='error' id='m1' from='${ROMEO}'><error type='cancel'>
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></message>`,
    );
    await removed;
    const heir = await Person.enters(stage, `${ROMEO}/balcony`);
    await heir.sends("<presence/>");
    await heir.receives(`<presence from='${ROMEO}/balcony'/>`);
    await heir.receivesNothing();
    assert.deepEqual(await rosterOf(heir), []);
  }),
);

test(
  "an account that there is not cannot be removed, and one is removed once at a time",
  conversation(cast, async ({ stage, juliet }) => {
    const host = stage.server.host("example.org");
    await assert.rejects(host.removeAccount(Jid.parse("nobody@example.org")), {
      name: "AccountError",
    });
    const first = host.removeAccount(Jid.parse(ROMEO));
    await assert.rejects(host.removeAccount(Jid.parse(ROMEO)), /is being removed already/);
    await first;
    await juliet.receivesNothing();
  }),
);
