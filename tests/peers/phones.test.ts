import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Peer } from "./support/peer.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };
const APP = "app.localhost";
const SECRET = "wherefore art thou";

/** A client of slixmpp as it is on phones, or what wakes one. */
function slixmpp(t: TestContext): Peer {
  const script = fileURLToPath(import.meta.resolve("./slixmpp/phone.py"));
  const python = "/usr/bin/python3";
  return new Peer(t, [python, "-u", "-W", "ignore::DeprecationWarning", script], {});
}

test(
  "XEP-0280: slixmpp gets copies of what other clients of its account send and receive",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [phone, desk, juliet] = [slixmpp(t), slixmpp(t), slixmpp(t)];
    await phone.login(rookery, "romeo@localhost/phone", "starttls");
    await desk.login(rookery, "romeo@localhost/desk", "direct");
    await juliet.login(rookery, "juliet@localhost/balcony", "direct");
    await phone.call("carbons");

    await juliet.call("message", { to: "romeo@localhost/desk", body: "What man art thou?" });
    assert.equal((await desk.next("message"))["body"], "What man art thou?");
    const { event: _, ...received } = await phone.next("carbon");
    assert.deepEqual(received, {
      direction: "received",
      from: "juliet@localhost/balcony",
      to: "romeo@localhost/desk",
      body: "What man art thou?",
    });

    await desk.call("message", { to: "juliet@localhost/balcony", body: "Neither, fair saint" });
    const { event: __, ...sent } = await phone.next("carbon");
    assert.deepEqual(sent, {
      direction: "sent",
      from: "romeo@localhost/desk",
      to: "juliet@localhost/balcony",
      body: "Neither, fair saint",
    });

    await phone.call("carbons", { on: false });
    await desk.call("message", { to: "juliet@localhost/balcony", body: "unseen" });
    await juliet.next("message", { body: "unseen" });
    await juliet.call("message", { to: "romeo@localhost/phone", body: "last" });
    assert.equal((await phone.next("message"))["body"], "last");
    assert.deepEqual(await phone.rest("carbon"), []);
  },
);

test("XEP-0352: slixmpp says that nobody looks, and presence waits", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo", "juliet"]);
  const [phone, juliet] = [slixmpp(t), slixmpp(t)];
  const { csi } = await phone.login(rookery, "romeo@localhost/phone", "starttls");
  assert.equal(csi, true);
  await juliet.login(rookery, "juliet@localhost/balcony", "direct");
  const to = "romeo@localhost/phone";
  await juliet.call("presence", { to });
  await phone.next("presence", { from: "juliet@localhost/balcony" });

  await phone.call("state", { active: false });
  for (const show of ["away", undefined, "away"]) await juliet.call("presence", { to, show });
  await juliet.call("message", { to, body: "hi" });
  assert.equal((await phone.next("message"))["body"], "hi");
  // of three, the last
  const waited = await phone.rest("presence");
  assert.deepEqual(
    waited.filter(({ from }) => from === "juliet@localhost/balcony").map(({ show }) => show),
    ["away"],
  );
  await phone.next("presence", { from: "juliet@localhost/balcony" });

  await juliet.call("presence", { to });
  await phone.call("state", { active: true });
  const last = await phone.next("presence", { from: "juliet@localhost/balcony" });
  assert.equal(last["show"], "available");
});

test(
  "XEP-0357: slixmpp asks to be woken, and an app server of slixmpp is told what it has missed",
  LIMIT,
  async (t) => {
    const external = { secrets: { [APP]: SECRET } };
    const rookery = await Rookery.start(t, ["romeo", "juliet"], undefined, external);
    const [phone, juliet, app] = [slixmpp(t), slixmpp(t), slixmpp(t)];
    await app.call("serve", { domain: APP, secret: SECRET, port: rookery.ports.component });
    await phone.login(rookery, "romeo@localhost/phone", "direct");
    const { features } = await phone.call("account_features");
    assert.ok((features as readonly string[]).includes("urn:xmpp:push:0"));
    await phone.call("push", { jid: APP, node: "n1", secret: "eruio234vzxc2kla-91" });
    await phone.call("logout");

    await juliet.login(rookery, "juliet@localhost/balcony", "starttls");
    await juliet.call("message", { to: "romeo@localhost", body: "secret" });
    const { event: _, ...told } = await app.next("push");
    assert.deepEqual(told, {
      from: "romeo@localhost",
      node: "n1",
      fields: { "message-count": "1", secret: "eruio234vzxc2kla-91" },
    });
  },
);
