import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, registerQuery } from "@rookery/protocol";
import { conversation, Person, TestServer } from "@rookery/testkit";
import {
  asksForFields,
  conditionOf,
  executes,
  exists,
  invitationIn,
  invitationsOf,
  JULIET,
  ROMEO,
  registers,
  rosterOf,
  shows,
  stranger,
} from "./stage.test.ts";

const cast = { romeo: "romeo@example.org/balcony" } as const;
const INVITE = "urn:xmpp:invite#invite";
const CREATE = "urn:xmpp:invite#create-account";
const DAY = 86_400_000;

test(
  "XEP-0401 §5.1, XEP-0445 §4: Romeo invites, Juliet makes an account, and they are contacts at once",
  conversation(cast, async ({ romeo, stage }) => {
    await romeo.asksForRoster();
    await romeo.comesOnline();
    const { uri, token, expires } = invitationIn(await executes(romeo, INVITE));
    assert.equal(uri, `xmpp:romeo@example.org?roster;preauth=${token};ibr=y`);
    assert.equal(expires, stage.clock.now() + 7 * DAY);

    const client = stage.connect();
    const { features } = await client.open("example.org");
    assert.ok(features.child("urn:xmpp:ibr-token:0", "register"));
    assert.ok(features.child("http://jabber.org/features/iq-register", "register"));
    assert.equal(conditionOf(await asksForFields(client)), "not-allowed");
    assert.equal((await shows(client, token)).attr("type"), "result");
    const fields = registerQuery.in(await asksForFields(client))?.fields;
    assert.deepEqual(fields, { username: "", password: "" });
    assert.equal((await registers(client, "juliet")).attr("type"), "result");

    await romeo.receives(`<iq type='set' id='*'><query xmlns='jabber:iq:roster' ver='*'>
      <item jid='juliet@example.org' subscription='both'/></query></iq>`);
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    assert.deepEqual(await rosterOf(juliet), ["romeo@example.org both"]);
    await juliet.comesOnline();
    await romeo.receives("<presence from='juliet@example.org/chamber'/>");
  }),
);

test(
  "XEP-0445 §4: a token that was used, taken back, expired or made up is not found",
  conversation(cast, async ({ romeo, stage }) => {
    const offer = invitationsOf(stage);
    const make = () => offer.create({ kind: "contact", inviter: ROMEO });
    const used = await make();
    const first = await stranger(stage);
    await shows(first, used.token);
    assert.equal((await registers(first, "juliet")).attr("type"), "result");
    const revoked = await make();
    assert.equal(await offer.revoke(revoked.invitation.id), true);
    assert.equal(await offer.revoke(revoked.invitation.id), false);
    const expired = await make();
    stage.clock.advance(7 * DAY);
    for (const token of [used.token, revoked.token, expired.token, "x", "", "a".repeat(5000)]) {
      const client = await stranger(stage);
      const answer = await shows(client, token);
      assert.equal(conditionOf(answer), "item-not-found", token);
      assert.equal(conditionOf(await registers(client, "tybalt")), "not-allowed");
      assert.equal(await offer.lookUp(token), undefined);
      await client.close();
    }
    assert.equal(await exists(stage, "tybalt@example.org"), false);
    await romeo.leaves();
  }),
);

test("XEP-0445 §4: a registration that fails does not use the token up", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const { token } = await invitationsOf(stage).create({ kind: "account" });
  const client = await stranger(stage);
  await shows(client, token);
  assert.equal(conditionOf(await registers(client, "romeo")), "conflict");
  assert.equal(conditionOf(await registers(client, "")), "not-acceptable");
  assert.equal((await invitationsOf(stage).lookUp(token))?.uses, 1);
  assert.equal((await registers(client, "juliet")).attr("type"), "result");
  assert.equal(await invitationsOf(stage).lookUp(token), undefined);
});

