import assert from "node:assert/strict";
import { createHmac, hash, pbkdf2Sync, randomBytes } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { utf8 } from "./bytes.ts";
import { type Crypto, HASH_BYTES, type HashName, webCrypto } from "./crypto.ts";
import { hmacFrom } from "./hmac.ts";

const NAMES: { readonly [name in HashName]: string } = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
};

/** The cryptography of node:crypto, all of it at once: no exchange has to wait for a promise. */
export const nodeCrypto: Crypto = {
  hash: digest,
  hmac: hmacFrom(digest),
  pbkdf2: (name, password, salt, iterations, length) =>
    pbkdf2Sync(password, salt, iterations, length, NAMES[name]),
  randomBytes: (length) => randomBytes(length),
};

function digest(name: HashName, data: Uint8Array): Uint8Array {
  return hash(NAMES[name], data, "buffer");
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const hashName = fc.constantFrom<HashName[]>("SHA-1", "SHA-256", "SHA-512");
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });

test("the Web Cryptography API and node:crypto compute the same", async () => {
  await fc.assert(
    fc.asyncProperty(hashName, bytes, bytes, async (name, first, second) => {
      const length = HASH_BYTES[name];
      assert.equal(hex(await webCrypto.hash(name, first)), hex(await nodeCrypto.hash(name, first)));
      assert.equal(
        hex(await webCrypto.hmac(name, first, second)),
        hex(await nodeCrypto.hmac(name, first, second)),
      );
      assert.equal(
        hex(await webCrypto.pbkdf2(name, first, second, 3, length)),
        hex(await nodeCrypto.pbkdf2(name, first, second, 3, length)),
      );
    }),
    { numRuns: 50 },
  );
});

test("HMAC made of hashes is that of RFC 2104, for keys and data of any length", () => {
  const hmac = hmacFrom(digest);
  const any = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(hashName, any, any, (name, key, data) => {
      const expected = createHmac(NAMES[name], key).update(data).digest("hex");
      assert.equal(hex(hmac(name, key, data)), expected);
    }),
  );
});

test("PBKDF2 gives what RFC 6070 §2 says", async () => {
  const derived = await webCrypto.pbkdf2("SHA-1", utf8("password"), utf8("salt"), 4096, 20);
  assert.equal(hex(derived), "4b007901b765489abead49d926f721d065a429c1");
});

test("the Web Cryptography API takes a part of a buffer, also of shared memory", async () => {
  const part = utf8("abc");
  const expected = hex(await nodeCrypto.hash("SHA-256", part));
  for (const buffer of [new ArrayBuffer(9), new SharedArrayBuffer(9)]) {
    const view = new Uint8Array(buffer, 3, 3);
    view.set(part);
    assert.equal(hex(await webCrypto.hash("SHA-256", view)), expected);
  }
});

test("random bytes have the length asked for and are not always the same", () => {
  const first = webCrypto.randomBytes(18);
  assert.equal(first.length, 18);
  assert.notDeepEqual(first, webCrypto.randomBytes(18));
});
