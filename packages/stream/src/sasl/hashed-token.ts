/**
 * The mechanisms HT-SHA-256-* (draft-schmaus-kitten-sasl-ht-09): a token of the server's that both
 * prove to know, in one round trip; what XEP-0484 authenticates by.
 */
import { concat, equalBytes, readUtf8, utf8 } from "../bytes.ts";
import { type Crypto, HASH_BYTES } from "../crypto.ts";
import { after, type Maybe } from "../maybe.ts";
import type { ChannelBindings, ChannelBindingType } from "./channel-binding.ts";
import { clientUsername, prepareUsername } from "./credentials.ts";
import { SaslError } from "./error.ts";
import { Exchange, type Outcome } from "./exchange.ts";
import type { ClientMechanism, ServerMechanism } from "./mechanism.ts";

/** What the channel is bound by, by the last part of the mechanism's name. */
const BINDINGS: ReadonlyMap<string, ChannelBindingType | undefined> = new Map([
  ["EXPR", "tls-exporter"],
  ["UNIQ", "tls-unique"],
  ["ENDP", "tls-server-end-point"],
  ["NONE", undefined],
]);
const PREFIX = "HT-SHA-256-";
const HASH = "SHA-256";

/** The mechanisms that can be used on a connection, best first; the last one binds nothing. */
export function tokenMechanisms(bindings: ChannelBindings | undefined): readonly string[] {
  const able = (type: ChannelBindingType | undefined): boolean =>
    type === undefined || (bindings?.types.includes(type) ?? false);
  return [...BINDINGS].filter(([, type]) => able(type)).map(([suffix]) => PREFIX + suffix);
}

/** Knows which tokens have been given out. */
export interface TokenVerifier {
  /**
   * Finds the key of the user's token by which `proves` is true.
   *
   * @param username prepared: a localpart.
   * @returns undefined if there is none, after about the same time if there is no such user.
   * @throws SaslError `credentials-expired` for one that is not accepted any more.
   */
  verify(
    username: string,
    mechanism: string,
    proves: (key: Uint8Array) => Maybe<boolean>,
  ): Maybe<Uint8Array | undefined>;
}

/** The server's side; undefined if the name is not that of one of these mechanisms. */
export function tokenServer(
  name: string,
  options: {
    readonly crypto: Crypto;
    readonly tokens: TokenVerifier;
    readonly bindings?: ChannelBindings | undefined;
  },
): ServerMechanism | undefined {
  if (!isTokenMechanism(name)) return undefined;
  const { crypto, tokens, bindings } = options;
  return new Exchange(name, (message, claim): Maybe<Outcome> => {
    const { authcid, proof } = readProof(message);
    const data = bindingData(name, bindings);
    const username = prepareUsername(authcid);
    if (username === undefined) throw notAuthorized();
    claim(username);
    const proves = (key: Uint8Array): Maybe<boolean> =>
      after(crypto.hmac(HASH, key, concat(INITIATOR, data)), (right) => equalBytes(right, proof));
    return after(tokens.verify(username, name, proves), (key) => {
      if (key === undefined) throw notAuthorized();
      return after(crypto.hmac(HASH, key, concat(RESPONDER, data)), (answer) => ({
        username,
        authzid: undefined,
        data: answer,
      }));
    });
  });
}

/** True for the names of these mechanisms. */
export function isTokenMechanism(name: string): boolean {
  return name.startsWith(PREFIX) && BINDINGS.has(name.slice(PREFIX.length));
}

/**
 * The key that a token stands for: what a server keeps in the place of a token that is longer than a
 * block of the hash function, of which HMAC takes the hash anyway (RFC 2104 §2).
 */
export function tokenKey(crypto: Crypto, token: string): Maybe<Uint8Array> {
  const bytes = utf8(token);
  return bytes.length > BLOCK_BYTES ? crypto.hash(HASH, bytes) : bytes;
}

/**
 * The client's side.
 *
 * @throws SaslError `aborted` if the user name cannot be one, or the connection cannot be bound so.
 */
export function tokenClient(
  name: string,
  options: {
    readonly crypto: Crypto;
    readonly username: string;
    readonly token: string;
    readonly bindings?: ChannelBindings | undefined;
  },
): TokenClient {
  return new TokenClient(name, options);
}

/** As a `ClientMechanism`, but that its first message may have to be waited for. */
export class TokenClient implements Omit<ClientMechanism, "start"> {
  readonly name: string;
  readonly #crypto: Crypto;
  readonly #username: string;
  readonly #key: Uint8Array;
  readonly #data: Uint8Array;

  /** @internal by {@link tokenClient} */
  constructor(name: string, options: Parameters<typeof tokenClient>[1]) {
    this.name = name;
    this.#crypto = options.crypto;
    this.#username = clientUsername(options.username);
    this.#key = utf8(options.token);
    this.#data = bindingData(name, options.bindings, "aborted");
  }

  start(): Maybe<Uint8Array> {
    const proof = this.#crypto.hmac(HASH, this.#key, concat(INITIATOR, this.#data));
    return after(proof, (bytes) => concat(utf8(`${this.#username}\0`), bytes));
  }

  respond(_challenge: Uint8Array): Uint8Array {
    throw new SaslError("aborted", `the server sent a challenge, which ${this.name} does not have`);
  }

  finish(data: Uint8Array | undefined): Maybe<void> {
    const right = this.#crypto.hmac(HASH, this.#key, concat(RESPONDER, this.#data));
    return after(right, (expected) => {
      if (data !== undefined && equalBytes(data, expected)) return;
      throw new SaslError("aborted", "the server does not prove that it knows the token");
    });
  }
}

function readProof(message: Uint8Array): { readonly authcid: string; readonly proof: Uint8Array } {
  const end = message.indexOf(0);
  const authcid = end > 0 ? readUtf8(message.subarray(0, end)) : undefined;
  const proof = message.subarray(end + 1);
  if (authcid === undefined || proof.length !== HASH_BYTES[HASH]) {
    throw new SaslError(
      "malformed-request",
      "a message of HT is a user name in UTF-8, NUL, and 32 bytes of proof",
    );
  }
  return { authcid, proof };
}

function bindingData(
  name: string,
  bindings: ChannelBindings | undefined,
  condition: "aborted" | "not-authorized" = "not-authorized",
): Uint8Array {
  const type = BINDINGS.get(name.slice(PREFIX.length));
  if (type === undefined) return new Uint8Array();
  if (bindings?.types.includes(type)) return bindings.data(type);
  throw new SaslError(condition, `${type} cannot be had of this connection`);
}

/** Tells nothing of what was wrong, nor whether the user exists. */
function notAuthorized(): SaslError {
  return new SaslError("not-authorized", "the token is not valid; log in by other means");
}

const INITIATOR = utf8("Initiator");
const RESPONDER = utf8("Responder");
const BLOCK_BYTES = 64;
