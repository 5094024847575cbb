import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { TestServer, TLS } from "@rookery/testkit";
import {
  account,
  BIND,
  byPassword,
  byToken,
  ended,
  FAST,
  LAPTOP,
  PHONE,
  REQUEST,
  refused,
  secured,
  welcomed,
  withToken,
} from "./sasl2-stage.test.ts";

const DAY = 24 * 3600 * 1000;
const NOW = "<fast xmlns='urn:xmpp:fast:0' invalidate='true'/>";

const counted = (count: number): string => `<fast xmlns='urn:xmpp:fast:0' count='${count}'/>`;

/** Logs in with a token; gives the condition where it is refused, else undefined. */
async function tries(
  stage: TestServer,
  ...says: Parameters<typeof byToken>
): Promise<string | undefined> {
  const client = await secured(stage);
  client.send(byToken(...says));
  const answer = await client.element();
  await client.close();
  return answer.name === "success" ? undefined : answer.elements()[0]?.name;
}

test("XEP-0484 §3: a client gets a token, and logs in with it in one step, the server proving itself", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  const client = await secured(stage);
  client.send(byToken(token, { inline: FAST + BIND }));
  const { data, identity, token: another } = await welcomed(client);
  assert.deepEqual(data, new Uint8Array(createHmac("sha256", token).update("Responder").digest()));
  assert.match(identity, /^romeo@example\.org\/Test\//);
  assert.equal(another, undefined, "the token is not due to be replaced");
});

test("XEP-0484 §3.3: a token says until when it is good, which is tokenSeconds", async () => {
  await using stage = await TestServer.start({ config: { limits: { tokenSeconds: 3600 } } });
  await stage.accounts("romeo@example.org");
  const client = await secured(stage);
  client.send(byPassword({ device: PHONE, inline: REQUEST }));
  const { inline, token = "" } = await welcomed(client);
  const expiry = new Date(stage.clock.now() + 3600_000).toISOString().replace(".000", "");
  assert.equal(inline.find(({ name }) => name === "token")?.attr("expiry"), expiry);
  assert.equal(await tries(stage, token), undefined);
  stage.clock.advance(3600_000);
  assert.equal(await tries(stage, token), "credentials-expired");
  assert.equal(await tries(stage, "guessed"), "not-authorized");
});

test("XEP-0484 §3.5: a token is replaced every day; the old one is good until the new one is used", async () => {
  await using stage = await TestServer.start();
  const old = await withToken(stage);
  stage.clock.advance(DAY);
  const client = await secured(stage);
  client.send(byToken(old));
  const { token: lost } = await welcomed(client);
  assert.ok(lost && lost !== old);
  // the client has not got it: it comes with the old one again, and gets a third
  const again = await secured(stage);
  again.send(byToken(old));
  const { token = "" } = await welcomed(again);
  assert.equal(await tries(stage, lost), "not-authorized", "a token that nobody has used");
  assert.equal(await tries(stage, token), undefined);
  assert.equal(await tries(stage, old), "not-authorized", "its successor has been used");
  assert.equal(await tries(stage, token), undefined);
});

test("XEP-0484 §3.6: a token that is used for the last time is over, unless another is asked for", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  assert.equal(await tries(stage, token, { inline: NOW }), undefined);
  assert.equal(await tries(stage, token), "not-authorized");

  const second = await withToken(stage);
  const client = await secured(stage);
  client.send(byToken(second, { inline: NOW + REQUEST }));
  const { token: third = "" } = await welcomed(client);
  assert.equal(await tries(stage, second), "not-authorized");
  assert.equal(await tries(stage, third), undefined);
});

test("XEP-0484 §3.4: a try that is repeated, or comes late, is refused by its count", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  assert.equal(await tries(stage, token, { inline: counted(1) }), undefined);
  assert.equal(await tries(stage, token, { inline: counted(1) }), "not-authorized");
  assert.equal(await tries(stage, token, { inline: counted(7) }), undefined);
  assert.equal(await tries(stage, token, { inline: counted(6) }), "not-authorized");
  assert.equal(await tries(stage, token, { inline: counted(8) }), undefined);
  assert.equal(
    await tries(stage, token, { inline: "<fast xmlns='urn:xmpp:fast:0' count='x'/>" }),
    "malformed-request",
  );
});

