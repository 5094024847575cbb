import { createHmac, hash, pbkdf2, randomBytes } from "node:crypto";
import type { Crypto, ScramHash } from "@rookery/stream";

const NODE_NAMES: { readonly [name in ScramHash]: string } = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
};

/** Node's cryptography for SASL: at once where it is quick, on another thread where it is slow. */
export const nodeCrypto: Crypto = {
  hash: (name, data) => hash(NODE_NAMES[name], data, "buffer"),
  hmac: (name, key, data) => createHmac(NODE_NAMES[name], key).update(data).digest(),
  pbkdf2: (name, password, salt, iterations, length) =>
    new Promise((resolve, reject) => {
      pbkdf2(password, salt, iterations, length, NODE_NAMES[name], (error, key) =>
        error ? reject(error) : resolve(key),
      );
    }),
  randomBytes: (length) => randomBytes(length),
};
