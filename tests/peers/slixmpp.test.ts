import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "./support/befriend.ts";
import { slixmpp } from "./support/clients.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };

for (const tls of ["starttls", "direct"] as const) {
  test(`slixmpp logs in by SCRAM over ${tls}, as it comes`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["romeo"]);
    const romeo = slixmpp(t);
    const { jid, mechanism, ...rest } = await romeo.login(rookery, "romeo@localhost/orchard", tls);
    assert.equal(jid, "romeo@localhost/orchard");
    assert.equal(rest.tls, "TLSv1.3");
    assert.match(mechanism, /^SCRAM-SHA-512/);
    assert.deepEqual(rest["failures"], []);
    await romeo.call("logout");
    await romeo.next("disconnected");
  });

  for (const hash of ["SHA-1", "SHA-256", "SHA-512"]) {
    test(
      `slixmpp logs in by SCRAM-${hash} over ${tls}, without channel binding`,
      LIMIT,
      async (t) => {
        const rookery = await Rookery.start(t, ["romeo"]);
        const romeo = slixmpp(t);
        const options = { mechanism: `SCRAM-${hash}`, no_binding: true };
        const { jid, ...rest } = await romeo.login(rookery, "romeo@localhost", tls, options);
        assert.match(jid, /^romeo@localhost\/.+/);
        assert.deepEqual([rest.mechanism, rest.tls], [`SCRAM-${hash}`, "TLSv1.3"]);
      },
    );
  }

  test(`slixmpp logs in by SCRAM over ${tls} with TLS 1.2`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["romeo"]);
    const romeo = slixmpp(t);
    const loggedIn = await romeo.login(rookery, "romeo@localhost/o", tls, { tls12: true });
    assert.deepEqual([loggedIn.mechanism, loggedIn.tls], ["SCRAM-SHA-512-PLUS", "TLSv1.2"]);
  });

  test(
    `slixmpp does not go on over ${tls} with a certificate it does not trust`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo"]);
      const login = slixmpp(t).login(rookery, "romeo@localhost", tls, { ca: null });
      await assert.rejects(login, /self-signed certificate/);
    },
  );
}

test("slixmpp is told that its password is wrong", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo"]);
  const login = slixmpp(t).login(rookery, "romeo@localhost", "direct", {
    password: "wrong",
    no_binding: true,
  });
  await assert.rejects(login, /'not-authorized'/);
});

test(
  "a contact that slixmpp adds, changes and removes is pushed to its other sessions",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo"]);
    const [orchard, garden] = [slixmpp(t), slixmpp(t)];
    await orchard.login(rookery, "romeo@localhost/orchard", "starttls");
    await garden.login(rookery, "romeo@localhost/garden", "direct");
    const empty = await orchard.roster();
    assert.deepEqual(empty.items, {});
    await garden.roster();

    const juliet = { jid: "juliet@localhost", name: "Juliet & Co", groups: ["Ἔρως", "Friends"] };
    await orchard.call("roster_set", juliet);
    const item = {
      name: "Juliet & Co",
      subscription: "none",
      ask: "",
      groups: ["Friends", "Ἔρως"],
    };
    const push = await garden.next("roster");
    assert.deepEqual(push["items"], { "juliet@localhost": item });
    assert.deepEqual((await orchard.next("roster"))["items"], push["items"]);

    await orchard.call("roster_set", { ...juliet, name: "J", groups: [] });
    const changed = { ...item, name: "J", groups: [] };
    assert.deepEqual((await garden.next("roster"))["items"], { "juliet@localhost": changed });

    const roster = await garden.roster();
    assert.deepEqual(roster.items, { "juliet@localhost": changed });
    assert.deepEqual(await garden.roster(roster.ver), {
      changed: false,
      ver: roster.ver,
      items: {},
    });

    await garden.call("roster_remove", { jid: "juliet@localhost" });
    const removal = (await orchard.next("roster"))["items"] as typeof roster.items;
    // the one that set the name to "J" is still in the queue before it
    const removed = (await orchard.next("roster"))["items"] as typeof roster.items;
    assert.equal(removal["juliet@localhost"]?.name, "J");
    assert.equal(removed["juliet@localhost"]?.subscription, "remove");
    assert.deepEqual((await orchard.roster()).items, {});
  },
);