test("of the same try on many connections at once one succeeds", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, () => tries(stage, token, { inline: counted(3) })),
  );
  assert.equal(outcomes.filter((condition) => condition === undefined).length, 1);
});

test("a token is good for its account, its device and its mechanism alone", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("juliet@example.org");
  const token = await withToken(stage);
  await withToken(stage, { user: "juliet" });
  await withToken(stage, { device: LAPTOP });
  assert.equal(await tries(stage, token, { user: "juliet" }), "not-authorized");
  assert.equal(await tries(stage, token, { device: LAPTOP }), "not-authorized");
  assert.equal(await tries(stage, token, { device: undefined }), "not-authorized");
  assert.equal(await tries(stage, token, { user: "tybalt" }), "not-authorized");
  const bound = { mechanism: "HT-SHA-256-EXPR", bound: "the tls-exporter of a test" };
  assert.equal(await tries(stage, token, {}, bound), "not-authorized");
  assert.equal(await tries(stage, token, { inline: BIND }), "invalid-mechanism", "without <fast/>");
  assert.equal(await tries(stage, token), undefined);
});

test("a token for a mechanism that binds the channel is good on the connection it was made for only", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const client = await secured(stage);
  const request = REQUEST.replace("NONE", "EXPR");
  client.send(byPassword({ device: PHONE, inline: request }));
  const { token = "" } = await welcomed(client);
  const by = (bound: string, mechanism = "HT-SHA-256-EXPR") =>
    tries(stage, token, {}, { mechanism, bound });
  assert.equal(await by("the tls-exporter of another"), "not-authorized");
  assert.equal(await by("the tls-server-end-point of a test", "HT-SHA-256-ENDP"), "not-authorized");
  assert.equal(await by("", "HT-SHA-256-NONE"), "not-authorized");
  assert.equal(await by("", "HT-SHA-256-UNIQ"), "invalid-mechanism", "not on TLS 1.3");
  assert.equal(await by("the tls-exporter of a test"), undefined);
});

test("without an id of its user agent, or for a mechanism that is not offered, a client gets no token", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  for (const ask of [
    { inline: REQUEST },
    { inline: REQUEST.replace("NONE", "UNIQ"), device: PHONE },
    { inline: REQUEST.replace("HT-SHA-256-NONE", "PLAIN"), device: PHONE },
  ]) {
    const client = await secured(stage);
    client.send(byPassword(ask));
    assert.equal((await welcomed(client)).token, undefined);
  }
});

test("clients are listed by what they say of themselves, and lose their token and their session one by one", async () => {
  await using stage = await TestServer.start();
  const { devices } = stage.server.host("example.org");
  const phone = await withToken(stage);
  const laptop = await withToken(stage, { device: LAPTOP });
  stage.clock.advance(1000);
  const client = await secured(stage);
  client.send(byToken(phone, { inline: FAST + BIND }));
  await welcomed(client);
  const listed = await devices.list(account());
  assert.deepEqual(listed.map(({ id }) => id).toSorted(), [LAPTOP, PHONE]);
  const found = listed.find(({ id }) => id === PHONE);
  assert.deepEqual([found?.software, found?.device], ["Test", "Phone"]);
  assert.equal((found?.used ?? 0) - (found?.created ?? 0), 1000);

  assert.equal(await devices.revoke(account(), PHONE), true);
  assert.equal((await client.element()).elements()[0]?.name, "not-authorized");
  assert.equal(await tries(stage, phone), "not-authorized");
  assert.equal(await tries(stage, laptop, { device: LAPTOP }), undefined);
  await devices.revokeAll(account());
  assert.equal(await tries(stage, laptop, { device: LAPTOP }), "not-authorized");
  assert.deepEqual(await devices.list(account()), []);
});

