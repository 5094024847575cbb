import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { stanzaXml } from "@rookery/testkit";
import { InternalAccounts } from "../accounts/internal.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { AnyModule } from "../host.ts";
import { silentLog } from "../log.ts";
import { builtInModules } from "../modules/index.ts";
import { Router } from "../router.ts";
import { Session } from "../sessions/session.ts";
import { SessionTable } from "../sessions/table.ts";
import { FailingDriver } from "../storage/failing-driver.test.ts";
import { storageOver } from "../storage/stores.ts";
import { VirtualHost } from "../virtual-host.ts";

const ROSTER_SET = `<iq type='set' id='r1'><query xmlns='jabber:iq:roster'>
  <item jid='nurse@example.org'/></query></iq>`;
const ROSTER_GET = "<iq type='get' id='r2'><query xmlns='jabber:iq:roster'/></iq>";

test("a roster set that cannot be stored is answered with an error, and never happened", async () => {
  const { driver, login, turns } = await stage();
  const romeo = await login("romeo@example.org/r");
  await romeo.does(ROSTER_GET);
  romeo.received.length = 0;
  driver.writes = "fail";
  await romeo.does(ROSTER_SET);
  await turns();
  const answer = romeo.received.findLast(({ id }) => id === "r1");
  assert.equal(answer?.type, "error");
  assert.ok(answer?.toXml().includes("<internal-server-error"));
  assert.equal(romeo.received.filter(({ id, type }) => id === "r1" && type === "result").length, 0);
  // the push that told of it is taken back
  assert.ok(romeo.received.at(-1)?.toXml().includes("subscription='remove'"));

  driver.writes = "work";
  await romeo.does(ROSTER_GET);
  assert.ok(!romeo.received.at(-1)?.toXml().includes("nurse"));
  await romeo.does(ROSTER_SET);
  await turns();
  assert.equal(romeo.received.at(-1)?.type, "result");
});

test("a roster that cannot be read is an error to whoever needs it, and is read when it can be", async () => {
  const { driver, login } = await stage();
  const romeo = await login("romeo@example.org/r");
  driver.reads = "fail";
  for (const xml of [ROSTER_GET, ROSTER_SET, "<presence id='p1'/>"]) {
    await romeo.does(xml);
    assert.equal(romeo.received.pop()?.type, "error", xml);
  }
  driver.reads = "work";
  await romeo.does("<presence/>");
  assert.equal(romeo.received.pop()?.type, "available");
});

test("a subscription that cannot be stored is told to the one who asked for it", async () => {
  const { driver, login, turns } = await stage();
  const romeo = await login("romeo@example.org/r");
  driver.writes = "fail";
  await romeo.does("<presence type='subscribe' id='s1' to='juliet@example.org'/>");
  await turns();
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.kind, answer?.type, answer?.id], ["presence", "error", "s1"]);
});

test("a message that cannot be kept goes back to its sender", async () => {
  const { driver, login, accounts, turns } = await stage();
  const romeo = await login("romeo@example.org/r");
  await accounts.createWithKeys(Jid.parse("juliet@example.org"), {});
  driver.writes = "fail";
  await romeo.does(
    "<message type='chat' id='m1' to='juliet@example.org'><body>hi</body></message>",
  );
  await turns();
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.kind, answer?.type, answer?.id], ["message", "error", "m1"]);
});

test("a message to an account that cannot be looked up goes back to its sender", async () => {
  const { driver, login } = await stage();
  const romeo = await login("romeo@example.org/r");
  driver.reads = "fail";
  await romeo.does(
    "<message type='chat' id='m1' to='juliet@example.org'><body>hi</body></message>",
  );
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.type, answer?.id], ["error", "m1"]);
});

test("a session that ends while its roster is read never becomes available", async () => {
  const { host, driver, login } = await stage();
  const romeo = await login("romeo@example.org/r");
  const orchard = await login("romeo@example.org/orchard");
  await orchard.does("<presence/>");
  const reading = Promise.withResolvers<void>();
  driver.beforeReads = reading.promise;
  host.im.rosters.forget(romeo.session.jid.bare, Promise.resolve());
  const coming = romeo.does("<presence/><presence to='romeo@example.org/orchard'/>");
  host.ended(romeo.session);
  orchard.received.length = 0;
  reading.resolve();
  await coming;
  assert.deepEqual(orchard.received, []);
  assert.equal(romeo.session.available, false);
});

test("when the roster of one who leaves cannot be read, the process goes on", async () => {
  const { host, driver, login, turns } = await stage();
  const romeo = await login("romeo@example.org/r");
  await romeo.does("<presence/>");
  host.im.rosters.forget(romeo.session.jid.bare, Promise.resolve());
  driver.reads = "fail";
  host.ended(romeo.session);
  await turns();
  await assert.rejects(async () => await host.im.rosters.get(romeo.session.jid.bare));
});

interface Actor {
  readonly session: Session;
  readonly received: Stanza[];
  /** Sends stanzas in order; settles when the last is handled. */
  does(xml: string): Promise<void>;
}

/** A host on a storage that can fail, with sessions but no streams. */
async function stage(): Promise<{
  readonly host: VirtualHost;
  readonly driver: FailingDriver;
  readonly accounts: InternalAccounts;
  readonly login: (full: string) => Promise<Actor>;
  readonly turns: () => Promise<void>;
}> {
  const driver = new FailingDriver();
  const storage = storageOver(driver);
  const domain = Jid.parse("example.org");
  const services = {
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
    limits: resolveConfig({}).limits,
    router: new Router(silentLog),
    sessions: new SessionTable(),
    storage,
    connectedComponents: () => [],
    isLocal: (name: string) => name === "example.org",
  };
  const accounts = await InternalAccounts.open(domain, storage, services);
  const host = await VirtualHost.open(domain, accounts, services);
  await host.modules.load(builtInModules.find(({ name }) => name === "offline") as AnyModule, {});
  services.router.claim("example.org", host);
  return {
    host,
    driver,
    accounts,
    turns: () => new Promise((resolve) => setImmediate(resolve)),
    login: async (full) => {
      const received: Stanza[] = [];
      const session = new Session(Jid.parse(full), 0, {
        send: (stanza) => received.push(stanza),
        close: () => {},
        flushed: () => Promise.resolve(),
        maxQueuedBytes: 1_000_000,
      });
      services.sessions.add(session);
      const does = async (xml: string): Promise<void> => {
        for (const element of stanzaXml(`<all>${xml}</all>`).elements()) {
          await host.receive(session, Stanza.read(element, session.jid));
        }
      };
      return { session, received, does };
    },
  };
}
