/** The channel binding `tls-server-end-point` (RFC 5929 §4): a hash of the server's certificate. */

/** Hash functions that certificates are hashed by, by their names in the Web Cryptography API. */
export type EndPointHash = "SHA-256" | "SHA-384" | "SHA-512";

/**
 * By which hash function a certificate is to be hashed (RFC 5929 §4.1): that of its signature, or
 * SHA-256 where that is MD5 or SHA-1.
 *
 * @param certificate in DER.
 * @returns undefined where the binding is not defined: for signatures that have no hash function of
 *   their own (Ed25519), and for what is not a certificate.
 */
export function endPointHash(certificate: Uint8Array): EndPointHash | undefined {
  const [whole] = members(certificate);
  if (whole === undefined) return undefined;
  const algorithm = members(whole)[1];
  if (algorithm === undefined) return undefined;
  const [id, parameters] = members(algorithm);
  const name = hex(id);
  if (name !== RSASSA_PSS) return BY_SIGNATURE.get(name);
  // RFC 4055 §3.1: the hash function is the first parameter, SHA-1 if left out
  const [tagged] = parameters === undefined ? [] : members(parameters);
  const [hash] = tagged === undefined ? [] : members(tagged);
  const [hashId] = hash === undefined ? [] : members(hash);
  return hashId === undefined ? "SHA-256" : BY_HASH.get(hex(hashId));
}

/** The contents of the members of a DER value; none for what is cut off. */
function members(content: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= content.length && found.length < MAX_MEMBERS) {
    let length = content[at + 1] ?? 0;
    let start = at + 2;
    if (length >= 0x80) {
      const digits = length & 0x7f;
      if (digits === 0 || digits > 4) return [];
      length = 0;
      for (let i = 0; i < digits; i++) length = length * 256 + (content[start++] ?? 0);
    }
    if (start + length > content.length) return [];
    found.push(content.subarray(start, start + length));
    at = start + length;
  }
  return found;
}

function hex(bytes: Uint8Array | undefined): string {
  return Array.from(bytes ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** More than stand in any of the parts that are looked at. */
const MAX_MEMBERS = 8;
/** 1.2.840.113549.1.1.10 */
const RSASSA_PSS = "2a864886f70d01010a";

/** By the identifiers of RFC 8017 §A.2.4, RFC 5758 §3.2 and RFC 5754 §3. */
const BY_SIGNATURE: ReadonlyMap<string, EndPointHash> = new Map([
  ["2a864886f70d010104", "SHA-256"], // md5WithRSAEncryption
  ["2a864886f70d010105", "SHA-256"], // sha1WithRSAEncryption
  ["2a864886f70d01010b", "SHA-256"], // sha256WithRSAEncryption
  ["2a864886f70d01010c", "SHA-384"],
  ["2a864886f70d01010d", "SHA-512"],
  ["2a8648ce3d0401", "SHA-256"], // ecdsa-with-SHA1
  ["2a8648ce3d040302", "SHA-256"], // ecdsa-with-SHA256
  ["2a8648ce3d040303", "SHA-384"],
  ["2a8648ce3d040304", "SHA-512"],
]);

/** By the identifiers of RFC 4055 §2.1. */
const BY_HASH: ReadonlyMap<string, EndPointHash> = new Map([
  ["2b0e03021a", "SHA-256"], // SHA-1
  ["608648016503040201", "SHA-256"],
  ["608648016503040202", "SHA-384"],
  ["608648016503040203", "SHA-512"],
]);
