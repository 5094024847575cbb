import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "./support/befriend.ts";
import { slixmpp, xmppJs } from "./support/clients.ts";
import { freePort } from "./support/free-port.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 90_000 };

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(
    `accounts, rosters, subscriptions, versions and messages are there after ${signal}`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo", "juliet", "nurse"]);
      const [romeo, juliet] = [slixmpp(t), slixmpp(t)];
      await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
      await juliet.login(rookery, "juliet@localhost/balcony", "direct");
      for (const peer of [romeo, juliet]) {
        await peer.roster();
        await peer.call("presence");
      }
      await befriend(romeo, juliet);
      await romeo.call("presence", { type: "subscribe", to: "nurse@localhost" });
      await juliet.call("logout");
      await romeo.next("presence", { from: "juliet@localhost/balcony", type: "unavailable" });
      await romeo.call("message", { to: "juliet@localhost", body: "before the storm", id: "m1" });
      await romeo.call("roster_set", { jid: "mercutio@localhost", name: "M", groups: ["Friends"] });
      // what was answered is on the disk, and so is what came before it
      const before = await romeo.roster();
      await rookery.stop(signal);
      await romeo.next("disconnected");

      await rookery.start();
      const back = slixmpp(t);
      await back.login(rookery, "romeo@localhost/orchard", "direct");
      assert.equal((await back.roster(before.ver)).changed, false);
      const roster = await back.roster();
      assert.equal(roster.ver, before.ver);
      assert.deepEqual(roster.items, {
        "juliet@localhost": { name: "", subscription: "both", ask: "", groups: [] },
        "nurse@localhost": { name: "", subscription: "none", ask: "subscribe", groups: [] },
        "mercutio@localhost": { name: "M", subscription: "none", ask: "", groups: ["Friends"] },
      });
      await back.call("presence");

      const julietBack = slixmpp(t);
      await julietBack.login(rookery, "juliet@localhost/chamber", "starttls");
      await julietBack.call("presence");
      const message = await julietBack.next("message");
      assert.deepEqual([message["id"], message["body"]], ["m1", "before the storm"]);
      await julietBack.next("presence", { from: "romeo@localhost/orchard", type: "available" });
      await back.next("presence", { from: "juliet@localhost/chamber", type: "available" });

      const nurse = slixmpp(t);
      await nurse.login(rookery, "nurse@localhost", "starttls");
      await nurse.call("presence");
      await nurse.next("presence", { from: "romeo@localhost", type: "subscribe" });
    },
  );
}

test(
  "RFC 6120 §4.9.3.20: SIGTERM tells clients of the shutdown, and it ends well",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [romeo, juliet] = [slixmpp(t), xmppJs(t, rookery)];
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    await juliet.login(rookery, "juliet@localhost/balcony", "direct");
    const stopped = rookery.stop("SIGTERM");
    for (const peer of [romeo, juliet]) {
      await peer.next("stream-error", { condition: "system-shutdown" });
      await peer.next("disconnected");
    }
    assert.deepEqual(await stopped, { code: 0, signal: null });
  },
);

test(
  "a message to someone offline survives a SIGTERM that comes right after it",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const romeo = slixmpp(t);
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    for (let i = 0; i < 50; i++) {
      await romeo.call("message", { to: "juliet@localhost", body: `${i}` });
    }
    await romeo.call("ping", { to: "localhost" }); // it has them all
    await rookery.stop("SIGTERM");
    await rookery.start();
    const juliet = slixmpp(t);
    await juliet.login(rookery, "juliet@localhost/balcony", "direct");
    await juliet.call("presence");
    for (let i = 0; i < 50; i++) assert.equal((await juliet.next("message"))["body"], `${i}`);
  },
);

test("xmpp.js comes back to its session by itself when the server does", LIMIT, async (t) => {
  const ports = { c2s: await freePort(), c2sTls: await freePort() };
  const rookery = await Rookery.start(t, ["romeo", "juliet"], ports);
  const juliet = xmppJs(t, rookery);
  await juliet.login(rookery, "juliet@localhost/balcony", "direct");
  await juliet.next("online");
  await juliet.call("presence");
  await juliet.call("settled");
  await rookery.stop("SIGTERM");
  await juliet.next("disconnected");
  await rookery.start();
  await juliet.next("sm", { what: "resumed" });
  const romeo = slixmpp(t);
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await romeo.call("message", { to: "juliet@localhost", body: "You are back" });
  assert.equal((await juliet.next("message"))["body"], "You are back");
});
