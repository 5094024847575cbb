import assert from "node:assert/strict";
import { test } from "node:test";
import { endPointHash } from "./end-point.ts";

/** A value of DER: tag, length, content. */
function der(tag: number, ...parts: readonly (readonly number[])[]): number[] {
  const content = parts.flat();
  const { length } = content;
  return [tag, ...(length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]), ...content];
}

const sequence = (...parts: readonly number[][]): number[] => der(0x30, ...parts);
const oid = (hex: string): number[] => der(0x06, [...Buffer.from(hex, "hex")]);

/** As much of a certificate as is looked at. */
function certificate(...algorithm: readonly number[][]): Uint8Array {
  const toBeSigned = sequence(
    der(
      0x04,
      Array.from({ length: 600 }, () => 7),
    ),
  );
  return Uint8Array.from(sequence(toBeSigned, sequence(...algorithm), der(0x03, [0, 1, 2])));
}

test("RFC 5929 §4.1: the hash function of the signature, SHA-256 for those that are weaker", () => {
  for (const [id, hash] of [
    ["2a864886f70d010105", "SHA-256"], // SHA-1 with RSA
    ["2a864886f70d01010b", "SHA-256"],
    ["2a864886f70d01010d", "SHA-512"],
    ["2a8648ce3d040302", "SHA-256"], // with ECDSA
    ["2a8648ce3d040303", "SHA-384"],
    ["2b6570", undefined], // Ed25519 has none
  ] as const) {
    assert.equal(endPointHash(certificate(oid(id))), hash, id);
  }
});

test("RFC 4055 §3.1: the hash function of RSASSA-PSS stands in its parameters", () => {
  const pss = oid("2a864886f70d01010a");
  const sha384 = der(0xa0, sequence(oid("608648016503040202")));
  assert.equal(endPointHash(certificate(pss, sequence(sha384))), "SHA-384");
  assert.equal(endPointHash(certificate(pss, sequence())), "SHA-256");
});

test("what is cut off, or is no certificate, has no binding", () => {
  const whole = certificate(oid("2a8648ce3d040302"));
  for (let length = 0; length < whole.length; length += 13) {
    assert.equal(endPointHash(whole.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.equal(endPointHash(Uint8Array.from([0x30, 0x80, 0, 0])), undefined);
  assert.equal(endPointHash(Uint8Array.from([0x30, 0x85, 1, 1, 1, 1, 1])), undefined);
});
