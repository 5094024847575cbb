import { opaqueString } from "@rookery/protocol";
import { concat, equalBytes, utf8 } from "../../bytes.ts";
import { type Crypto, HASH_BYTES } from "../../crypto.ts";
import { after, type Maybe } from "../../maybe.ts";
import type { ScramHash } from "./names.ts";

/** What a server keeps instead of a password (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/**
 * The keys of a password, which is prepared by OpaqueString (RFC 8265 §4.2).
 *
 * @param iterations of PBKDF2, 4096 at least (RFC 7677 §4); salts have 16 random bytes.
 * @throws PreparationError if the password is empty or has characters that no password can have.
 */
export function deriveScramKeys(
  crypto: Crypto,
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Maybe<ScramKeys> {
  return after(saltPassword(crypto, hash, password, salt, iterations), (salted) =>
    scramKeysOf(crypto, hash, salted, { salt, iterations }),
  );
}

/** The keys that a salted password stands for (RFC 5802 §3). */
export function scramKeysOf(
  crypto: Crypto,
  hash: ScramHash,
  salted: Uint8Array,
  { salt, iterations }: Pick<ScramKeys, "salt" | "iterations">,
): Maybe<ScramKeys> {
  return after(clientKeyOf(crypto, hash, salted), (clientKey) =>
    after(crypto.hash(hash, clientKey), (storedKey) =>
      after(serverKeyOf(crypto, hash, salted), (serverKey) => ({
        salt,
        iterations,
        storedKey,
        serverKey,
      })),
    ),
  );
}

/** Whether the keys are those of this password. @throws PreparationError as {@link deriveScramKeys} */
export function verifyPassword(
  crypto: Crypto,
  hash: ScramHash,
  password: string,
  keys: ScramKeys,
): Maybe<boolean> {
  const { salt, iterations, storedKey } = keys;
  return after(deriveScramKeys(crypto, hash, password, salt, iterations), (derived) =>
    equalBytes(derived.storedKey, storedKey),
  );
}

/** How users that do not exist are made to look like those that do. */
export interface FakeScram {
  /** Random bytes that only the server knows and that stay the same: else the salts would change. */
  readonly secret: Uint8Array;
  /** Those that accounts are made with. */
  readonly iterations: number;
}

/**
 * Keys that no password has, always the same for one user name: what an unknown user is asked with
 * looks like what a known one is asked with.
 */
export function fakeScramKeys(
  crypto: Crypto,
  hash: ScramHash,
  username: string,
  fake: FakeScram,
): Maybe<ScramKeys> {
  const of = utf8(`${hash} ${username}`);
  return after(crypto.hmac(hash, fake.secret, concat(SALT, of)), (salt) =>
    after(crypto.hmac(hash, fake.secret, concat(KEY, of)), (key) => ({
      salt: salt.slice(0, SALT_BYTES),
      iterations: fake.iterations,
      storedKey: key,
      serverKey: key,
    })),
  );
}

/** `SaltedPassword` (RFC 5802 §3). @throws PreparationError */
export function saltPassword(
  crypto: Crypto,
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Maybe<Uint8Array> {
  const prepared = utf8(opaqueString(password));
  return crypto.pbkdf2(hash, prepared, salt, iterations, HASH_BYTES[hash]);
}

export function clientKeyOf(
  crypto: Crypto,
  hash: ScramHash,
  saltedPassword: Uint8Array,
): Maybe<Uint8Array> {
  return crypto.hmac(hash, saltedPassword, CLIENT_KEY);
}

export function serverKeyOf(
  crypto: Crypto,
  hash: ScramHash,
  saltedPassword: Uint8Array,
): Maybe<Uint8Array> {
  return crypto.hmac(hash, saltedPassword, SERVER_KEY);
}

const CLIENT_KEY = utf8("Client Key");
const SERVER_KEY = utf8("Server Key");
const SALT = utf8("salt ");
const KEY = utf8("key ");
const SALT_BYTES = 16;
