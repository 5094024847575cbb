import assert from "node:assert/strict";
import { test } from "node:test";
import { readUtf8 } from "../bytes.ts";
import { nodeCrypto } from "../node-crypto.test.ts";
import { chooseMechanism, type SaslClient } from "./choose.ts";
import { bindingsOf } from "./converse.test.ts";
import { SaslError } from "./error.ts";

const ALL = [
  "ANONYMOUS",
  "PLAIN",
  "SCRAM-SHA-1",
  "SCRAM-SHA-1-PLUS",
  "SCRAM-SHA-256",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-512",
  "SCRAM-SHA-512-PLUS",
  "EXTERNAL",
  "X-UNKNOWN",
];
const bindings = bindingsOf("tls-exporter", "tls-server-end-point");

/** The name of what is chosen, and how its first message begins. */
function chosen(
  offered: readonly string[],
  client: Partial<SaslClient>,
): readonly [string | undefined, string | undefined] {
  const credentials = { username: "juliet", password: "wherefore" };
  const mechanism = chooseMechanism(offered, { crypto: nodeCrypto, ...credentials, ...client });
  return [mechanism?.name, readUtf8(mechanism?.start() ?? new Uint8Array())?.split(",")[0]];
}

const without = (...names: string[]): string[] => ALL.filter((name) => !names.includes(name));

test("the best mechanism is chosen, whatever order they are offered in", () => {
  for (const offered of [ALL, ALL.toReversed()]) {
    assert.deepEqual(chosen(offered, { certificate: true, bindings })[0], "EXTERNAL");
    assert.deepEqual(chosen(offered, { bindings })[0], "SCRAM-SHA-512-PLUS");
    assert.deepEqual(chosen(offered, {})[0], "SCRAM-SHA-512");
  }
  assert.equal(chosen(without("SCRAM-SHA-512"), {})[0], "SCRAM-SHA-256");
  assert.equal(chosen(["SCRAM-SHA-1"], {})[0], "SCRAM-SHA-1");
});

test("binding the channel comes before a stronger hash", () => {
  const offered = ["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"];
  assert.equal(chosen(offered, { bindings })[0], "SCRAM-SHA-1-PLUS");
});

test("the flag says what client and server can bind (RFC 5802 §6)", () => {
  assert.deepEqual(chosen(ALL, {}), ["SCRAM-SHA-512", "n"]);
  assert.deepEqual(chosen(ALL, { bindings: { ...bindings, types: [] } }), ["SCRAM-SHA-512", "n"]);
  assert.deepEqual(chosen(ALL, { bindings }), ["SCRAM-SHA-512-PLUS", "p=tls-exporter"]);
  assert.deepEqual(chosen(["SCRAM-SHA-1", "PLAIN"], { bindings }), ["SCRAM-SHA-1", "y"]);
});

test("XEP-0440 §3: the best binding of those that the server announces is used", () => {
  const offer = { mechanisms: ALL, bindings: ["tls-server-end-point", "tls-exporter"] };
  assert.deepEqual(chosen(ALL, { bindings, offer })[1], "p=tls-exporter");
  const weaker = { ...offer, bindings: ["tls-unique", "tls-server-end-point"] };
  assert.deepEqual(chosen(ALL, { bindings, offer: weaker })[1], "p=tls-server-end-point");
  const unique = bindingsOf("tls-unique");
  assert.deepEqual(chosen(ALL, { bindings: unique, offer }), ["SCRAM-SHA-512", "n"]);
});

test("XEP-0440 §3: a server that announces nothing that every server has is not believed", () => {
  for (const announced of [[], ["x-made-up"]]) {
    const offer = { mechanisms: ALL, bindings: announced };
    assert.throws(() => chosen(ALL, { bindings, offer }), SaslError);
  }
});

test("RFC 7628: a bearer token is used where it may be sent as it is", () => {
  const client = { bearer: "abc", username: undefined, password: undefined };
  assert.equal(chosen(["OAUTHBEARER"], client)[0], undefined);
  assert.equal(chosen(["OAUTHBEARER"], { ...client, allowPlain: true })[0], "OAUTHBEARER");
});

test("the password goes out as it is only if the client allows it", () => {
  assert.equal(chosen(["PLAIN", "X-UNKNOWN"], {})[0], undefined);
  assert.equal(chosen(["PLAIN", "X-UNKNOWN"], { allowPlain: true })[0], "PLAIN");
  assert.equal(chosen(ALL, { allowPlain: true })[0], "SCRAM-SHA-512");
});

test("a client is nobody only if it wants to be and can be nobody else", () => {
  const nobody = { username: undefined, password: undefined };
  assert.equal(chosen(ALL, nobody)[0], undefined);
  assert.equal(chosen(ALL, { ...nobody, anonymous: true })[0], "ANONYMOUS");
  assert.equal(chosen(ALL, { anonymous: true })[0], "SCRAM-SHA-512");
});

test("nothing is chosen where nothing fits", () => {
  assert.equal(chosen([], { bindings, allowPlain: true, anonymous: true })[0], undefined);
  assert.equal(chosen(["EXTERNAL", "scram-sha-1", "SCRAM-MD5"], {})[0], undefined);
});

test("credentials that cannot be any are refused before anything is sent", () => {
  for (const wrong of [{ username: "a@b" }, { password: "" }]) {
    assert.throws(() => chosen(ALL, wrong), SaslError);
    assert.throws(() => chosen(["PLAIN"], { ...wrong, allowPlain: true }), SaslError);
  }
});
