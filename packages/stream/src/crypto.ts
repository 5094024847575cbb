import type { Maybe } from "./maybe.ts";

/** Hash functions, by their names in the Web Cryptography API, which are those in SASL too. */
export type HashName = "SHA-1" | "SHA-256" | "SHA-512";

/** Bytes that each hash function gives. */
export const HASH_BYTES: { readonly [name in HashName]: number } = {
  "SHA-1": 20,
  "SHA-256": 32,
  "SHA-512": 64,
};

/**
 * The cryptography that SASL needs. Where results come at once (node:crypto) a whole exchange is
 * done without a promise; where they are promises ({@link webCrypto}) it waits for them.
 */
export interface Crypto {
  hash(name: HashName, data: Uint8Array): Maybe<Uint8Array>;
  /** HMAC (RFC 2104); `hmacFrom` makes it of `hash`. */
  hmac(name: HashName, key: Uint8Array, data: Uint8Array): Maybe<Uint8Array>;
  /** PBKDF2 (RFC 8018 §5.2) with HMAC; `length` is in bytes. Takes milliseconds: rather a promise. */
  pbkdf2(
    name: HashName,
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
  ): Maybe<Uint8Array>;
  /** Unpredictable bytes. */
  randomBytes(length: number): Uint8Array;
}

/** The cryptography of the Web Cryptography API, which browsers and Node have. */
export const webCrypto: Crypto = {
  async hash(name, data) {
    return new Uint8Array(await crypto.subtle.digest(name, own(data)));
  },
  async hmac(name, key, data) {
    const algorithm = { name: "HMAC", hash: name };
    const imported = await crypto.subtle.importKey("raw", own(key), algorithm, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", imported, own(data)));
  },
  async pbkdf2(name, password, salt, iterations, length) {
    const key = await crypto.subtle.importKey("raw", own(password), "PBKDF2", false, [
      "deriveBits",
    ]);
    const algorithm = { name: "PBKDF2", hash: name, salt: own(salt), iterations };
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
  },
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** The API does not take memory that threads share: what might be that is copied. */
function own(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