test("another password, and the end of the account, end its tokens", async () => {
  await using stage = await TestServer.start();
  const { administration } = stage.server.host("example.org");
  const token = await withToken(stage);
  await administration.setPassword(account(), "another");
  assert.equal(await tries(stage, token), "not-authorized");
  await administration.setPassword(account(), "pencil");
  const second = await withToken(stage);
  await stage.remove("romeo@example.org");
  await stage.accounts("romeo@example.org");
  assert.equal(await tries(stage, second), "not-authorized");
});

test("an account that is disabled is not let in by a token either", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  await stage.server.host("example.org").accounts.setStatus(account(), { disabled: true });
  assert.equal(await tries(stage, token), "account-disabled");
});

test("the limit devicesPerAccount: the client that was not used for longest needs the password again", async () => {
  await using stage = await TestServer.start({ config: { limits: { devicesPerAccount: 2 } } });
  const tokens: [string, string][] = [];
  for (let i = 0; i < 3; i++) {
    const device = PHONE.replace("d4", `d${i}`);
    tokens.push([device, await withToken(stage, { device })]);
    stage.clock.advance(1000);
  }
  const outcomes = [];
  for (const [device, token] of tokens) outcomes.push(await tries(stage, token, { device }));
  assert.deepEqual(outcomes, ["not-authorized", undefined, undefined]);
});

test("a storage that fails is no wrong token, and no reason not to log in with the password", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  const { tokens } = stage.server.host("example.org");
  tokens.verifier = () => ({ verify: () => Promise.reject(new Error("disk on fire")) });
  tokens.issue = () => Promise.reject(new Error("disk on fire"));
  assert.equal(await tries(stage, token), "temporary-auth-failure");
  const client = await secured(stage);
  client.send(byPassword({ device: PHONE, inline: REQUEST }));
  assert.equal((await welcomed(client)).token, undefined);
});

test("XEP-0484 §6: tokens are not taken without TLS", async () => {
  await using stage = await TestServer.start();
  const token = await withToken(stage);
  const client = stage.connect();
  await client.open("example.org");
  client.send(byToken(token));
  assert.equal(await refused(client), "encryption-required");
  assert.equal(TLS.protocol, "TLSv1.3");
});

test("a client that is signed out while it logs in by its token is not let in, nor given another", async () => {
  for (const days of [0, 1]) {
    await using stage = await TestServer.start();
    const token = await withToken(stage);
    stage.clock.advance(days * DAY); // after a day the token is to be replaced
    const { accounts, devices } = stage.server.host("example.org");
    const admit = accounts.admit.bind(accounts);
    accounts.admit = async (username) => {
      await admit(username);
      assert.equal(await devices.revoke(account(), PHONE), true);
    };
    const client = await secured(stage);
    const enable = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
    client.send(byToken(token, { inline: FAST + BIND.replace("</bind>", `${enable}</bind>`) }));
    assert.equal(await ended(client), "not-authorized");
    assert.equal(stage.server.sessions.size, 0, "nor is there a session to come back to");
    assert.deepEqual(await devices.list(account()), []);
    accounts.admit = admit;
    assert.equal(await tries(stage, token), "not-authorized");
  }
});

test("a client that logs in with the password while it is changed gets neither session nor token", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const { administration, tokens } = stage.server.host("example.org");
  const issue = tokens.issue.bind(tokens);
  let given: string | undefined;
  tokens.issue = async (...asked) => {
    await administration.setPassword(account(), "another");
    const grant = await issue(...asked);
    given = grant?.token;
    return grant;
  };
  const client = await secured(stage);
  client.send(byPassword({ device: PHONE, inline: REQUEST + BIND }));
  assert.equal(await ended(client), "not-authorized");
  await stage.settled();
  assert.ok(given, "it was made when nobody could hear of it any more");
  assert.equal(stage.server.sessions.size, 0);
});
