import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { systemRandom } from "../clock.ts";
import { coversDomain } from "./certificate.ts";
import { SELF_SIGNED_DAYS, selfSigned } from "./self-signed.ts";

const NOW = Date.UTC(2026, 10, 21, 12);

test("a self-signed certificate verifies by its own P-256 key and names its domain", () => {
  const { cert, key } = selfSigned("example.org", NOW, systemRandom);
  const leaf = new X509Certificate(cert);
  assert.equal(leaf.verify(leaf.publicKey), true);
  assert.equal(leaf.checkPrivateKey(createPrivateKey(key)), true);
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(leaf.ca, false);
  assert.equal(leaf.subjectAltName, "DNS:example.org");
  assert.equal(leaf.subject, "CN=example.org");
  assert.equal(leaf.issuer, leaf.subject);
});

test("it is valid from a day before and for ten years", () => {
  const leaf = new X509Certificate(selfSigned("example.org", NOW, systemRandom).cert);
  assert.equal(leaf.validFromDate.getTime(), NOW - 86_400_000);
  assert.equal(leaf.validToDate.getTime(), NOW + SELF_SIGNED_DAYS * 86_400_000);
});

test("the certificate of localhost also covers its addresses", () => {
  const leaf = new X509Certificate(selfSigned("localhost", NOW, systemRandom).cert);
  assert.equal(leaf.checkHost("localhost", { subject: "never" }), "localhost");
  assert.equal(leaf.checkIP("127.0.0.1"), "127.0.0.1");
  assert.equal(leaf.checkIP("::1"), "::1");
});

test("internationalised domains and IP addresses are covered in their own form", () => {
  for (const domain of [
    "bücher.example",
    "192.0.2.1",
    "[2001:db8::1]",
    "[::ffff:192.0.2.1]",
    "[::]",
  ]) {
    const leaf = new X509Certificate(selfSigned(domain, NOW, systemRandom).cert);
    assert.equal(coversDomain(leaf, domain), true, domain);
    assert.equal(coversDomain(leaf, "other.example"), false, domain);
  }
});

test("a long domain is named in full, its common name cut to 64 characters (RFC 5280)", () => {
  const domain = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
  const leaf = new X509Certificate(selfSigned(domain, NOW, systemRandom).cert);
  assert.equal(leaf.subject, `CN=${domain.slice(0, 64)}`);
  assert.equal(coversDomain(leaf, domain), true);
});

test("every certificate has a serial number of its own, positive in any randomness", () => {
  const zeros = { ...systemRandom, bytes: (n: number) => new Uint8Array(n) };
  const ones = { ...systemRandom, bytes: (n: number) => new Uint8Array(n).fill(0xff) };
  const serial = (random: typeof systemRandom): string =>
    new X509Certificate(selfSigned("localhost", NOW, random).cert).serialNumber;
  assert.equal(serial(zeros), `40${"00".repeat(15)}`);
  assert.equal(serial(ones), `7F${"FF".repeat(15)}`);
  assert.notEqual(serial(systemRandom), serial(systemRandom));
});