test("XEP-0445 §4: expiry is looked at when the token is shown, and not after", async () => {
  await using stage = await TestServer.start({ config: { limits: { loginSeconds: 0 } } });
  const { token } = await invitationsOf(stage).create({ kind: "account", days: 1 });
  const client = await stranger(stage);
  stage.clock.advance(DAY - 1000);
  assert.equal((await shows(client, token)).attr("type"), "result");
  stage.clock.advance(60_000);
  assert.equal((await registers(client, "juliet")).attr("type"), "result");
});

test("two registrations that race on one token: one of them wins", async () => {
  await using stage = await TestServer.start();
  const offer = invitationsOf(stage);
  const { token } = await offer.create({ kind: "account" });
  const names = ["a", "b", "c", "d"];
  const clients = await Promise.all(names.map(() => stranger(stage)));
  await Promise.all(clients.map((client) => shows(client, token)));
  const answers = await Promise.all(
    clients.map((client, i) => registers(client, names[i] as string)),
  );
  const conditions = answers.map((answer) => conditionOf(answer));
  assert.equal(conditions.filter((one) => one === undefined).length, 1);
  assert.equal(conditions.filter((one) => one === "item-not-found").length, 3);
  const made = await Promise.all(names.map((name) => exists(stage, `${name}@example.org`)));
  assert.equal(made.filter(Boolean).length, 1);
});

test("an invitation for several makes that many accounts, whoever comes at once", async () => {
  await using stage = await TestServer.start();
  const offer = invitationsOf(stage);
  const { token, invitation } = await offer.create({ kind: "account", uses: 3 });
  assert.equal(invitation.uses, 3);
  const names = ["a", "b", "c", "d", "e"];
  const done = await Promise.allSettled(
    names.map((name) => offer.register({ token, name, password: "x", address: "192.0.2.1" })),
  );
  assert.equal(done.filter(({ status }) => status === "fulfilled").length, 3);
  const made = await Promise.all(names.map((name) => exists(stage, `${name}@example.org`)));
  assert.equal(made.filter(Boolean).length, 3);
  assert.equal(await offer.lookUp(token), undefined);
});

test("guesses are bounded on a stream and from an address", async () => {
  await using stage = await TestServer.start({
    config: { limits: { registrationTriesPerAddress: 7 } },
  });
  const { token } = await invitationsOf(stage).create({ kind: "account" });
  const client = await stranger(stage);
  for (let i = 0; i < 5; i++) {
    assert.equal(conditionOf(await shows(client, "guess")), "item-not-found");
  }
  const end = await client.element();
  assert.ok(end.child("urn:ietf:params:xml:ns:xmpp-streams", "policy-violation"));
  const again = await stranger(stage);
  for (let i = 0; i < 2; i++) await shows(again, "guess");
  assert.equal(conditionOf(await shows(again, token)), "resource-constraint");
  const elsewhere = await stranger(stage, "192.0.2.55");
  assert.equal((await shows(elsewhere, token)).attr("type"), "result");
});

test("XEP-0445 §3, XEP-0077 §11: no token is taken before TLS where passwords need it", async () => {
  await using stage = await TestServer.start({
    config: { auth: { requireTls: true, plainWithoutTls: false } },
  });
  const { token } = await invitationsOf(stage).create({ kind: "account" });
  const client = stage.connect();
  const { features } = await client.open("example.org");
  assert.equal(features.child("urn:xmpp:ibr-token:0"), undefined);
  assert.equal(conditionOf(await shows(client, token)), "not-authorized");
});

