/** XEP-0379, with the server of the inviter in place of the client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { befriend, conversation } from "@rookery/testkit";
import { executes, invitationIn, invitationsOf, ROMEO, rosterOf } from "./stage.test.ts";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.net/chamber",
} as const;
const config = { config: { domains: [{ name: "example.org" }, { name: "example.net" }] } };

function subscribe(token: string): string {
  return `<presence type='subscribe' to='romeo@example.org'>
    <preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`;
}

test(
  "XEP-0379 §3.4, §3.5: a request with a token is granted, and returned, without anybody's doing",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      const { token } = invitationIn(await executes(romeo, "urn:xmpp:invite#invite"));
      for (const person of [romeo, juliet]) {
        await person.asksForRoster();
        await person.comesOnline();
      }
      // §3.4: Juliet's client agrees to what will be asked in return
      await juliet.sends("<presence type='subscribed' to='romeo@example.org'/>");
      await juliet.sends(subscribe(token));
      await juliet.ignoresAll();
      await romeo.ignoresAll();
      assert.deepEqual(await rosterOf(romeo), ["juliet@example.net both"]);
      assert.deepEqual(await rosterOf(juliet), ["romeo@example.org both true"]);
      await juliet.sends("<presence><show>away</show></presence>");
      await romeo.receives(
        "<presence from='juliet@example.net/chamber'><show>away</show></presence>",
      );
    },
    config,
  ),
);

test(
  "XEP-0379 §3.5: Romeo need not be there",
  conversation(
    cast,
    async ({ romeo, juliet, stage }) => {
      const { token } = await invitationsOf(stage).create({ kind: "contact", inviter: ROMEO });
      await romeo.leaves();
      await juliet.asksForRoster();
      await juliet.comesOnline();
      await juliet.sends(subscribe(token));
      await juliet.receives("<iq type='set'><query xmlns='jabber:iq:roster'>*</query></iq>");
      await juliet.receives("<presence type='subscribed' from='romeo@example.org'/>");
      await juliet.receives("<iq type='set'><query xmlns='jabber:iq:roster'>*</query></iq>");
      await juliet.receives("<presence type='subscribe' from='romeo@example.org'/>");
      await juliet.receivesNothing();
      assert.deepEqual(await rosterOf(juliet), ["romeo@example.org to"]);
    },
    config,
  ),
);

test(
  "XEP-0379 §4.1, §5.2: what is no token of Romeo's, used, or for accounts, waits for Romeo as ever",
  conversation(
    { ...cast, tybalt: "tybalt@example.net/street", nurse: "nurse@example.org/house" },
    async ({ romeo, juliet, tybalt, stage }) => {
      const offer = invitationsOf(stage);
      const used = await offer.create({ kind: "contact", inviter: ROMEO });
      await tybalt.sends(subscribe(used.token));
      await stage.settled();
      assert.deepEqual(await rosterOf(romeo), ["tybalt@example.net from subscribe"]);
      const others = await offer.create({
        kind: "contact",
        inviter: Jid.parse("nurse@example.org"),
      });
      const account = await offer.create({ kind: "account" });
      await romeo.comesOnline();
      for (const token of [used.token, others.token, account.token, "x", ""]) {
        await juliet.sends(subscribe(token));
      }
      await juliet.sends(
        `<presence type='subscribe' to='romeo@example.org'><preauth xmlns='urn:xmpp:pars:0'/></presence>`,
      );
      await stage.settled();
      assert.deepEqual(await rosterOf(romeo), ["tybalt@example.net from subscribe"]);
      assert.ok(await offer.lookUp(others.token));
      assert.ok(await offer.lookUp(account.token));
    },
    config,
  ),
);

test(
  "a token that contacts show who are contacts already is not used by it",
  conversation(
    cast,
    async ({ romeo, juliet, stage }) => {
      await befriend(romeo, juliet);
      const offer = invitationsOf(stage);
      const { token } = await offer.create({ kind: "contact", inviter: ROMEO });
      await juliet.sends(subscribe(token));
      await stage.settled();
      assert.ok(await offer.lookUp(token));
    },
    config,
  ),
);

test(
  "a request that waits is granted when its sender comes with a token",
  conversation(
    cast,
    async ({ romeo, juliet, stage }) => {
      const offer = invitationsOf(stage);
      await juliet.sends("<presence type='subscribe' to='romeo@example.org'/>");
      const { token } = await offer.create({ kind: "contact", inviter: ROMEO });
      await juliet.sends(subscribe(token));
      await stage.settled();
      assert.deepEqual(await rosterOf(romeo), ["juliet@example.net from subscribe"]);
      await romeo.comesOnline();
      await romeo.receivesNothing();
    },
    config,
  ),
);
