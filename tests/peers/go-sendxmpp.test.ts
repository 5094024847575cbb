import assert from "node:assert/strict";
import { test } from "node:test";
import { slixmpp } from "./support/clients.ts";
import { GoListener, goSend } from "./support/go-sendxmpp.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };

for (const tls of ["starttls", "direct"] as const) {
  test(`go-sendxmpp sends to slixmpp over ${tls}`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const romeo = slixmpp(t);
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    await romeo.call("presence");
    const juliet = { rookery, jid: "juliet@localhost", tls };
    await goSend(t, juliet, "romeo@localhost", "<Ay me!> & more\nsecond line");
    const message = await romeo.next("message");
    assert.equal(message["body"], "<Ay me!> & more\nsecond line");
    assert.match(message["from"] as string, /^juliet@localhost\/go-sendxmpp/);
    assert.equal(message["type"], "chat");
  });

  test(`go-sendxmpp hears slixmpp over ${tls}, also what was said before`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const romeo = slixmpp(t);
    await romeo.login(rookery, "romeo@localhost/orchard", "direct");
    await romeo.call("message", { to: "juliet@localhost", body: "before" });
    await romeo.call("ping", { to: "localhost" });
    const listener = await GoListener.start(t, { rookery, jid: "juliet@localhost", tls });
    assert.match(await listener.line(), / romeo@localhost: before$/);
    await romeo.call("message", { to: "juliet@localhost", body: "It is the <east> & Juliet ☀" });
    assert.match(await listener.line(), / romeo@localhost: It is the <east> & Juliet ☀$/);
    await listener.stop();
  });
}

test("what go-sendxmpp sends to someone offline waits for them", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo", "juliet"]);
  const juliet = { rookery, jid: "juliet@localhost", tls: "direct" } as const;
  await goSend(t, juliet, "romeo@localhost", "Parting is such sweet sorrow");
  const romeo = slixmpp(t);
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await romeo.call("presence");
  const message = await romeo.next("message");
  assert.equal(message["body"], "Parting is such sweet sorrow");
  assert.equal((message["delay"] as { readonly from: string }).from, "localhost");
});
