import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, SM_NS, Stanza } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import { systemRandom } from "../../clock.ts";
import { type Log, silentLog } from "../../log.ts";
import type { Session } from "../../sessions/session.ts";
import { openStorage } from "../../storage/open.ts";
import type { ManagedStream } from "./management.ts";
import { type SessionRecord, sessionRecords } from "./record.ts";
import { Resumption } from "./resumption.ts";
import { authenticated, managed } from "./stage.test.ts";

function stored(resource: string, until: number, presence?: string): SessionRecord {
  const session = {
    resource,
    since: 0,
    until,
    resumeSeconds: 600,
    presence,
    priority: undefined,
    slots: {},
    acknowledged: 0,
    sent: [],
  };
  return { handled: 3, lineage: "l", at: until - 600_000, session };
}

test("what was stored of one session can be unreadable, of a resource that is taken, or of no host of ours: the others come back", async () => {
  await using stage = await TestServer.start();
  await stage.login("romeo@example.org/taken");
  const { server, clock } = stage;
  const storage = await openStorage({ driver: "memory" });
  const records = await storage.map(sessionRecords);
  const faults: unknown[] = [];
  const log: Log = { ...silentLog, error: (_, details) => faults.push(details) };
  const until = clock.now() + 60_000;
  await records.put("romeo@example.org", "1", stored("taken", until));
  await records.put("romeo@example.org", "2", stored("broken", until, "<presence"));
  await records.put("romeo@example.org", "3", stored("good", until));
  await records.put("@@", "4", stored("nobody", until));
  await records.put("romeo@elsewhere.example", "5", stored("gone", until));
  const { limits } = server.config;
  const services = { clock, random: systemRandom, limits, log, storage, sessions: server.sessions };
  const resumption = await Resumption.open(services);
  await resumption.restore(server.hosts);
  const romeo = Jid.parse("romeo@example.org");
  const names = server.sessions.of(romeo).map(({ jid }) => jid.resource);
  assert.deepEqual(names, ["taken", "good"]);
  assert.equal(faults.length, 3);
  assert.equal(resumption.find(romeo, "1"), undefined, "nobody gets the session of another client");
  assert.ok(resumption.find(romeo, "3"));
  assert.equal((await resumption.former(romeo, "1"))?.handled, 3, "what it had said stays known");
  await storage.close();
});

test("a session that was stored does not wait longer than it may, whatever became of the clock", async () => {
  await using stage = await TestServer.start({ config: { limits: { idleSeconds: 0 } } });
  const { server, clock } = stage;
  const storage = await openStorage({ driver: "memory" });
  const records = await storage.map(sessionRecords);
  await records.put("romeo@example.org", "1", stored("future", clock.now() + 1e12));
  await records.put("romeo@example.org", "2", stored("past", clock.now() - 1e9));
  const { limits } = server.config;
  const services = {
    clock,
    random: systemRandom,
    limits,
    log: silentLog,
    storage,
    sessions: server.sessions,
  };
  await (await Resumption.open(services)).restore(server.hosts);
  clock.advance(1);
  const names = (): string[] => [...server.sessions.all()].map(({ jid }) => jid.resource);
  assert.deepEqual(names(), ["future"]);
  clock.advance(601_000);
  assert.deepEqual(names(), []);
  await storage.close();
});

test("XEP-0198 §5: what is sent before a stream is told that it takes the session over follows, once", async () => {
  await using stage = await TestServer.start();
  const client = await stage.login("juliet@example.org/phone");
  const session = stage.server.sessions.get(client.jid as Jid);
  assert.ok(session);
  const storage = await openStorage({ driver: "memory" });
  const resumption = await Resumption.open({
    clock: stage.clock,
    random: systemRandom,
    limits: stage.server.config.limits,
    log: silentLog,
    storage,
    sessions: stage.server.sessions,
  });
  const texts: string[] = [];
  const stream = (): ManagedStream => ({
    queuedBytes: 0,
    sendText: (text) => texts.push(text),
    flushed: () => Promise.resolve(),
    close: () => {},
    cut: () => {},
    idle: () => Promise.resolve(),
  });
  const [first, second] = [stream(), stream()];
  const management = resumption.manage(session, stage.server.host("example.org"), { resume: true });
  management.attach(first);
  management.lost(first);
  management.attach(second);
  session.send(
    new Stanza({ kind: "message", type: "chat", id: "m", from: session.jid, to: session.jid }),
  );
  assert.equal(texts.length, 0, "nothing comes before <resumed/>");
  management.replay();
  assert.equal(texts.filter((text) => text.startsWith("<message")).length, 1);
  management.end();
  await storage.close();
});

test("a server that has stopped leaves nothing to be done for the sessions it has stored", async () => {
  const stage = await TestServer.start();
  const juliet = await managed(stage, "juliet@example.org/phone");
  juliet.client.write("<presence/>");
  await juliet.stanza();
  juliet.client.cut();
  await stage.settled();
  await stage.server.stop();
  assert.equal(stage.clock.waiting, 0);
});

test("the limit sessionsPerAccount: sessions whose clients are away make room for those that are there", async () => {
  await using stage = await TestServer.start({ config: { limits: { sessionsPerAccount: 2 } } });
  for (const name of ["1", "2", "3"]) {
    const phone = await managed(stage, `juliet@example.org/${name}`);
    phone.client.cut();
    await stage.settled();
  }
  const names = (): string[] => [...stage.server.sessions.all()].map(({ jid }) => jid.resource);
  assert.deepEqual(names(), ["2", "3"]);
  await managed(stage, "juliet@example.org/4");
  await managed(stage, "juliet@example.org/5");
  assert.deepEqual(names(), ["4", "5"]);
  await assert.rejects(managed(stage, "juliet@example.org/6"), "those that are there stay");
});

test("XEP-0198 §5: of two streams that ask for a session at once, one gets it, and it loses nothing; the other has not its lineage", async () => {
  await using stage = await TestServer.start();
  const phone = await managed(stage, "juliet@example.org/phone");
  phone.client.write("<presence/>");
  await phone.stanza();
  const romeo = await stage.login("romeo@example.org/r");
  const both = await Promise.all(
    ["one", "two"].map(() => authenticated(stage, "juliet@example.org")),
  );
  for (const stream of both) {
    stream.write(`<resume xmlns='${SM_NS}' previd='${phone.id}' h='${phone.received}'/>`);
  }
  romeo.send(
    "<message to='juliet@example.org' type='chat' id='m'><body>meanwhile</body></message>",
  );
  await romeo.sync();
  const answers = await Promise.all(both.map((stream) => stream.element()));
  assert.deepEqual(answers.map(({ name }) => name).toSorted(), ["failed", "resumed"]);
  const winner = both[answers.findIndex(({ name }) => name === "resumed")];
  let got = await winner?.element();
  while (got && got.name !== "message") got = await winner?.element();
  assert.equal(got?.attr("id"), "m");
  const sessions = (): readonly Session[] =>
    stage.server.sessions.of(Jid.parse("juliet@example.org"));
  assert.equal(sessions().length, 1);
  const loser = both[answers.findIndex(({ name }) => name === "failed")];
  loser?.write(
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>b</resource></bind></iq>",
  );
  assert.equal((await loser?.element())?.attr("type"), "result");
  assert.equal(new Set(sessions().map(({ lineage }) => lineage)).size, 2);
});
