/** Accounts from a directory: OpenLDAP's slapd. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Person, TestServer, type TestServerOptions } from "@rookery/testkit";
import { account, byPassword, outcomeOf } from "./support/sign-in.ts";
import { BASE, SERVICE, Slapd } from "./support/slapd.ts";

const USERS = [
  { uid: "romeo", password: "a rose" },
  { uid: "juliet", password: "püncil" },
  { uid: "straße", password: "a street" },
  { uid: "twice", password: "x", unit: "people" },
  { uid: "twice", password: "x", unit: "others" },
  { uid: "mercutio", password: "plague", unit: "friends" },
] as const;

type Ldap = NonNullable<NonNullable<TestServerOptions["config"]>["auth"]>["ldap"];

function serving(ldap: NonNullable<Ldap>): Promise<TestServer> {
  const open = { requireTls: false, plainWithoutTls: true } as const; // the clients' side
  const auth = { ...open, accounts: "ldap", ldap: { cacheSeconds: 0, ...ldap } } as const;
  return TestServer.start({ config: { auth } });
}

test("LDAP: who is searched for by a service account logs in by PLAIN, and by nothing else", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  const ldap = { url: slapd.tlsUrl, ca: slapd.ca, base: BASE, ...SERVICE };
  await using stage = await serving(ldap);
  const romeo = await byPassword(stage, "Romeo", "a rose");
  assert.deepEqual([romeo.outcome, romeo.offered], ["success", ["PLAIN"]]);
  await romeo.client.open("example.org");
  await romeo.client.close();
  const outcomes: (readonly [string, string, string])[] = [
    ["juliet", "püncil", "success"],
    ["romeo", "a thorn", "not-authorized"],
    ["nobody", "a rose", "not-authorized"],
    ["romeo)(uid=*", "a rose", "not-authorized"],
    ["*", "a rose", "not-authorized"],
    ["straße", "a street", "success"],
    // the directory takes it for the one before, whose account this one must not be
    ["strasse", "a street", "not-authorized"],
    ["twice", "x", "not-authorized"],
    ["mercutio", "plague", "success"],
  ];
  for (const [username, password, outcome] of outcomes) {
    assert.equal(await outcomeOf(byPassword(stage, username, password)), outcome, username);
  }
});

test("LDAP: StartTLS protects ldap://, and a certificate that does not verify ends it", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  const ldap = { url: slapd.url, startTls: true, base: BASE, ...SERVICE };
  await using stage = await serving({ ...ldap, ca: slapd.ca });
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "success");
  await using distrusting = await serving(ldap);
  const refused = outcomeOf(byPassword(distrusting, "romeo", "a rose"));
  assert.equal(await refused, "temporary-auth-failure");
  const direct = { url: slapd.tlsUrl, base: BASE, ...SERVICE };
  await using distrustingToo = await serving(direct);
  const refusedToo = outcomeOf(byPassword(distrustingToo, "romeo", "a rose"));
  assert.equal(await refusedToo, "temporary-auth-failure");
  const elsewhere = slapd.url.replace("localhost", "127.0.0.1"); // not a name of the certificate
  await using wrongName = await serving({ ...ldap, ca: slapd.ca, url: elsewhere });
  const misnamed = outcomeOf(byPassword(wrongName, "romeo", "a rose"));
  assert.equal(await misnamed, "temporary-auth-failure");
});

test("LDAP: with a template of names users bind as themselves, and nobody searches", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  const userDn = `uid={user},ou=people,${BASE}`;
  await using stage = await serving({ url: slapd.url, unencrypted: true, userDn });
  const outcomes: (readonly [string, string, string])[] = [
    ["romeo", "a rose", "success"],
    ["romeo", "a thorn", "not-authorized"],
    ["mercutio", "plague", "not-authorized"],
    ["mercutio,ou=friends", "plague", "not-authorized"],
    ["nobody", "a rose", "not-authorized"],
  ];
  for (const [username, password, outcome] of outcomes) {
    assert.equal(await outcomeOf(byPassword(stage, username, password)), outcome, username);
  }
  // nobody can be asked, so that there is who has been here
  const { accounts } = stage.server.host("example.org");
  assert.equal(await accounts.exists(account("romeo")), true);
  assert.equal(await accounts.exists(account("juliet")), false);
});

test("LDAP: with a template and a service account, there is who has an entry", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  const userDn = `uid={user},ou=people,${BASE}`;
  await using stage = await serving({ url: slapd.tlsUrl, ca: slapd.ca, userDn, ...SERVICE });
  const { accounts } = stage.server.host("example.org");
  assert.equal(await accounts.exists(account("juliet")), true);
  assert.equal(await accounts.exists(account("mercutio")), false);
  assert.equal(await outcomeOf(byPassword(stage, "juliet", "püncil")), "success");
});

test("LDAP: a filter says who may come in", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  const filter = "(&(uid={user})(objectClass=inetOrgPerson)(!(uid=juliet)))";
  const ldap = { url: slapd.tlsUrl, ca: slapd.ca, base: `ou=people,${BASE}`, filter, ...SERVICE };
  await using stage = await serving(ldap);
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "success");
  assert.equal(await outcomeOf(byPassword(stage, "juliet", "püncil")), "not-authorized");
  assert.equal(await outcomeOf(byPassword(stage, "mercutio", "plague")), "not-authorized");
});

test("LDAP: messages to who is in the directory are kept, before the first login", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  await using stage = await serving({ url: slapd.tlsUrl, ca: slapd.ca, base: BASE, ...SERVICE });
  const romeo = await byPassword(stage, "romeo", "a rose");
  await romeo.client.open("example.org");
  romeo.client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await romeo.client.answer("b");
  const message = (to: string): string =>
    `<message id='m' type='chat' to='${to}@example.org'><body>it is the east</body></message>`;
  romeo.client.send(message("nobody"));
  assert.equal((await romeo.client.element()).attr("type"), "error");
  romeo.client.send(message("juliet"));
  await stage.settled();
  assert.equal(romeo.client.queued.length, 0, "it was not refused");
  const { client } = await byPassword(stage, "juliet", "püncil");
  await client.open("example.org");
  client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await client.answer("b");
  client.jid = account("juliet");
  client.send("<presence/>");
  const juliet = new Person(client, stage);
  for (;;) {
    const received = await juliet.client.element();
    if (received.name !== "message") continue;
    assert.equal(received.child("jabber:client", "body")?.text, "it is the east");
    break;
  }
});

test("LDAP: while the directory is down nobody is told that the password is wrong", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  await using stage = await serving({
    url: slapd.tlsUrl,
    ca: slapd.ca,
    base: BASE,
    timeoutSeconds: 1,
    ...SERVICE,
  });
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "success");
  await slapd.end();
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "temporary-auth-failure");
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "wrong")), "temporary-auth-failure");
  await slapd.begin();
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "success");
});

test("LDAP: a service account that may not log in is a fault here, not of the user", async (t) => {
  const slapd = await Slapd.start(t, USERS);
  const ldap = { url: slapd.tlsUrl, ca: slapd.ca, base: BASE, ...SERVICE };
  await using stage = await serving({ ...ldap, bindPassword: "wrong" });
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "temporary-auth-failure");
});
