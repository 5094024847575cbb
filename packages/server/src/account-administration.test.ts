import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, StreamError } from "@rookery/protocol";
import { PASSWORD, TestServer } from "@rookery/testkit";
import { HostAdministration } from "./account-administration.ts";
import type { HostAccounts } from "./accounts/host-accounts.ts";
import { openAccounts } from "./accounts/open.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { resolveConfig } from "./config/resolve.ts";
import { silentLog } from "./log.ts";
import { SessionTable } from "./sessions/table.ts";
import { openStorage } from "./storage/open.ts";

const domains = [{ name: "example.org" }, { name: "example.net" }];

test("a host administers its own accounts only, though others are in the same storage", async () => {
  await using stage = await TestServer.start({ config: { domains } });
  await stage.accounts("juliet@example.net");
  const client = await stage.login("romeo@example.net/balcony");
  const { administration } = stage.server.host("example.org");
  for (const text of ["juliet@example.net", "example.org", "juliet@example.org/chamber"]) {
    const jid = Jid.parse(text);
    const refused = { name: "AccountError", problem: "refused", message: /is not an account of/ };
    await assert.rejects(administration.create(jid, "x"), refused);
    await assert.rejects(administration.setPassword(jid, "x"), refused);
    await assert.rejects(administration.remove(jid), refused);
  }
  assert.deepEqual(administration.online(), []);
  const romeo = Jid.parse("romeo@example.net");
  assert.equal(administration.endSessions(romeo, new StreamError("policy-violation")), 0);
  assert.equal(client.closed, false);
  assert.equal(await administration.count(), 0);
  const { accounts } = stage.server.host("example.net");
  assert.ok(await accounts.exists(Jid.parse("juliet@example.net")));
});

test("it tells what exists already from what does not, and from a password that cannot be", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const { administration } = stage.server.host("example.org");
  const romeo = Jid.parse("romeo@example.org");
  const nobody = Jid.parse("nobody@example.org");
  await assert.rejects(administration.create(romeo, "x"), { problem: "exists" });
  await assert.rejects(administration.create(nobody, ""), { problem: "refused" });
  await assert.rejects(administration.setPassword(nobody, "x"), { problem: "not-found" });
  await assert.rejects(administration.remove(nobody), { problem: "not-found" });
  await administration.remove(romeo);
  assert.equal(await administration.count(), 0);
});

test("the accounts are counted page by page, however many there are", async () => {
  const all = Array.from({ length: 2001 }, (_, i) => Jid.of(`user${i}`, "example.org"));
  const pages: number[] = [];
  const list = async ({ after, limit = 0 }: { after?: Jid; limit?: number }): Promise<Jid[]> => {
    const from = after === undefined ? 0 : all.indexOf(after) + 1;
    pages.push(from);
    return all.slice(from, from + limit);
  };
  assert.equal(await administrationOf({ create() {}, list }).count(), 2001);
  assert.deepEqual(pages, [0, 1000, 2000]);
});

test("accounts from elsewhere get their passwords there", async () => {
  const storage = await openStorage({ driver: "memory" });
  const services = {
    storage,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limits: resolveConfig({}).limits,
  };
  const backend = { url: "http://127.0.0.1:9/check", method: "POST" } as const;
  const bounds = { timeoutSeconds: 1, connections: 1, cacheSeconds: 0, unencrypted: false };
  const http = { ...backend, ...bounds };
  const accounts = await openAccounts(
    Jid.parse("example.org"),
    { accounts: "http", http },
    services,
  );
  const elsewhere = administrationOf(accounts);
  assert.equal(elsewhere.managed, false);
  const refused = { name: "AccountError", problem: "refused", message: /not kept by this server/ };
  await assert.rejects(elsewhere.create(Jid.parse("romeo@example.org"), "x"), refused);
  await assert.rejects(accounts.setPassword(Jid.parse("romeo@example.org"), "x"), refused);
  assert.deepEqual(await elsewhere.list(), [], "nobody has been here");
  await storage.close();
});

function administrationOf(accounts: object): HostAdministration {
  return new HostAdministration({
    domain: Jid.parse("example.org"),
    accounts: accounts as HostAccounts,
    sessions: new SessionTable(),
    administrators: { write: () => assert.fail(), added: () => assert.fail() },
    removeAccount: () => Promise.resolve(),
    accountChanged: () => Promise.resolve(),
  });
}

test("a stream that had authenticated before its account was removed is not the next owner's", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const romeo = Jid.parse("romeo@example.org");
  const early = stage.connect();
  await early.open("example.org");
  const initial = Buffer.from(`\0romeo\0${PASSWORD}`).toString("base64");
  early.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${initial}</auth>`);
  assert.equal((await early.element()).name, "success");
  await early.open("example.org");
  await stage.server.host("example.org").administration.remove(romeo);
  const error = await early.element();
  assert.ok(error.child("urn:ietf:params:xml:ns:xmpp-streams", "not-authorized"));
});
