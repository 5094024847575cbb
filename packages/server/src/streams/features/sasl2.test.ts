import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { chooseMechanism, decodeBase64, sasl2Offer, sasl2Response } from "@rookery/stream";
import { PASSWORD, stanzaXml, TestServer, TLS } from "@rookery/testkit";
import { nodeCrypto } from "../../accounts/node-crypto.ts";
import { plain } from "../stage.test.ts";
import {
  account,
  authenticate,
  BIND,
  byPassword,
  ended,
  PHONE,
  refused,
  secured,
  welcomed,
} from "./sasl2-stage.test.ts";

const SASL2 = "urn:xmpp:sasl:2";
const SCRAM_FIRST = Buffer.from("n,,n=romeo,r=abcdefgh");

async function staged(): Promise<TestServer> {
  const stage = await TestServer.start();
  await stage.accounts("romeo@example.org", "juliet@example.org");
  return stage;
}

test("XEP-0388 §2.1, XEP-0386 §3.1, XEP-0484 §3.1, XEP-0440 §2: what is offered on TLS", async () => {
  await using stage = await staged();
  const { features } = await stage.connect(undefined, TLS).open("example.org");
  const offer = sasl2Offer.in(features);
  assert.deepEqual(offer?.mechanisms, [
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
  ]);
  assert.deepEqual(
    offer.inline.map(({ name, ns }) => `${name} ${ns}`),
    ["bind urn:xmpp:bind:0", "sm urn:xmpp:sm:3", "fast urn:xmpp:fast:0"],
  );
  const types = features.child("urn:xmpp:sasl-cb:0", "sasl-channel-binding")?.elements();
  assert.deepEqual(
    types?.map((type) => type.attr("type")),
    ["tls-exporter", "tls-server-end-point"],
  );
});

test("XEP-0388 §4: without TLS it is not offered, and refused", async () => {
  await using stage = await staged();
  const client = stage.connect();
  const { features } = await client.open("example.org");
  assert.equal(features.child(SASL2, "authentication"), undefined);
  assert.equal(features.child("urn:xmpp:sasl-cb:0", "sasl-channel-binding"), undefined);
  client.send(byPassword());
  assert.equal(await refused(client), "encryption-required");
});

test("auth.channelBinding: auto offers -PLUS to clients that know SASL2, true to all, false to none", async () => {
  const plus = async (channelBinding: "auto" | boolean): Promise<readonly boolean[]> => {
    await using stage = await TestServer.start({ config: { auth: { channelBinding } } });
    const { features } = await stage.connect(undefined, TLS).open("example.org");
    const old = features.child(NS.sasl, "mechanisms")?.elements() ?? [];
    return [
      old.some((mechanism) => mechanism.text.endsWith("-PLUS")),
      sasl2Offer.in(features)?.mechanisms.some((name) => name.endsWith("-PLUS")) ?? false,
      features.child("urn:xmpp:sasl-cb:0", "sasl-channel-binding") !== undefined,
    ];
  };
  assert.deepEqual(await plus("auto"), [false, true, true]);
  assert.deepEqual(await plus(true), [true, true, true]);
  assert.deepEqual(await plus(false), [false, false, false]);
});

test("XEP-0388 §3.1: PLAIN in one step, with no stream restart, and binding as of old", async () => {
  await using stage = await staged();
  const client = await secured(stage);
  client.send(byPassword());
  const { identity, data, features } = await welcomed(client);
  assert.deepEqual([identity, data], ["romeo@example.org", undefined]);
  assert.ok(features.child(NS.bind, "bind"));
  assert.equal(features.child(SASL2, "authentication"), undefined);
  assert.equal(features.child(NS.sasl, "mechanisms"), undefined);
  client.send(`<iq type='set' id='b'><bind xmlns='${NS.bind}'><resource>r</resource></bind></iq>`);
  assert.equal((await client.element()).attr("type"), "result");
});

