import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Json, Peer } from "./support/peer.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 120_000 };
const MANY = 300;

interface Entry {
  readonly id: string;
  readonly stamp: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

/** A client of slixmpp that knows archives. */
function reader(t: TestContext): Peer {
  const script = fileURLToPath(import.meta.resolve("./slixmpp/archive.py"));
  return new Peer(t, ["/usr/bin/python3", "-u", "-W", "ignore", script], {});
}

async function history(peer: Peer, options: Json = {}): Promise<readonly Entry[]> {
  return (await peer.call("history", options))["messages"] as readonly Entry[];
}

const bodies = (entries: readonly Entry[]): readonly string[] => entries.map(({ body }) => body);

/** Two people have said numbers to each other, and one has said them to a third. */
async function talked(t: TestContext): Promise<{ rookery: Rookery; romeo: Peer; juliet: Peer }> {
  const rookery = await Rookery.start(t, ["romeo", "juliet", "nurse"]);
  const [romeo, juliet] = [reader(t), reader(t)];
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await juliet.login(rookery, "juliet@localhost/balcony", "direct");
  await romeo.call("presence");
  await juliet.call("presence");
  await romeo.call("talk", { to: "juliet@localhost", first: 0, count: MANY / 2 });
  await romeo.call("talk", { to: "nurse@localhost", first: 0, count: 20 });
  await juliet.call("talk", { to: "romeo@localhost", first: MANY / 2, count: MANY / 2 });
  return { rookery, romeo, juliet };
}

test("slixmpp pages through its archive in both directions", LIMIT, async (t) => {
  const { romeo, juliet } = await talked(t);
  const all = Array.from({ length: MANY }, (_, n) => String(n));
  assert.deepEqual(bodies(await history(juliet)), all);
  assert.deepEqual(bodies(await history(juliet, { reverse: true, amount: 7 })), all.toReversed());
  const peer = "juliet@localhost";
  assert.deepEqual(bodies(await history(romeo, { peer, amount: 13 })), all);
  assert.equal((await history(romeo)).length, MANY + 20);
  assert.equal((await history(romeo, { peer: "nurse@localhost" })).length, 20);
  assert.deepEqual(await history(romeo, { peer: "tybalt@localhost" }), []);
  const [first] = await history(juliet);
  assert.ok(Math.abs(Date.parse(first?.stamp ?? "") - Date.now()) < 120_000);
  assert.deepEqual([first?.from, first?.to], ["romeo@localhost/orchard", "juliet@localhost"]);
});

test(
  "slixmpp finds the ids of what it gets in its archive, and that after a crash",
  LIMIT,
  async (t) => {
    const { rookery, juliet } = await talked(t);
    const live = await juliet.next("message", { body: "3" });
    assert.equal(live["by"], "juliet@localhost");
    const before = await history(juliet);
    assert.equal(before[3]?.id, live["id"]);
    const { start, end } = await juliet.call("metadata");
    assert.deepEqual([start, end], [before[0]?.id, before.at(-1)?.id]);
    await rookery.stop("SIGKILL");
    await rookery.start();
    const back = reader(t);
    await back.login(rookery, "juliet@localhost/balcony", "direct");
    assert.deepEqual(await history(back), before);
  },
);

test("slixmpp asks what the archive can do, and chooses what it keeps", LIMIT, async (t) => {
  const { romeo, juliet } = await talked(t);
  const features = (await romeo.call("features"))["features"] as readonly string[];
  for (const feature of ["urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0"]) {
    assert.ok(features.includes(feature), feature);
  }
  const fields = (await romeo.call("fields"))["fields"] as readonly string[];
  assert.ok(
    ["after-id", "before-id", "end", "ids", "start", "with"].every((f) => fields.includes(f)),
  );
  const chosen = { default: "never", always: ["nurse@localhost"], never: ["juliet@localhost"] };
  await romeo.call("set_preferences", chosen);
  assert.deepEqual(await romeo.call("preferences"), chosen);
  await romeo.call("talk", { to: "juliet@localhost", first: MANY, count: 5 });
  await romeo.call("talk", { to: "nurse@localhost", first: 20, count: 5 });
  assert.equal((await history(romeo, { peer: "juliet@localhost" })).length, MANY);
  assert.equal((await history(romeo, { peer: "nurse@localhost" })).length, 25);
  assert.equal((await history(juliet)).length, MANY + 5);
});