test(
  "two slixmpp users subscribe to each other, see each other come, change and go",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [romeo, juliet] = [slixmpp(t), slixmpp(t)];
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    await juliet.login(rookery, "juliet@localhost/balcony", "direct");
    for (const peer of [romeo, juliet]) {
      await peer.roster();
      await peer.call("presence");
    }
    await befriend(romeo, juliet);
    const both = { name: "", subscription: "both", ask: "", groups: [] };
    assert.deepEqual((await romeo.roster()).items, { "juliet@localhost": both });
    assert.deepEqual((await juliet.roster()).items, { "romeo@localhost": both });

    await juliet.call("presence", { show: "away", status: "on the balcony", priority: 5 });
    const away = await romeo.next("presence", { from: "juliet@localhost/balcony", show: "away" });
    assert.deepEqual(
      [away["type"], away["status"], away["priority"]],
      ["available", "on the balcony", 5],
    );

    await juliet.call("cut"); // RFC 6121 §4.5.2: the server says it for her
    await romeo.next("presence", { from: "juliet@localhost/balcony", type: "unavailable" });

    const again = slixmpp(t);
    await again.login(rookery, "juliet@localhost/chamber", "starttls");
    await again.call("presence");
    await romeo.next("presence", { from: "juliet@localhost/chamber", type: "available" });
    await again.next("presence", { from: "romeo@localhost/orchard", type: "available" });
    await again.call("logout");
    await romeo.next("presence", { from: "juliet@localhost/chamber", type: "unavailable" });
  },
);

test("a subscription is denied, cancelled and taken back", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo", "juliet"]);
  const [romeo, juliet] = [slixmpp(t), slixmpp(t)];
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await juliet.login(rookery, "juliet@localhost/balcony", "starttls");
  for (const peer of [romeo, juliet]) {
    await peer.roster();
    await peer.call("presence");
  }
  await romeo.call("presence", { type: "subscribe", to: "juliet@localhost" });
  await juliet.next("presence", { from: "romeo@localhost", type: "subscribe" });
  await juliet.call("presence", { type: "unsubscribed", to: "romeo@localhost" });
  await romeo.next("presence", { from: "juliet@localhost", type: "unsubscribed" });
  const denied = (await romeo.roster()).items["juliet@localhost"];
  assert.deepEqual([denied?.subscription, denied?.ask], ["none", ""]);

  await befriend(romeo, juliet);
  await romeo.call("presence", { type: "unsubscribe", to: "juliet@localhost" });
  await juliet.next("presence", { from: "romeo@localhost", type: "unsubscribe" });
  await romeo.next("presence", { from: "juliet@localhost/balcony", type: "unavailable" });
  assert.equal((await romeo.roster()).items["juliet@localhost"]?.subscription, "from");
  assert.equal((await juliet.roster()).items["romeo@localhost"]?.subscription, "to");

  await juliet.call("roster_remove", { jid: "romeo@localhost" });
  await romeo.next("presence", { from: "juliet@localhost", type: "unsubscribe" });
  assert.equal((await romeo.roster()).items["juliet@localhost"]?.subscription, "none");
});

test(
  "slixmpp users talk: text as it was written, in order, to a resource or to all",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [romeo, balcony, chamber] = [slixmpp(t), slixmpp(t), slixmpp(t)];
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    await balcony.login(rookery, "juliet@localhost/balcony", "direct");
    await chamber.login(rookery, "juliet@localhost/chamber", "starttls");
    for (const peer of [romeo, balcony, chamber]) await peer.call("presence");
    await balcony.next("presence", { from: "juliet@localhost/chamber" });
    await chamber.next("presence", { from: "juliet@localhost/balcony" });

    const body = `<b>"O Romeo" & 'Romeo'</b>\n\t🌹 ]]> é\u0301 \u{1F468}\u200D\u{1F469}`;
    await romeo.call("message", { to: "juliet@localhost", body, id: "m1" });
    for (const peer of [balcony, chamber]) {
      const message = await peer.next("message");
      assert.deepEqual(
        [message["from"], message["type"], message["id"], message["body"], message["delay"]],
        ["romeo@localhost/orchard", "chat", "m1", body, undefined],
      );
    }

    const count = 200;
    for (let i = 0; i < count; i++) {
      await romeo.call("message", { to: "juliet@localhost/chamber", body: `${i}` });
    }
    for (let i = 0; i < count; i++) {
      assert.equal((await chamber.next("message"))["body"], `${i}`);
    }
    assert.deepEqual(await balcony.rest("message"), []);
  },
);