test(
  "XEP-0401 §5.4: an administrator decides on a name, which is kept for whoever has the token",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const form = await executes(romeo, CREATE);
      const session = form.elements()[0]?.attr("sessionid") ?? "";
      const answer = await executes(
        romeo,
        CREATE,
        `<x xmlns='jabber:x:data' type='submit'><field var='username'><value>Juliet</value></field></x>`,
        session,
      );
      const { uri, token } = invitationIn(answer);
      assert.equal(uri, `xmpp:juliet@example.org?register;preauth=${token}`);

      const other = await stranger(stage);
      const second = await invitationsOf(stage).create({ kind: "account" });
      await shows(other, second.token);
      assert.equal(conditionOf(await registers(other, "juliet")), "conflict");

      const client = await stranger(stage);
      await shows(client, token);
      const fields = registerQuery.in(await asksForFields(client))?.fields;
      assert.equal(fields?.username, "juliet");
      assert.equal(conditionOf(await registers(client, "rosaline")), "not-acceptable");
      assert.equal((await registers(client, "juliet")).attr("type"), "result");
      const juliet = await Person.enters(stage, "juliet@example.org/chamber");
      assert.deepEqual(await rosterOf(juliet), ["romeo@example.org both"]);
    },
    { config: { admins: ["romeo@example.org"] } },
  ),
);

test("XEP-0401 §5.4: without a subscription the two are strangers; a kept name is free again later", async () => {
  await using stage = await TestServer.start({ config: { admins: ["romeo@example.org"] } });
  await stage.accounts("romeo@example.org");
  const offer = invitationsOf(stage);
  const wanted = { kind: "account", inviter: ROMEO, subscribe: false, username: "juliet" } as const;
  const first = await offer.create(wanted);
  await assert.rejects(offer.create(wanted), { condition: "conflict" });
  await offer.revoke(first.invitation.id);
  await offer.create(wanted);
  stage.clock.advance(8 * DAY);
  const { token } = await offer.create(wanted);
  await offer.list(); // tidies up what has expired, and not the name
  await offer.register({ token, name: "juliet", password: "pencil", address: "192.0.2.1" });
  const juliet = await Person.enters(stage, "juliet@example.org/chamber");
  assert.deepEqual(await rosterOf(juliet), []);
  await assert.rejects(offer.create(wanted), { condition: "conflict" });
  await assert.rejects(offer.create({ ...wanted, username: "a b" }));
});

test("an account that an administrator's invitation makes is an administrator, until it is removed", async () => {
  await using stage = await TestServer.start();
  const host = stage.server.host("example.org");
  const offer = invitationsOf(stage);
  const { token, invitation } = await offer.create({ kind: "account", admin: true });
  assert.equal(invitation.admin, true);
  await offer.register({ token, name: "juliet", password: "pencil", address: "192.0.2.1" });
  assert.equal(host.isAdmin(JULIET), true);
  assert.equal(host.isAdmin(ROMEO), false);
  const juliet = await Person.enters(stage, "juliet@example.org/chamber");
  assert.equal(conditionOf(await executes(juliet, CREATE)), undefined);
  await stage.remove("juliet@example.org");
  assert.equal(host.isAdmin(JULIET), false);
  await stage.accounts("juliet@example.org");
  assert.equal(host.isAdmin(JULIET), false);
});

test(
  "who is no administrator makes no accounts, and others' tokens are of no use at another domain",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      assert.equal(conditionOf(await executes(romeo, CREATE)), "forbidden");
      await assert.rejects(invitationsOf(stage).create({ kind: "account", inviter: ROMEO }), {
        condition: "not-allowed",
      });
      const { token } = await invitationsOf(stage, "example.net").create({ kind: "account" });
      const client = await stranger(stage);
      assert.equal(conditionOf(await shows(client, token)), "item-not-found");
      const abroad = await romeo.asks(
        `<iq type='set' id='x' to='example.net'>
          <command xmlns='http://jabber.org/protocol/commands' node='${INVITE}'/></iq>`,
      );
      assert.equal(conditionOf(abroad), "forbidden");
    },
    { config: { domains: [{ name: "example.org" }, { name: "example.net" }] } },
  ),
);

