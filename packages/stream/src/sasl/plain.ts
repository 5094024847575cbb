/** PLAIN (RFC 4616): the password itself. Only to be offered, and only to be used, within TLS. */
import { readUtf8, utf8 } from "../bytes.ts";
import type { Crypto } from "../crypto.ts";
import { after, type Maybe } from "../maybe.ts";
import { authorize, type MayActAs } from "./authorization.ts";
import {
  clientAuthzid,
  clientPassword,
  clientUsername,
  preparePassword,
  prepareUsername,
} from "./credentials.ts";
import { SaslError } from "./error.ts";
import { Exchange } from "./exchange.ts";
import type { ClientMechanism, ServerMechanism } from "./mechanism.ts";
import { fakeScramKeys, type ScramKeys, verifyPassword } from "./scram/keys.ts";
import type { ScramHash } from "./scram/names.ts";
import type { ScramSource } from "./scram/server.ts";
import { SpeaksOnce } from "./speaks-once.ts";

/** Knows which passwords are right. */
export interface PlainVerifier {
  /**
   * Whether the password is that of the user; false, after the same time, if there is no such user.
   *
   * @param username prepared: a localpart.
   * @param password prepared by OpaqueString.
   */
  verify(username: string, password: string): Maybe<boolean>;
}

/** The server's side of PLAIN. */
export function plainServer(options: {
  readonly verifier: PlainVerifier;
  readonly mayActAs?: MayActAs | undefined;
}): ServerMechanism {
  return new Exchange("PLAIN", (message, claim) => {
    const { authzid, authcid, password } = readPlain(message);
    const username = prepareUsername(authcid);
    const prepared = preparePassword(password);
    if (username === undefined || prepared === undefined) throw notAuthorized();
    claim(username);
    return after(options.verifier.verify(username, prepared), (right) => {
      if (!right) throw notAuthorized();
      return after(authorize(options.mayActAs, username, authzid), (allowed) => ({
        username,
        authzid: allowed,
      }));
    });
  });
}

/** The client's side of PLAIN. @throws SaslError `aborted` if the user name or the password cannot be one. */
export function plainClient(options: {
  readonly username: string;
  readonly password: string;
  readonly authzid?: string | undefined;
}): ClientMechanism {
  const username = clientUsername(options.username);
  const password = clientPassword(options.password);
  const authzid = clientAuthzid(options.authzid) ?? "";
  return new SpeaksOnce("PLAIN", utf8(`${authzid}\0${username}\0${password}`));
}

/**
 * Verifies passwords by the keys that are kept for SCRAM: by those of the hash that costs the server
 * least, as the password itself has come. A user who does not exist is looked for as often, and costs
 * as much, as one who does.
 */
export function scramVerifier(crypto: Crypto, source: ScramSource): PlainVerifier {
  return {
    verify: (username, password) =>
      after(keysOf(source, username, CHEAPEST_FIRST), (known) => {
        if (known !== undefined) return verifyPassword(crypto, known.hash, password, known.keys);
        return after(fakeScramKeys(crypto, USUAL, username, source.fake), (keys) =>
          after(verifyPassword(crypto, USUAL, password, keys), () => false),
        );
      }),
  };
}

/** What most accounts have keys for, so that those who do not exist seem to have them too. */
const USUAL: ScramHash = "SHA-256";

/** SHA-512 takes three times as long as SHA-256. SHA-1 is for accounts that have nothing better. */
const CHEAPEST_FIRST: readonly ScramHash[] = [USUAL, "SHA-512", "SHA-1"];

/** Looks up the keys of all hashes, whether the first are there or not. */
function keysOf(
  source: ScramSource,
  username: string,
  hashes: readonly ScramHash[],
): Maybe<{ readonly hash: ScramHash; readonly keys: ScramKeys } | undefined> {
  const [hash, ...otherHashes] = hashes;
  if (hash === undefined) return undefined;
  return after(source.scram(username, hash), (keys) =>
    after(keysOf(source, username, otherHashes), (others) =>
      keys === undefined ? others : { hash, keys },
    ),
  );
}

/** Reads the message of RFC 4616 §2. @throws SaslError `malformed-request` */
function readPlain(message: Uint8Array): {
  readonly authzid: string | undefined;
  readonly authcid: string;
  readonly password: string;
} {
  const parts = readUtf8(message)?.split("\0");
  const [authzid, authcid, password] = parts ?? [];
  if (parts?.length !== 3 || !authcid || !password) {
    throw new SaslError(
      "malformed-request",
      "a message of PLAIN is UTF-8: authzid, NUL, user name, NUL, password (RFC 4616 §2)",
    );
  }
  return { authzid: authzid || undefined, authcid, password };
}

function notAuthorized(): SaslError {
  return new SaslError("not-authorized", "the user name or the password is wrong");
}
