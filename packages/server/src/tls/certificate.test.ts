import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { systemRandom } from "../clock.ts";
import { CertificateError, type CheckedPair, checkPair } from "./certificate.ts";
import { type PemPair, SELF_SIGNED_DAYS, selfSigned } from "./self-signed.ts";

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;
const FILES = { cert: "c.pem", key: "k.pem" };

function check(pair: PemPair, domain = "example.org", now: number = NOW): CheckedPair {
  return checkPair(pair, domain, FILES, now);
}

/** The text of the error that a pair is refused with. */
function refused(pair: PemPair): string {
  try {
    check(pair);
  } catch (error) {
    assert.ok(error instanceof CertificateError);
    return error.message;
  }
  assert.fail("it was accepted");
}

test("a pair that suits its domain is accepted without a warning", () => {
  const { warnings, leaf } = check(selfSigned("example.org", NOW, systemRandom));
  assert.deepEqual(warnings, []);
  assert.equal(leaf.subject, "CN=example.org");
});

test("the key of another certificate is refused", () => {
  const { cert } = selfSigned("example.org", NOW, systemRandom);
  const { key } = selfSigned("example.org", NOW, systemRandom);
  assert.match(refused({ cert, key }), /key in "k\.pem" does not belong to .* "c\.pem"/);
});

test("a chain in the wrong order is refused, in the right order accepted", () => {
  const own = selfSigned("example.org", NOW, systemRandom);
  const other = selfSigned("ca.example", NOW, systemRandom).cert;
  assert.match(refused({ cert: other + own.cert, key: own.key }), /DNS:ca\.example.*first/);
  assert.deepEqual(check({ cert: own.cert + other, key: own.key }).warnings, []);
});

test("files that hold something else are refused, with a remedy for the usual mistakes", () => {
  const { cert, key } = selfSigned("example.org", NOW, systemRandom);
  assert.match(refused({ cert: key, key: cert }), /"c\.pem"; it holds a key: .*swapped\?/);
  assert.match(refused({ cert, key: cert }), /no PEM private key in "k\.pem".*swapped\?/);
  assert.match(refused({ cert: "", key }), /no PEM certificate in "c\.pem"$/);
  assert.match(refused({ cert, key: "nothing" }), /no PEM private key in "k\.pem"$/);
  const broken = (text: string): string => text.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
  assert.match(refused({ cert: broken(cert), key }), /certificate in "c\.pem" can not be read/);
  assert.match(refused({ cert, key: broken(key) }), /key in "k\.pem" can not be read/);
});

test("an encrypted key is refused", () => {
  const { cert } = selfSigned("example.org", NOW, systemRandom);
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  assert.match(refused({ cert, key: privateKey }), /encrypted.*passphrase/);
});

test("what will not please clients is warned of", () => {
  const pair = selfSigned("example.org", NOW, systemRandom);
  const end = NOW + SELF_SIGNED_DAYS * DAY;
  assert.match(check(pair, "example.org", end).warnings[0] ?? "", /expired on/);
  assert.match(check(pair, "example.org", end - 13 * DAY).warnings[0] ?? "", /expires on/);
  assert.deepEqual(check(pair, "example.org", end - 15 * DAY).warnings, []);
  assert.match(check(pair, "example.org", NOW - 2 * DAY).warnings[0] ?? "", /not valid before/);
  const [warning] = check(pair, "example.com").warnings;
  assert.match(warning ?? "", /does not name example\.com but DNS:example\.org/);
});