for (const mechanism of ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"]) {
  test(`XEP-0388 §2.5: ${mechanism}, with challenge and response, and what it says last`, async () => {
    await using stage = await staged();
    const client = stage.connect(undefined, TLS);
    const { features } = await client.open("example.org");
    const offer = sasl2Offer.in(features);
    const scram = chooseMechanism([mechanism], {
      crypto: nodeCrypto,
      username: "romeo",
      password: PASSWORD,
      bindings: mechanism.endsWith("PLUS") ? TLS.bindings : undefined,
      offer: {
        mechanisms: offer?.mechanisms ?? [],
        bindings: ["tls-server-end-point", "tls-exporter"], // in whatever order
      },
    });
    assert.equal(scram?.name, mechanism);
    client.send(authenticate(mechanism, scram.start() ?? new Uint8Array(), { inline: BIND }));
    const challenge = await client.element();
    assert.equal(challenge.name, "challenge");
    const answer = await scram.respond(decodeBase64(challenge.text) ?? new Uint8Array());
    client.send(sasl2Response.write(answer));
    const { data, identity } = await welcomed(client);
    await scram.finish(data);
    assert.match(identity, /^romeo@example\.org\/Test\//);
  });
}

test("a client is online in one round trip: header, authentication and what it sends first at once", async () => {
  await using stage = await staged();
  const juliet = await stage.login("juliet@example.org/balcony");
  const client = stage.connect(undefined, TLS);
  const inline = `<bind xmlns='urn:xmpp:bind:0'><tag>T</tag><enable xmlns='urn:xmpp:sm:3'/></bind>`;
  client.write(
    `<stream:stream to='example.org' from='romeo@example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.streams}'>`,
  );
  client.send(byPassword({ device: PHONE, inline }));
  client.send("<message to='juliet@example.org/balcony' type='chat'><body>hi</body></message>");
  assert.ok("event" in ((await client.next()) as object), "a stream header");
  assert.equal((await client.element()).name, "features");
  const { inline: answers } = await welcomed(client);
  const bound = answers.find(({ name }) => name === "bound");
  assert.ok(bound?.child("urn:xmpp:sm:3", "enabled"));
  assert.equal((await juliet.element()).child(NS.client, "body")?.text, "hi");
});

test("XEP-0388 §2.6.2: after a failure the stream is as it was, and the next try succeeds", async () => {
  await using stage = await staged();
  const client = await secured(stage);
  for (const [says, condition] of [
    [byPassword({ password: "wrong", inline: BIND }), "not-authorized"],
    [byPassword({ user: "tybalt" }), "not-authorized"],
    [authenticate("X-UNKNOWN", Buffer.from("x")), "invalid-mechanism"],
    [
      authenticate("PLAIN", Buffer.from(`juliet@example.org\0romeo\0${PASSWORD}`)),
      "invalid-authzid",
    ],
  ] as const) {
    client.send(says);
    assert.equal(await refused(client), condition);
    assert.equal(stage.server.sessions.size, 0);
  }
  client.send(byPassword({ inline: BIND }));
  assert.match((await welcomed(client)).identity, /^romeo@example\.org\/Test\//);
});

test("the limit authenticationTries counts tries of both profiles together", async () => {
  await using stage = await TestServer.start({ config: { limits: { authenticationTries: 2 } } });
  await stage.accounts("romeo@example.org");
  const client = await secured(stage);
  client.send(byPassword({ password: "one" }));
  assert.equal(await refused(client), "not-authorized");
  client.send(plain("romeo", "two"));
  assert.equal((await client.element()).name, "failure");
  assert.equal(await ended(client), "policy-violation");
});

test("XEP-0388 §2.4: during an exchange nothing else may come, nor another one be begun", async () => {
  for (const says of [
    byPassword(),
    plain("romeo"),
    "<presence/>",
    "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>",
    "<enable xmlns='urn:xmpp:sm:3'/>",
  ]) {
    await using stage = await staged();
    const client = await secured(stage);
    client.send(authenticate("SCRAM-SHA-256", SCRAM_FIRST));
    assert.equal((await client.element()).name, "challenge");
    client.send(says);
    assert.equal(await ended(client), "policy-violation");
  }
});

test("two <authenticate/> at once: the first counts, the other ends the stream", async () => {
  await using stage = await staged();
  const client = await secured(stage);
  client.send(byPassword());
  client.send(byPassword({ user: "juliet" }));
  assert.equal((await welcomed(client)).identity, "romeo@example.org");
  assert.equal(await ended(client), "policy-violation");
});

test("XEP-0388 §5.8: SASL2 after SASL, and SASL after SASL2, end the stream", async () => {
  await using stage = await staged();
  const one = await secured(stage);
  one.send(plain("romeo"));
  assert.equal((await one.element()).name, "success");
  await one.open("example.org");
  one.send(byPassword({ user: "juliet" }));
  assert.equal(await ended(one), "policy-violation");

  const other = await secured(stage);
  other.send(byPassword());
  await welcomed(other);
  other.send(plain("juliet"));
  assert.equal(await ended(other), "policy-violation");
});

test("what comes before authentication does nothing, and is not taken for what comes after", async () => {
  await using stage = await staged();
  const juliet = await stage.login("juliet@example.org/balcony");
  const client = await secured(stage);
  client.send("<message to='juliet@example.org/balcony'><body>early</body></message>");
  client.send(byPassword({ inline: BIND }));
  assert.equal(await ended(client), "not-authorized");
  await juliet.sync();
  assert.deepEqual(juliet.queued, []);
});

test("XEP-0388 §2.7: <abort/> ends an exchange; <response/> without one, or a task that was not set, fails", async () => {
  await using stage = await staged();
  const client = await secured(stage);
  client.send(authenticate("SCRAM-SHA-256", SCRAM_FIRST));
  assert.equal((await client.element()).name, "challenge");
  client.send(`<abort xmlns='${SASL2}'><text>never mind</text></abort>`);
  assert.equal(await refused(client), "aborted");
  for (const name of ["response", "next", "task-data"]) {
    client.send(`<${name} xmlns='${SASL2}'/>`);
    assert.equal(await refused(client), "malformed-request", name);
  }
});

test("XEP-0388 §5.4: an authzid other than the `from` of the stream header is refused", async () => {
  await using stage = await staged();
  const client = stage.connect(undefined, TLS);
  client.write(
    `<stream:stream to='example.org' from='juliet@example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.streams}'>`,
  );
  await client.next();
  await client.element();
  const message = Buffer.from(`romeo@example.org\0romeo\0${PASSWORD}`);
  client.send(authenticate("PLAIN", message));
  assert.equal(await refused(client), "invalid-authzid");
});

test("an oversized user agent is cut, one beyond the size of an element before login ends the stream", async () => {
  await using stage = await staged();
  const says = (letters: number): string =>
    `<authenticate xmlns='${SASL2}' mechanism='PLAIN'><initial-response>${Buffer.from(`\0romeo\0${PASSWORD}`).toString("base64")}</initial-response><user-agent id='${PHONE}'><device>${"x".repeat(letters)}</device></user-agent><request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>`;
  const client = await secured(stage);
  client.write(says(9000));
  await welcomed(client);
  const [device] = await stage.server.host("example.org").devices.list(account());
  assert.equal(device?.device?.length, 100);
  const other = await secured(stage);
  other.write(says(20_000));
  assert.equal(await ended(other), "policy-violation");
});

test("wrong channel binding data, the flag y, and a binding that is not there are refused", async () => {
  await using stage = await TestServer.start({ config: { auth: { channelBinding: true } } });
  await stage.accounts("romeo@example.org");
  const { bindings } = TLS;
  const lies = { types: bindings.types, data: () => Buffer.from("another connection") };
  const unique = { types: ["tls-unique" as const], data: () => Buffer.from("x") };
  for (const [mechanism, own] of [
    ["SCRAM-SHA-256-PLUS", lies],
    ["SCRAM-SHA-256", bindings], // believes that -PLUS is not offered
    ["SCRAM-SHA-256-PLUS", unique],
  ] as const) {
    const client = await secured(stage);
    const scram = chooseMechanism([mechanism], {
      crypto: nodeCrypto,
      username: "romeo",
      password: PASSWORD,
      bindings: own,
    });
    assert.ok(scram);
    client.send(authenticate(mechanism, scram.start() ?? new Uint8Array()));
    const answer = await client.element();
    if (answer.name === "challenge") {
      const response = await scram.respond(decodeBase64(answer.text) ?? new Uint8Array());
      client.send(sasl2Response.write(response));
      assert.equal(await refused(client), "not-authorized");
    } else assert.equal(answer.elements()[0]?.name, "not-authorized");
  }
});

test("account-disabled and credentials-expired are told to who knows the password, and to nobody else", async () => {
  await using stage = await staged();
  const { accounts } = stage.server.host("example.org");
  for (const [status, condition] of [
    [{ disabled: true }, "account-disabled"],
    [{ disabled: false, expired: true }, "credentials-expired"],
  ] as const) {
    await accounts.setStatus(account(), status);
    const client = await secured(stage);
    client.send(byPassword({ inline: BIND }));
    assert.equal(await refused(client), condition);
    client.send(byPassword({ password: "guess" }));
    assert.equal(await refused(client), "not-authorized");
  }
  assert.equal(stage.server.sessions.size, 0);
});

test("tries that have to wait are answered later, and hold up nobody else", async () => {
  await using stage = await TestServer.start({ config: { limits: { loginFailures: 1 } } });
  await stage.accounts("romeo@example.org");
  const first = await secured(stage, "192.0.2.7");
  first.send(byPassword({ password: "wrong" }));
  assert.equal(await refused(first), "not-authorized");
  first.send(byPassword({ password: "wrong again" }));
  const other = await secured(stage, "192.0.2.8");
  other.send(byPassword({ user: "tybalt" }));
  assert.equal(await refused(other), "not-authorized", "another address need not wait");
  assert.deepEqual(first.queued, []);
  stage.clock.advance(60_000 - 1);
  assert.equal(await refused(first), "not-authorized");
});

test("XEP-0388 §2.4: an exchange of the older profile is not gone on with by SASL2", async () => {
  await using stage = await staged();
  for (const element of [
    sasl2Response.write(Buffer.from(`\0romeo\0${PASSWORD}`)),
    stanzaXml(`<abort xmlns='${SASL2}'/>`),
    byPassword(),
  ]) {
    const client = await secured(stage);
    client.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`);
    assert.equal((await client.element()).name, "challenge");
    client.send(element);
    assert.equal(await ended(client), "policy-violation");
  }
  assert.equal(stage.server.sessions.size, 0);
});