test("a message to nobody comes back as an error", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo"]);
  const romeo = slixmpp(t);
  await romeo.login(rookery, "romeo@localhost/orchard", "direct");
  await romeo.call("message", { to: "nobody@localhost", body: "Who's there?", id: "m1" });
  const error = await romeo.next("message", { type: "error" });
  assert.deepEqual([error["from"], error["id"]], ["nobody@localhost", "m1"]);
  assert.equal(error["condition"], "service-unavailable");
});

test(
  "XEP-0160, 0203: messages wait for slixmpp to come online, and say when they were sent",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const romeo = slixmpp(t);
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    const before = Date.now();
    for (const body of ["one", "two", "three"]) {
      await romeo.call("message", { to: "juliet@localhost", body });
    }
    await romeo.call("ping", { to: "localhost" });
    const after = Date.now();
    const juliet = slixmpp(t);
    await juliet.login(rookery, "juliet@localhost/balcony", "direct");
    assert.deepEqual(await juliet.rest("message"), []); // not before she is available
    await juliet.call("presence");
    for (const body of ["one", "two", "three"]) {
      const message = await juliet.next("message");
      assert.deepEqual([message["from"], message["body"]], ["romeo@localhost/orchard", body]);
      const { from, stamp } = message["delay"] as { readonly from: string; readonly stamp: string };
      assert.equal(from, "localhost");
      const sent = Date.parse(stamp);
      assert.ok(before - 1000 <= sent && sent <= after + 1000, stamp);
    }
    await juliet.call("logout");
    const again = slixmpp(t);
    await again.login(rookery, "juliet@localhost/balcony", "direct");
    await again.call("presence");
    assert.deepEqual(await again.rest("message"), []);
  },
);

test(
  "slixmpp finds out what the server is and can (XEP-0030, 0092, 0199, 0202)",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo"]);
    const romeo = slixmpp(t);
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    const server = await romeo.call("disco_info", { jid: "localhost" });
    assert.ok((server["identities"] as string[][]).some((one) => `${one}` === "server,im"));
    const features = server["features"] as string[];
    for (const feature of [
      "http://jabber.org/protocol/disco#info",
      "http://jabber.org/protocol/disco#items",
      "jabber:iq:version",
      "urn:xmpp:ping",
      "urn:xmpp:time",
    ]) {
      assert.ok(features.includes(feature), `${feature} is not among ${features.join(", ")}`);
    }
    assert.deepEqual(await romeo.call("disco_items", { jid: "localhost" }), { items: [] });
    const account = await romeo.call("disco_info", { jid: "romeo@localhost" });
    assert.ok(
      (account["identities"] as string[][]).some((one) => `${one}` === "account,registered"),
    );

    await romeo.call("ping", { to: "localhost" });
    await romeo.call("ping", { to: "romeo@localhost" });
    const { name, version } = await romeo.call("version", { to: "localhost" });
    assert.equal(name, "Rookery");
    assert.match(version as string, /^\d+\.\d+\.\d+/);
    const { utc, tzo } = await romeo.call("time", { to: "localhost" });
    assert.ok(Math.abs(Date.parse(utc as string) - Date.now()) < 60_000, `${utc}`);
    assert.match(tzo as string, /^(Z|[+-]\d\d:\d\d)$/);
  },
);

test("slixmpp users ask each other's clients, and get the answers of these", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo", "juliet"]);
  const [romeo, juliet] = [slixmpp(t), slixmpp(t)];
  await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
  await juliet.login(rookery, "juliet@localhost/balcony", "direct");
  const to = "juliet@localhost/balcony";
  assert.equal((await romeo.call("version", { to }))["name"], "Peer");
  await romeo.call("ping", { to });
  const info = await romeo.call("disco_info", { jid: to });
  assert.ok((info["features"] as string[]).includes("urn:xmpp:ping"));
  await juliet.call("logout");
  await assert.rejects(romeo.call("ping", { to }), /service-unavailable/);
});