test(
  "options users and accounts: who may invite, and whom to what",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      assert.equal(conditionOf(await executes(romeo, INVITE)), "forbidden");
      await stage.server
        .host("example.org")
        .modules.reload("invitations", { users: true, accounts: false });
      const { uri, token } = invitationIn(await executes(romeo, INVITE));
      assert.equal(uri, `xmpp:romeo@example.org?roster;preauth=${token}`);
      const client = await stranger(stage);
      assert.equal(conditionOf(await shows(client, token)), "item-not-found");
    },
    { config: { modules: { invitations: { users: false } } } },
  ),
);

test(
  "registration: closed: an invitation makes contacts and no accounts",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const { uri } = invitationIn(await executes(romeo, INVITE));
      assert.ok(!uri.includes("ibr"));
      assert.equal(conditionOf(await executes(romeo, CREATE)), "forbidden");
      await assert.rejects(invitationsOf(stage).create({ kind: "account", admin: true }), {
        condition: "not-allowed",
      });
      const client = stage.connect();
      const { features } = await client.open("example.org");
      assert.equal(features.child("urn:xmpp:ibr-token:0"), undefined);
    },
    { config: { registration: "closed", admins: ["romeo@example.org"] } },
  ),
);

test(
  "limits.invitationsPerAccount and invitations: so many are open at a time",
  conversation(
    { ...cast, juliet: "juliet@example.org/chamber" },
    async ({ romeo, juliet, stage }) => {
      const wanted = { kind: "contact", inviter: ROMEO } as const;
      const made = await Promise.allSettled(
        [1, 2, 3].map(() => invitationsOf(stage).create(wanted)),
      );
      assert.equal(made.filter(({ status }) => status === "fulfilled").length, 2);
      assert.equal(conditionOf(await executes(romeo, INVITE)), "resource-constraint");
      assert.equal(conditionOf(await executes(juliet, INVITE)), undefined);
      assert.equal(conditionOf(await executes(juliet, INVITE)), "resource-constraint");
    },
    { config: { limits: { invitationsPerAccount: 2, invitations: 3 } } },
  ),
);

test(
  "somebody sees the own open invitations and takes one back; those of others are not theirs",
  conversation(
    { ...cast, juliet: "juliet@example.org/chamber" },
    async ({ romeo, juliet, stage }) => {
      const offer = invitationsOf(stage);
      const { token } = invitationIn(await executes(romeo, INVITE));
      const [invitation] = await offer.list(ROMEO);
      assert.deepEqual(await offer.list(JULIET), []);
      const id = invitation?.id ?? "";
      const choose = async (person: Person, chosen: string) => {
        const form = await executes(person, "invitations");
        const session = form.elements()[0]?.attr("sessionid") ?? "";
        const x = `<x xmlns='jabber:x:data' type='submit'>
          <field var='id'><value>${chosen}</value></field></x>`;
        return executes(person, "invitations", x, session);
      };
      await choose(juliet, id);
      assert.equal(await offer.revoke(id, JULIET), false);
      assert.ok(await offer.lookUp(token));
      await choose(romeo, id);
      assert.equal(await offer.lookUp(token), undefined);
      assert.deepEqual(await offer.list(ROMEO), []);
    },
  ),
);

test("the invitations of an account go with it, and are not the next owner's", async () => {
  await using stage = await TestServer.start({ config: { admins: ["romeo@example.org"] } });
  await stage.accounts("romeo@example.org");
  const offer = invitationsOf(stage);
  const contact = await offer.create({ kind: "contact", inviter: ROMEO });
  await offer.create({ kind: "account", inviter: ROMEO, username: "juliet" });
  await stage.remove("romeo@example.org");
  await stage.accounts("romeo@example.org");
  assert.equal(await offer.lookUp(contact.token), undefined);
  assert.deepEqual(await offer.list(), []);
  const { token } = await offer.create({ kind: "account" });
  await offer.register({ token, name: "juliet", password: "x", address: "192.0.2.1" });
});

