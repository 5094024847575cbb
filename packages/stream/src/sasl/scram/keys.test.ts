import assert from "node:assert/strict";
import { test } from "node:test";
import { PreparationError } from "@rookery/protocol";
import { utf8 } from "../../bytes.ts";
import { HASH_BYTES, webCrypto } from "../../crypto.ts";
import { nodeCrypto } from "../../node-crypto.test.ts";
import { now } from "../converse.test.ts";
import { deriveScramKeys, fakeScramKeys, type ScramKeys, verifyPassword } from "./keys.ts";
import { SCRAM_HASHES } from "./names.ts";

const salt = utf8("sixteen bytes ..");
const derive = (password: string): ScramKeys =>
  now(deriveScramKeys(nodeCrypto, "SHA-256", password, salt, 10));

test("the keys of a password verify it and no other", async () => {
  for (const hash of SCRAM_HASHES) {
    const keys = await deriveScramKeys(webCrypto, hash, "wherefore", salt, 10);
    assert.equal(keys.storedKey.length, HASH_BYTES[hash]);
    assert.equal(keys.serverKey.length, HASH_BYTES[hash]);
    assert.deepEqual([keys.salt, keys.iterations], [salt, 10]);
    assert.equal(await verifyPassword(webCrypto, hash, "wherefore", keys), true);
    assert.equal(await verifyPassword(webCrypto, hash, "Wherefore", keys), false);
  }
});

test("passwords are prepared by OpaqueString: spaces and NFC, but neither case nor width (RFC 8265 §4.2)", () => {
  assert.deepEqual(derive("a\u00a0b"), derive("a b"));
  assert.deepEqual(derive("e\u0301"), derive("\u00e9"));
  assert.notDeepEqual(derive("ａ"), derive("a"));
  assert.throws(() => derive(""), PreparationError);
  assert.throws(() => derive("\u0007"), PreparationError);
});

test("fake keys are the same for the same user, hash and secret, and look like real ones", () => {
  const fake = { secret: utf8("secret"), iterations: 10_000 };
  const of = (name: string, secret = fake.secret): ScramKeys =>
    now(fakeScramKeys(nodeCrypto, "SHA-512", name, { ...fake, secret }));
  assert.deepEqual(of("romeo"), of("romeo"));
  for (const other of [of("tybalt"), of("romeo", utf8("other"))]) {
    assert.notDeepEqual(of("romeo").salt, other.salt);
    assert.notDeepEqual(of("romeo").storedKey, other.storedKey);
  }
  assert.equal(of("romeo").salt.length, 16);
  assert.equal(of("romeo").iterations, 10_000);
  assert.equal(of("romeo").storedKey.length, 64);
  assert.notDeepEqual(of("romeo").salt, of("romeo").storedKey.slice(0, 16));
});
