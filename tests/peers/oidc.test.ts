/** Single sign-on: tokens of an OpenID Connect issuer that tests run themselves, over HTTP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TestServer, type TestServerOptions, VirtualClock } from "@rookery/testkit";
import { AUDIENCE, Issuer } from "../../packages/server/src/accounts/issuer.test.ts";
import { account, byPassword, byToken, outcomeOf } from "./support/sign-in.ts";

type Bearer = NonNullable<NonNullable<TestServerOptions["config"]>["auth"]>["bearer"];

/** Longer than the server waits before it asks for keys again. */
const COOLDOWN_MS = 5500;

function serving(issuer: Issuer, bearer: Partial<NonNullable<Bearer>> = {}): Promise<TestServer> {
  const open = { requireTls: false, plainWithoutTls: true } as const; // the clients' side
  const auth = { ...open, bearer: { issuer: issuer.url, audience: AUDIENCE, ...bearer } };
  return TestServer.start({ config: { auth }, clock: new VirtualClock(Date.now()) });
}

test("OIDC: a token logs in to the account that there is, beside passwords", async () => {
  await using issuer = await Issuer.start();
  await using stage = await serving(issuer);
  await stage.accounts("romeo@example.org");
  const romeo = await issuer.token({ preferred_username: "romeo" });
  const { offered, outcome, client } = await byToken(stage, romeo);
  assert.equal(outcome, "success");
  await client.open("example.org");
  await client.close();
  assert.ok(offered.includes("SCRAM-SHA-256") && offered.includes("OAUTHBEARER"));
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "pencil")), "success");
  const juliet = await issuer.token({ preferred_username: "juliet" });
  assert.equal(await outcomeOf(byToken(stage, juliet)), "not-authorized", "there is none");
  assert.equal(await outcomeOf(byToken(stage, `${romeo.slice(0, -4)}AAAA`)), "not-authorized");
});

test("OIDC: where it is configured, a token makes the account; it has no password", async () => {
  await using issuer = await Issuer.start();
  await using stage = await serving(issuer, { createAccounts: true });
  const token = await issuer.token({ preferred_username: "Juliet" });
  for (let i = 0; i < 2; i++) assert.equal(await outcomeOf(byToken(stage, token)), "success");
  const admin = await issuer.token({ preferred_username: "admin" });
  assert.equal(await outcomeOf(byToken(stage, admin)), "not-authorized", "the name is reserved");
  const { accounts, administration } = stage.server.host("example.org");
  assert.equal(await accounts.exists(account("juliet")), true);
  assert.equal(await outcomeOf(byPassword(stage, "juliet", "pencil")), "not-authorized");
  await administration.setStatus(account("juliet"), { disabled: true });
  assert.equal(await outcomeOf(byToken(stage, token)), "account-disabled");
});

test("OIDC: keys are rotated: tokens by the new one are good, those by the old one are not", async () => {
  await using issuer = await Issuer.start();
  await using stage = await serving(issuer);
  await stage.accounts("romeo@example.org");
  const old = await issuer.token({ preferred_username: "romeo" });
  assert.equal(await outcomeOf(byToken(stage, old)), "success");
  await issuer.rotate("ES256");
  await sleep(COOLDOWN_MS);
  const next = await issuer.token({ preferred_username: "romeo" });
  assert.equal(await outcomeOf(byToken(stage, next)), "success");
  assert.equal(await outcomeOf(byToken(stage, old)), "not-authorized");
  assert.deepEqual(issuer.asked, { metadata: 1, keys: 2 });
});

test("OIDC: without the issuer its keys are believed for cacheSeconds, then nobody is refused for it", async () => {
  await using issuer = await Issuer.start();
  await using stage = await serving(issuer, { cacheSeconds: 2, timeoutSeconds: 1 });
  await stage.accounts("romeo@example.org");
  const token = await issuer.token({ preferred_username: "romeo" });
  assert.equal(await outcomeOf(byToken(stage, token)), "success");
  issuer.answer = { status: 503, text: "" };
  assert.equal(await outcomeOf(byToken(stage, token)), "success");
  await sleep(2500);
  assert.equal(await outcomeOf(byToken(stage, token)), "temporary-auth-failure");
  issuer.answer = undefined;
  assert.equal(await outcomeOf(byToken(stage, token)), "success");
});
