/** What accounts mean for logins, on the streams of clients. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, NS } from "@rookery/protocol";
import { PASSWORD, Person, type TestClient, TestServer } from "@rookery/testkit";
import type { HostAccounts } from "./host-accounts.ts";

const ROMEO = Jid.parse("romeo@example.org");

/** Asks to log in with PLAIN, on a stream that is open. */
function tries(client: TestClient, username: string, password: string): void {
  const message = Buffer.from(`\0${username}\0${password}`).toString("base64");
  client.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${message}</auth>`);
}

async function outcomeOf(stage: TestServer, username: string, password: string): Promise<string> {
  const client = stage.connect();
  await client.open("example.org");
  tries(client, username, password);
  const answer = await client.element();
  if (answer.name === "success") await client.open("example.org");
  await client.close();
  return answer.name === "success" ? "success" : (answer.elements()[0]?.name ?? "");
}

async function withRomeo(
  scene: (stage: TestServer, accounts: HostAccounts) => Promise<void>,
): Promise<void> {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org", "juliet@example.org");
  await scene(stage, stage.server.host("example.org").accounts);
}

test("RFC 6120 §6.5.2: a disabled account is told so, once the password is right", () =>
  withRomeo(async (stage) => {
    const { administration } = stage.server.host("example.org");
    await administration.setStatus(ROMEO, { disabled: true });
    assert.equal(await outcomeOf(stage, "romeo", PASSWORD), "account-disabled");
    assert.equal(await outcomeOf(stage, "romeo", "wrong"), "not-authorized", "or anyone could ask");
    assert.deepEqual(await administration.status(ROMEO), { disabled: true, expired: false });
    await administration.setStatus(ROMEO, { disabled: false });
    assert.equal(await outcomeOf(stage, "romeo", PASSWORD), "success");
  }));

test("RFC 6120 §6.5.3: credentials that have expired need another password", () =>
  withRomeo(async (stage) => {
    const { administration } = stage.server.host("example.org");
    const session = await Person.enters(stage, "romeo@example.org/balcony");
    await administration.setStatus(ROMEO, { expired: true });
    await session.receives(`<error xmlns='http://etherx.jabber.org/streams'>
      <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>the account needs a new password</text></error>`);
    assert.equal(await outcomeOf(stage, "romeo", PASSWORD), "credentials-expired");
    await administration.setPassword(ROMEO, "another");
    assert.equal(await outcomeOf(stage, "romeo", PASSWORD), "not-authorized");
    assert.equal(await outcomeOf(stage, "romeo", "another"), "success");
  }));

test("a disabled account is disabled for its next owner no more", () =>
  withRomeo(async (stage) => {
    const { administration } = stage.server.host("example.org");
    await administration.setStatus(ROMEO, { disabled: true });
    await administration.remove(ROMEO);
    await administration.create(ROMEO, "new");
    assert.equal(await outcomeOf(stage, "romeo", "new"), "success");
  }));

test("a stream that has authenticated and bound no resource ends with the password, too", () =>
  withRomeo(async (stage) => {
    const client = stage.connect();
    await client.open("example.org");
    tries(client, "romeo", PASSWORD);
    assert.equal((await client.element()).name, "success");
    await client.open("example.org");
    await stage.server.host("example.org").administration.setPassword(ROMEO, "another");
    const error = await client.element();
    assert.ok(error.child(NS.streamErrors, "not-authorized"));
  }));

test("an exchange that began with the old password does not succeed with it", () =>
  withRomeo(async (stage) => {
    const client = stage.connect();
    await client.open("example.org");
    const first = Buffer.from("n,,n=romeo,r=abcdefghijklmnop").toString("base64");
    client.send(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>${first}</auth>`);
    assert.equal((await client.element()).name, "challenge");
    const other = stage.connect();
    await other.open("example.org");
    const juliet = Buffer.from("n,,n=juliet,r=abcdefghijklmnop").toString("base64");
    other.send(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>${juliet}</auth>`);
    assert.equal((await other.element()).name, "challenge");
    await stage.server.host("example.org").administration.setPassword(ROMEO, "another");
    assert.ok((await client.element()).child(NS.streamErrors, "not-authorized"));
    assert.equal(other.queued.length, 0, "others go on");
    await other.close();
  }));

test("the removal of an account, and a guest who leaves, end nobody else's login", async () => {
  const auth = { requireTls: false, plainWithoutTls: true, guests: { enabled: true } };
  await using stage = await TestServer.start({ config: { auth, limits: { loginSeconds: 0 } } });
  await stage.accounts("romeo@example.org", "juliet@example.org");
  const logins = ["romeo", "juliet"].map(async (username) => {
    const client = stage.connect();
    await client.open("example.org");
    const first = Buffer.from(`n,,n=${username},r=abcdefghijklmnop`).toString("base64");
    client.send(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>${first}</auth>`);
    assert.equal((await client.element()).name, "challenge");
    return client;
  });
  const [romeo, juliet] = await Promise.all(logins);
  const guest = stage.connect();
  await guest.open("example.org");
  guest.send(`<auth xmlns='${NS.sasl}' mechanism='ANONYMOUS'>=</auth>`);
  assert.equal((await guest.element()).name, "success");
  guest.cut();
  stage.clock.advance(60_000); // it has bound no resource in time
  await new Promise((resolve) => setTimeout(resolve, 20));
  await stage.remove("romeo@example.org");
  assert.ok((await romeo?.element())?.child(NS.streamErrors, "not-authorized"));
  assert.deepEqual(juliet?.queued, []);
  assert.equal(juliet?.closed, false);
  await juliet?.close();
});

test("wrong passwords make the answers to their address wait, and nobody else's", () =>
  withRomeo(async (stage) => {
    for (let stream = 0; stream < 2; stream++) {
      const client = stage.connect("198.51.100.7");
      await client.open("example.org");
      for (let i = 0; i < 5; i++) {
        tries(client, "romeo", "wrong");
        assert.equal((await client.element()).name, "failure");
      }
      // RFC 6120 §6.4.5: it was given a few tries
      assert.ok((await client.element()).child(NS.streamErrors, "policy-violation"));
    }
    const client = stage.connect("198.51.100.7");
    await client.open("example.org");
    tries(client, "romeo", PASSWORD);
    assert.equal(await outcomeOf(stage, "romeo", PASSWORD), "success", "from elsewhere");
    assert.equal(client.queued.length, 0, "the eleventh try has to wait, right or wrong");
    stage.clock.advance(249);
    assert.equal(await outcomeOf(stage, "juliet", PASSWORD), "success");
    assert.equal(client.queued.length, 0);
    stage.clock.advance(1);
    assert.equal((await client.element()).name, "success");
    await client.open("example.org");
    await client.close();
  }));
