import { hash, pbkdf2, randomBytes } from "node:crypto";
import { type Crypto, type HashName, hmacFrom } from "@rookery/stream";

const NODE_NAMES: { readonly [name in HashName]: string } = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
};

const digest = (name: HashName, data: Uint8Array): Uint8Array =>
  hash(NODE_NAMES[name], data, "buffer");

/** Node's cryptography for SASL: at once where it is quick, on another thread where it is slow. */
export const nodeCrypto: Crypto = {
  hash: digest,
  hmac: hmacFrom(digest),
  pbkdf2: (name, password, salt, iterations, length) =>
    new Promise((resolve, reject) => {
      pbkdf2(password, salt, iterations, length, NODE_NAMES[name], (error, key) =>
        error ? reject(error) : resolve(key),
      );
    }),
  randomBytes: (length) => randomBytes(length),
};
