import assert from "node:assert/strict";
import { test } from "node:test";
import { failingStage } from "./failing-stage.test.ts";

const ROSTER_SET = `<iq type='set' id='r1'><query xmlns='jabber:iq:roster'>
  <item jid='nurse@example.org'/></query></iq>`;
const ROSTER_GET = "<iq type='get' id='r2'><query xmlns='jabber:iq:roster'/></iq>";

test("a roster set that cannot be stored is answered with an error, and never happened", async () => {
  const { driver, login, turns } = await failingStage();
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
  const { driver, login } = await failingStage();
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
  const { driver, login, turns } = await failingStage();
  const romeo = await login("romeo@example.org/r");
  driver.writes = "fail";
  await romeo.does("<presence type='subscribe' id='s1' to='juliet@example.org'/>");
  await turns();
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.kind, answer?.type, answer?.id], ["presence", "error", "s1"]);
});

test("a message to an account that cannot be looked up goes back to its sender", async () => {
  const { driver, login } = await failingStage();
  const romeo = await login("romeo@example.org/r");
  driver.reads = "fail";
  await romeo.does(
    "<message type='chat' id='m1' to='juliet@example.org'><body>hi</body></message>",
  );
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.type, answer?.id], ["error", "m1"]);
});

test("a session that ends while its roster is read never becomes available", async () => {
  const { host, driver, login } = await failingStage();
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
  const { host, driver, login, turns } = await failingStage();
  const romeo = await login("romeo@example.org/r");
  await romeo.does("<presence/>");
  host.im.rosters.forget(romeo.session.jid.bare, Promise.resolve());
  driver.reads = "fail";
  host.ended(romeo.session);
  await turns();
  await assert.rejects(async () => await host.im.rosters.get(romeo.session.jid.bare));
});