test("the invitations of an account that is switched off are no good until it is switched on", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const { administration } = stage.server.host("example.org");
  const offer = invitationsOf(stage);
  const { token } = await offer.create({ kind: "contact", inviter: ROMEO });
  const client = await stranger(stage);
  assert.equal(conditionOf(await shows(client, token)), undefined);
  await administration.setStatus(ROMEO, { disabled: true });
  assert.equal(conditionOf(await registers(client, "juliet")), "item-not-found", "shown before");
  assert.equal(await offer.lookUp(token), undefined);
  await assert.rejects(offer.register({ token, name: "j", password: "x", address: "192.0.2.1" }), {
    condition: "item-not-found",
  });
  await administration.setStatus(ROMEO, { disabled: false });
  assert.ok(await offer.lookUp(token));
});

test("tokens have 130 random bits, and what is shown of an invitation has none of them", async () => {
  await using stage = await TestServer.start();
  const { token, invitation } = await invitationsOf(stage).create({ kind: "account" });
  assert.match(token, /^[a-z2-9]{26}$/);
  assert.ok(!JSON.stringify(invitation).includes(token));
  const tokens = new Set<string>();
  for (let i = 0; i < 20; i++) {
    tokens.add((await invitationsOf(stage).create({ kind: "account" })).token);
  }
  assert.equal(tokens.size, 20);
});

test("the invitation for the first account takes the place of the one before, and of no other", async () => {
  await using stage = await TestServer.start();
  const offer = invitationsOf(stage);
  const other = await offer.create({ kind: "account", admin: true });
  const first = await offer.create({ kind: "account", admin: true, first: true });
  const second = await offer.create({ kind: "account", admin: true, first: true });
  assert.equal(await offer.lookUp(first.token), undefined);
  assert.ok(await offer.lookUp(second.token));
  assert.ok(await offer.lookUp(other.token));
});

test("what a page of an invitation needs: what it is for, its links, and a name and a password", async () => {
  await using stage = await TestServer.start({
    config: { web: { url: "https://chat.example.org" } },
  });
  await stage.accounts("romeo@example.org");
  const offer = invitationsOf(stage);
  const { token, links } = await offer.create({ kind: "contact", inviter: ROMEO, uses: 2 });
  assert.equal(links.landingUrl, `https://chat.example.org/invite/${token}`);
  const seen = (await offer.lookUp(token)) ?? assert.fail("it is not there");
  assert.deepEqual(
    [seen.kind, String(seen.inviter), seen.register, seen.uses, String(seen.domain)],
    ["contact", "romeo@example.org", true, 2, "example.org"],
  );
  assert.deepEqual(offer.links(seen, token), links);
  const form = { token, password: "pencil", address: "192.0.2.1" };
  await assert.rejects(offer.register({ ...form, name: "romeo" }), { condition: "conflict" });
  await assert.rejects(offer.register({ ...form, name: "admin" }), { condition: "conflict" });
  await assert.rejects(offer.register({ ...form, name: "j", token: "x" }), {
    condition: "item-not-found",
  });
  await assert.rejects(offer.register({ ...form, name: "j", password: "" }), {
    condition: "not-acceptable",
  });
  const account = await offer.register({ ...form, name: "JULIET" });
  assert.ok(account.equals(Jid.parse("juliet@example.org")));
});

test("impossible wishes are refused", async () => {
  await using stage = await TestServer.start();
  const offer = invitationsOf(stage);
  for (const wanted of [
    { kind: "contact" },
    { kind: "contact", inviter: ROMEO, admin: true },
    { kind: "account", uses: 0 },
    { kind: "account", uses: 1001 },
    { kind: "account", uses: 1.5 },
    { kind: "account", days: 366 },
    { kind: "account", username: "juliet", uses: 2 },
  ] as const) {
    await assert.rejects(offer.create(wanted), { condition: "bad-request" });
  }
});
