import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { kitComponent, type StartComponent, slixmppComponent } from "./support/components.ts";
import { Flow } from "./support/flow.ts";
import type { Peer } from "./support/peer.ts";
import { Rookery } from "./support/rookery.ts";
import { seeded } from "./support/seeded.ts";

const LIMIT = { timeout: 120_000 };
const SECRET = "nightingale, not lark";
const ROUNDS = 6;
const QUEUE_SECONDS = 2;
/** How long a component that was killed stays away at most; some of what waits is given up then. */
const AWAY_MS = 4000;

const PEERS: readonly (readonly [string, StartComponent])[] = [
  ["slixmpp", slixmppComponent],
  ["our kit", kitComponent],
];

function startRookery(t: TestContext, users: readonly string[]): Promise<Rookery> {
  return Rookery.start(t, users, undefined, {
    secrets: { "echo.localhost": SECRET, "other.localhost": "another secret" },
    limits: { componentQueueSeconds: QUEUE_SECONDS },
  });
}

async function connected(
  t: TestContext,
  start: StartComponent,
  rookery: Rookery,
  name = "",
): Promise<Peer> {
  const peer = start(t);
  const as = { domain: "echo.localhost", secret: SECRET, port: rookery.ports.component, name };
  await peer.call("connect", as);
  await peer.next("connected");
  return peer;
}

for (const [name, start] of PEERS) {
  test(
    `a component of ${name} is killed again and again: no message is lost without a word`,
    LIMIT,
    async (t) => {
      const seed = Number(process.env["ROOKERY_SEED"] ?? 114);
      const random = seeded(seed);
      const rookery = await startRookery(t, ["romeo"]);
      let component = await connected(t, start, rookery);
      const romeo = await Flow.start(t, rookery, "romeo@localhost/orchard", "a@echo.localhost");
      const stop = new AbortController();
      const sending = romeo.sendUntil(stop.signal, random);
      for (let round = 0; round < ROUNDS; round++) {
        await pause(random() * 1500);
        await component.kill();
        await pause(random() ** 2 * AWAY_MS);
        component = await connected(t, start, rookery);
      }
      await pause(200);
      stop.abort();
      await sending;
      const outcome = await romeo.settled(20_000);
      t.diagnostic(`seed ${seed}, ${ROUNDS} times killed: ${JSON.stringify(outcome)}`);
      assert.equal(outcome.lost, 0);
      assert.equal(outcome.disordered, 0);
      assert.ok(outcome.echoed > outcome.sent / 4, "most of the time it was there");
    },
  );

  test(`${name} is told that a secret is wrong, or a domain unknown`, LIMIT, async (t) => {
    const rookery = await startRookery(t, []);
    for (const [domain, secret, condition] of [
      ["echo.localhost", "lark", "not-authorized"],
      ["other.localhost", SECRET, "not-authorized"],
      ["unknown.localhost", SECRET, "host-unknown"],
      ["localhost", SECRET, "host-unknown"],
    ]) {
      const peer = start(t);
      await peer.call("connect", { domain, secret, port: rookery.ports.component });
      await peer.next("stream-error", { condition });
      await peer.next("disconnected");
      await peer.kill();
    }
  });

  test(`several connections of ${name} share the load, each sender has one`, LIMIT, async (t) => {
    const users = ["romeo", "juliet", "nurse", "tybalt", "mercutio", "benvolio"];
    const rookery = await startRookery(t, users);
    const one = await connected(t, start, rookery, "one: ");
    await connected(t, start, rookery, "two: ");
    const flows = await Promise.all(
      users.map((user) => Flow.start(t, rookery, `${user}@localhost/x`, "a@echo.localhost")),
    );
    for (let i = 0; i < 20; i++) await Promise.all(flows.map((flow) => flow.send()));
    for (const flow of flows) assert.equal((await flow.settled(10_000)).lost, 0);
    const by = flows.map((flow) => new Set(flow.echoes.map((text) => text.split(":")[0])));
    for (const connections of by) assert.equal(connections.size, 1);
    const all = new Set(by.flatMap((connections) => [...connections]));
    assert.deepEqual([...all].sort(), ["one", "two"]);

    await Promise.all(flows.map((flow) => flow.send()));
    await one.kill();
    for (let i = 0; i < 20; i++) await Promise.all(flows.map((flow) => flow.send()));
    for (const flow of flows) {
      const { lost, errors } = await flow.settled(10_000);
      assert.deepEqual([lost, errors], [0, 0]);
      assert.match(flow.echoes.at(-1) ?? "", /^two: /);
    }
  });
}

test(
  "XEP-0114 §3: who speaks for another domain is thrown out, and nobody hears it",
  LIMIT,
  async (t) => {
    const rookery = await startRookery(t, ["romeo"]);
    const romeo = await Flow.start(t, rookery, "romeo@localhost/orchard", "a@echo.localhost");
    for (const sender of ["a@other.localhost", "juliet@localhost", "echo.localhost.example"]) {
      const slixmpp = await connected(t, slixmppComponent, rookery);
      await slixmpp.call("message", { sender, to: "romeo@localhost/orchard", body: "I am not I" });
      await slixmpp.next("stream-error", { condition: "invalid-from" });
      await slixmpp.kill();
    }
    // our kit does not even try
    const kit = await connected(t, kitComponent, rookery);
    const forged = {
      sender: "a@other.localhost",
      to: "romeo@localhost/orchard",
      body: "I am not I",
    };
    await assert.rejects(kit.call("message", forged), /cannot speak for/);
    await romeo.send();
    assert.deepEqual((await romeo.settled(10_000)).echoed, 1);
    assert.deepEqual(romeo.echoes, ["message 0"]);
  },
);
