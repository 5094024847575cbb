import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { VirtualClock } from "@rookery/testkit";
import { SignJWT } from "jose";
import type { BearerConfig } from "../config/auth.ts";
import { silentLog } from "../log.ts";
import { JwtVerifier } from "./bearer.ts";
import { AUDIENCE, Issuer, newKey, type TokenOptions } from "./issuer.test.ts";

interface Stage {
  readonly issuer: Issuer;
  readonly verifier: JwtVerifier;
  readonly clock: VirtualClock;
  /** Whose a token with these claims is. */
  readonly whose: (
    claims: Readonly<Record<string, unknown>>,
    options?: TokenOptions,
  ) => Promise<string | undefined>;
}

async function withIssuer(
  scene: (stage: Stage) => Promise<void>,
  config: Partial<BearerConfig> = {},
): Promise<void> {
  await using issuer = await Issuer.start();
  const clock = new VirtualClock(Date.now());
  const verifier = new JwtVerifier(
    Jid.parse("example.org"),
    {
      issuer: issuer.url,
      audience: AUDIENCE,
      claim: "preferred_username",
      createAccounts: false,
      clockSkewSeconds: 60,
      cacheSeconds: 600,
      timeoutSeconds: 1,
      ...config,
    },
    { clock, log: silentLog },
  );
  const whose: Stage["whose"] = async (claims, options) =>
    verifier.verify(await issuer.token(claims, options));
  await scene({ issuer, verifier, clock, whose });
}

const ROMEO = { preferred_username: "Romeo" };
const later = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

test("a token is the account's that its claim names, prepared as an address is", () =>
  withIssuer(async ({ whose }) => {
    assert.equal(await whose(ROMEO), "romeo");
    assert.equal(await whose({ preferred_username: "romeo@EXAMPLE.org" }), "romeo");
    for (const name of ["romeo@example.net", "romeo@example.org/x", "a b", "", "@", 7, null]) {
      assert.equal(await whose({ preferred_username: name }), undefined, String(name));
    }
    assert.equal(await whose({ sub: "romeo" }), undefined);
  }));

test("which claim it is, is configured; of an e-mail address only one that the issuer has verified", () =>
  withIssuer(
    async ({ whose }) => {
      const email = "romeo@example.org";
      assert.equal(await whose({ email, email_verified: true }), "romeo");
      assert.equal(await whose({ email, email_verified: false }), undefined);
      assert.equal(await whose({ email }), undefined);
    },
    { claim: "email" },
  ));

test("names of what every object has are no claims", () =>
  withIssuer(async ({ whose }) => assert.equal(await whose({}), undefined), {
    claim: "constructor",
  }));

test("RFC 7519 §4.1: issuer, audience and times have to be right, with some skew", () =>
  withIssuer(async ({ whose }) => {
    assert.equal(await whose(ROMEO, { issuer: "https://evil.example" }), undefined);
    assert.equal(await whose(ROMEO, { audience: "https://other.example" }), undefined);
    assert.equal(await whose(ROMEO, { audience: ["https://other.example", AUDIENCE] }), "romeo");
    assert.equal(await whose(ROMEO, { expires: null }), undefined, "it would be good for ever");
    assert.equal(await whose(ROMEO, { expires: later(-120) }), undefined);
    assert.equal(await whose(ROMEO, { expires: later(-30) }), "romeo");
    assert.equal(await whose(ROMEO, { notBefore: later(120) }), undefined);
    assert.equal(await whose(ROMEO, { notBefore: later(30) }), "romeo");
  }));

test("the time is the server's own", () =>
  withIssuer(async ({ whose, clock }) => {
    const options = { expires: later(300) };
    assert.equal(await whose(ROMEO, options), "romeo");
    clock.advance(400_000);
    assert.equal(await whose(ROMEO, options), undefined);
  }));

test("RFC 8725 §3.1, §3.2: a signature by no key, by another key, or by a shared secret is none", () =>
  withIssuer(async ({ verifier, issuer, whose }) => {
    const own = issuer.keys[0];
    assert.ok(own);
    const forged = await newKey(own.kid, "RS256");
    assert.equal(await whose(ROMEO, { key: forged }), undefined);
    const claims = { ...ROMEO, iss: issuer.url, aud: AUDIENCE, exp: later(300) };
    const parts = [{ alg: "none" }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    assert.equal(await verifier.verify(`${parts.join(".")}.`), undefined);
    const secret = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: own.kid })
      .sign(Buffer.from(JSON.stringify(own.jwk)));
    assert.equal(await verifier.verify(secret), undefined);
    for (const rubbish of ["", ".", "a.b.c", "a.b", "💥", "x".repeat(8000)]) {
      assert.equal(await verifier.verify(rubbish), undefined, rubbish.slice(0, 10));
    }
  }));

test("metadata and keys are asked for once, and believed for a while", () =>
  withIssuer(async ({ whose, issuer }) => {
    await Promise.all([whose(ROMEO), whose(ROMEO), whose(ROMEO)]);
    assert.equal(await whose(ROMEO), "romeo");
    assert.deepEqual(issuer.asked, { metadata: 1, keys: 1 });
  }));

test("where the keys are may be configured; the metadata are then not asked for", async () => {
  await using issuer = await Issuer.start("ES256");
  const config = { issuer: "https://login.example.org", jwks: `${issuer.url}/keys` };
  await withIssuer(async ({ verifier }) => {
    const token = await issuer.token(ROMEO, { issuer: config.issuer });
    assert.equal(await verifier.verify(token), "romeo");
    assert.deepEqual(issuer.asked, { metadata: 0, keys: 1 });
  }, config);
});

test("an issuer that is down, or says anything else, means that it can not be told now", () =>
  withIssuer(async ({ whose, issuer }) => {
    const temporary = { name: "SaslError", condition: "temporary-auth-failure" };
    const other = JSON.stringify({
      issuer: "https://evil.example",
      jwks_uri: `${issuer.url}/keys`,
    });
    for (const [status, text] of [
      [500, ""],
      [200, "<html>"],
      [200, "null"],
      [200, other],
      [302, ""],
      [200, `{"a":"${"x".repeat(300_000)}"}`],
    ] as const) {
      issuer.answer = { status, text };
      await assert.rejects(whose(ROMEO), temporary, text.slice(0, 40));
    }
    issuer.answer = undefined;
    assert.equal(await whose(ROMEO), "romeo", "it is asked again");
  }));

test("RFC 7628 §3.2.2: clients without a good token are told where one is to be had", () =>
  withIssuer(
    async ({ verifier, issuer }) => {
      assert.deepEqual(verifier.discovery, {
        openidConfiguration: `${issuer.url}/.well-known/openid-configuration`,
        scope: "xmpp",
      });
    },
    { scope: "xmpp" },
  ));
