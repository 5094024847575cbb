import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "./support/befriend.ts";
import { slixmpp, xmppJs } from "./support/clients.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };

for (const tls of ["starttls", "direct"] as const) {
  test(`xmpp.js logs in by SCRAM-SHA-1 over ${tls}`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["juliet"]);
    const juliet = xmppJs(t, rookery);
    assert.deepEqual(await juliet.login(rookery, "juliet@localhost/balcony", tls), {
      jid: "juliet@localhost/balcony",
      mechanism: "SCRAM-SHA-1",
      tls: "TLSv1.3",
    });
    await juliet.call("ping", { to: "localhost" });
    await juliet.call("logout");
    await juliet.next("disconnected");
  });

  test(`xmpp.js and slixmpp talk over ${tls}`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [romeo, juliet] = [slixmpp(t), xmppJs(t, rookery)];
    await romeo.login(rookery, "romeo@localhost/orchard", tls);
    await juliet.login(rookery, "juliet@localhost/balcony", tls);
    for (const peer of [romeo, juliet]) {
      await peer.roster();
      await peer.call("presence");
    }
    await befriend(romeo, juliet);
    const both = { name: "", subscription: "both", ask: "", groups: [] };
    assert.deepEqual((await juliet.roster()).items, { "romeo@localhost": both });

    await juliet.call("presence", { show: "chat", status: "¿Qué?" });
    const seen = await romeo.next("presence", { from: "juliet@localhost/balcony", show: "chat" });
    assert.equal(seen["status"], "¿Qué?");

    const body = `<i>'tis</i> & "so" 🌙\n ]]>`;
    await juliet.call("message", { to: "romeo@localhost", body });
    const heard = await romeo.next("message");
    assert.deepEqual([heard["from"], heard["body"]], ["juliet@localhost/balcony", body]);
    await romeo.call("message", { to: "juliet@localhost/balcony", body });
    const answer = await juliet.next("message");
    assert.deepEqual([answer["from"], answer["body"]], ["romeo@localhost/orchard", body]);

    await juliet.call("logout");
    await romeo.next("presence", { from: "juliet@localhost/balcony", type: "unavailable" });
  });
}

test("xmpp.js does not go on with a certificate it does not trust", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["juliet"]);
  const other = await Rookery.start(t, []);
  for (const tls of ["starttls", "direct"] as const) {
    const login = xmppJs(t, other).login(rookery, "juliet@localhost/balcony", tls);
    await assert.rejects(login, /self-signed certificate/);
  }
});

test("xmpp.js changes its roster, and other sessions are told", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["juliet"]);
  const [balcony, chamber] = [xmppJs(t, rookery), slixmpp(t)];
  await balcony.login(rookery, "juliet@localhost/balcony", "starttls");
  await chamber.login(rookery, "juliet@localhost/chamber", "direct");
  const { ver } = await balcony.roster("");
  await chamber.roster();
  const contact = { name: "Nurse", groups: ["House"] };
  await balcony.call("roster_set", { jid: "nurse@localhost", ...contact });
  const push = await chamber.next("roster");
  const items = { "nurse@localhost": { ...contact, subscription: "none", ask: "" } };
  assert.deepEqual(push["items"], items);
  assert.deepEqual((await balcony.next("roster"))["items"], items);
  assert.notEqual(push["ver"], ver);
  assert.equal((await balcony.roster(push["ver"] as string)).changed, false);
});

test("xmpp.js gets what was sent to it while it was away", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo", "juliet"]);
  const [romeo, juliet] = [slixmpp(t), xmppJs(t, rookery)];
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await romeo.call("message", { to: "juliet@localhost", body: "Good night" });
  await romeo.call("ping", { to: "localhost" });
  await juliet.login(rookery, "juliet@localhost/balcony", "starttls");
  await juliet.call("presence");
  const message = await juliet.next("message");
  assert.equal(message["body"], "Good night");
  const { from, stamp } = message["delay"] as { readonly from: string; readonly stamp: string };
  assert.equal(from, "localhost");
  assert.ok(Math.abs(Date.parse(stamp) - Date.now()) < 60_000, stamp);
});
