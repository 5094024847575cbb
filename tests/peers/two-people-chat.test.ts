import assert from "node:assert/strict";
import { test } from "node:test";
import { slixmpp, xmppJs } from "./support/clients.ts";
import { GoListener, goSend } from "./support/go-sendxmpp.ts";
import type { Json, Peer } from "./support/peer.ts";
import { PASSWORD, Rookery } from "./support/rookery.ts";

test("two people chat", { timeout: 120_000 }, async (t) => {
  const rookery = await Rookery.start(t, []);
  for (const name of ["romeo", "juliet"]) {
    const args = ["user", "add", `${name}@localhost`, "--password-stdin"] as const;
    assert.deepEqual(await rookery.command(args, `${PASSWORD}\n`), [`${name}@localhost added`]);
  }

  // Romeo is at home. Juliet is not online when he adds her and says hello.
  const romeo = slixmpp(t);
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await romeo.roster();
  await romeo.call("presence", { status: "under the window" });
  await romeo.call("roster_set", { jid: "juliet@localhost", name: "Juliet", groups: ["Verona"] });
  await romeo.call("presence", { type: "subscribe", to: "juliet@localhost" });
  await romeo.call("message", { to: "juliet@localhost", body: "Shall I speak at this?" });

  // She comes, finds his question and his message, and adds him too.
  const juliet = xmppJs(t, rookery);
  await juliet.login(rookery, "juliet@localhost/balcony", "direct");
  assert.deepEqual((await juliet.roster()).items, {});
  await juliet.call("presence");
  await juliet.next("presence", { from: "romeo@localhost", type: "subscribe" });
  const hello = await juliet.next("message");
  assert.equal(hello["body"], "Shall I speak at this?");
  assert.ok(hello["delay"]);
  await juliet.call("presence", { type: "subscribed", to: "romeo@localhost" });
  await juliet.call("presence", { type: "subscribe", to: "romeo@localhost" });
  await romeo.next("presence", { from: "juliet@localhost/balcony", type: "available" });
  await romeo.next("presence", { from: "juliet@localhost", type: "subscribe" });
  await romeo.call("presence", { type: "subscribed", to: "juliet@localhost" });
  const where = await juliet.next("presence", { from: "romeo@localhost/orchard" });
  assert.equal(where["status"], "under the window");

  // They talk.
  const lines = [
    [juliet, "What man art thou?"],
    [romeo, "By a name I know not how to tell thee who I am."],
    [juliet, "Art thou not Romeo, & a Montague? <3"],
    [romeo, "Neither, fair saint, if either thee dislike. 🌹"],
  ] as const;
  for (const [speaker, body] of lines) {
    const [from, to, listener] =
      speaker === romeo
        ? ["romeo@localhost/orchard", "juliet@localhost/balcony", juliet]
        : ["juliet@localhost/balcony", "romeo@localhost/orchard", romeo];
    await speaker.call("message", { to, body });
    const heard = await listener.next("message");
    assert.deepEqual([heard["from"], heard["body"]], [from, body]);
    assert.equal(heard["delay"], undefined);
  }

  // The operator restarts the server; Juliet sends a line from a script meanwhile, when she can.
  await rookery.stop("SIGTERM");
  await romeo.next("stream-error", { condition: "system-shutdown" });
  await romeo.next("disconnected");
  await juliet.kill();
  await rookery.start();
  const script = { rookery, jid: "juliet@localhost", tls: "starttls" } as const;
  await goSend(t, script, "romeo@localhost", "I hear some noise within");

  // Romeo comes back on his phone: the line, his contact with her name, and her presence are there.
  const listener = await GoListener.start(t, { ...script, tls: "direct" });
  const phone = slixmpp(t);
  await phone.login(rookery, "romeo@localhost/phone", "direct");
  assert.deepEqual((await phone.roster()).items, {
    "juliet@localhost": { name: "Juliet", subscription: "both", ask: "", groups: ["Verona"] },
  });
  await phone.call("presence");
  assert.equal((await phone.next("message"))["body"], "I hear some noise within");
  const online = await nextFrom(phone, "juliet@localhost/");
  assert.equal(online["type"], "available");
  await phone.call("message", { to: "juliet@localhost", body: "Good night, good night!" });
  assert.match(await listener.line(), / romeo@localhost: Good night, good night!$/);

  // She leaves him, and he sees nothing of her any more.
  await listener.stop();
  const last = xmppJs(t, rookery);
  await last.login(rookery, "juliet@localhost/tomb", "direct");
  await last.call("presence", { type: "unsubscribed", to: "romeo@localhost" });
  await phone.next("presence", { from: "juliet@localhost", type: "unsubscribed" });
  await last.call("presence");
  await last.call("ping", { to: "localhost" });
  const seen = await phone.rest("presence");
  assert.ok(!seen.some(({ from }) => from === "juliet@localhost/tomb"));
  assert.equal((await phone.roster()).items["juliet@localhost"]?.subscription, "from");

  assert.deepEqual(await rookery.command(["user", "list"]), [
    "juliet@localhost",
    "romeo@localhost",
  ]);
});

/** The next presence from an address that begins with this text. */
async function nextFrom(peer: Peer, prefix: string): Promise<Json> {
  for (;;) {
    const presence = await peer.next("presence");
    if ((presence["from"] as string).startsWith(prefix)) return presence;
  }
}
