import { encodeBase64 } from "../../base64.ts";
import { concat, equalBytes, utf8, xor } from "../../bytes.ts";
import { type Crypto, HASH_BYTES } from "../../crypto.ts";
import { after, type Maybe } from "../../maybe.ts";
import { authorize, type MayActAs } from "../authorization.ts";
import type { ChannelBindings } from "../channel-binding.ts";
import { prepareUsername } from "../credentials.ts";
import { SaslError } from "../error.ts";
import { Exchange, type Outcome } from "../exchange.ts";
import type { ServerMechanism } from "../mechanism.ts";
import { offerHash, type SaslOffer } from "./downgrade.ts";
import type { Gs2Binding } from "./gs2.ts";
import { type FakeScram, fakeScramKeys, type ScramKeys } from "./keys.ts";
import { newNonce, type ScramHash, scramMechanism } from "./names.ts";
import {
  type ClientFirst,
  readClientFinal,
  readClientFirst,
  writeServerFinal,
  writeServerFirst,
} from "./server-messages.ts";

/** Where a server has the keys of its users. */
export interface ScramSource {
  /**
   * The keys of a user for a hash function, or undefined if there is no such user or none such key.
   *
   * @param username prepared: a localpart.
   */
  scram(username: string, hash: ScramHash): Maybe<ScramKeys | undefined>;
  /** How users that do not exist are made to look like those that do. */
  readonly fake: FakeScram;
}

export interface ScramServerOptions {
  readonly crypto: Crypto;
  readonly hash: ScramHash;
  readonly source: ScramSource;
  /** The mechanism is the one with -PLUS: the client has to bind the channel. */
  readonly plus: boolean;
  /** A mechanism with -PLUS was offered: a client that believes the contrary was deceived. */
  readonly plusOffered: boolean;
  readonly bindings?: ChannelBindings | undefined;
  /** What was offered, for the client to compare with what it saw (XEP-0474); not told if left out. */
  readonly offer?: SaslOffer | undefined;
  readonly mayActAs?: MayActAs | undefined;
  /** The server's part of the nonce, for the examples of the specifications; random if left out. */
  readonly nonce?: string | undefined;
}

/** The server's side of SCRAM (RFC 5802 §5, RFC 7677), with and without -PLUS. */
export function scramServer(options: ScramServerOptions): ServerMechanism {
  const name = scramMechanism(options.hash, options.plus);
  return new Exchange(name, (message, claim) => begin(options, readClientFirst(message), claim));
}

function begin(
  options: ScramServerOptions,
  first: ClientFirst,
  claim: (username: string) => void,
): Maybe<Outcome> {
  const { crypto, hash, source } = options;
  const data = bindingData(options, first.gs2.binding);
  const binding = encodeBase64(concat(utf8(first.gs2Text), data));
  const username = prepareUsername(first.username);
  if (username === undefined) throw notAuthorized();
  claim(username);
  // made for known users too, which are answered no faster
  return after(fakeScramKeys(crypto, hash, username, source.fake), (fake) =>
    after(source.scram(username, hash), (known) =>
      after(hashOfOffer(options), (offered) => {
        const keys = known ?? fake;
        const nonce = first.nonce + (options.nonce ?? newNonce(crypto));
        const serverFirst = writeServerFirst({ ...keys, nonce, offered });
        const asked = {
          first,
          username,
          binding,
          nonce,
          serverFirst,
          keys,
          known: known !== undefined,
        };
        return {
          challenge: utf8(serverFirst),
          next: (message) => conclude(options, asked, message),
        };
      }),
    ),
  );
}

function hashOfOffer({ crypto, hash, offer }: ScramServerOptions): Maybe<Uint8Array | undefined> {
  return offer && offerHash(crypto, hash, offer);
}

/** What the client was asked, and what it has to answer. */
interface Asked {
  readonly first: ClientFirst;
  readonly username: string;
  readonly binding: string;
  readonly nonce: string;
  readonly serverFirst: string;
  readonly keys: ScramKeys;
  readonly known: boolean;
}

function conclude(
  { crypto, hash, mayActAs }: ScramServerOptions,
  { first, username, binding, nonce, serverFirst, keys, known }: Asked,
  message: Uint8Array,
): Maybe<Outcome> {
  const final = readClientFinal(message);
  if (final.nonce !== nonce) throw refused("the nonce is another one");
  if (final.binding !== binding) throw refused("the channel bindings do not match");
  const { proof } = final;
  if (proof.length !== HASH_BYTES[hash]) {
    const text = `a proof of ${proof.length} bytes; with ${hash} it has ${HASH_BYTES[hash]}`;
    throw new SaslError("malformed-request", text);
  }
  const auth = utf8(`${first.bare},${serverFirst},${final.withoutProof}`);
  return after(crypto.hmac(hash, keys.storedKey, auth), (clientSignature) =>
    after(crypto.hash(hash, xor(proof, clientSignature)), (storedKey) => {
      const proven = equalBytes(storedKey, keys.storedKey);
      if (!proven || !known) throw notAuthorized();
      return after(authorize(mayActAs, username, first.gs2.authzid), (authzid) =>
        after(crypto.hmac(hash, keys.serverKey, auth), (serverSignature) => ({
          username,
          authzid,
          data: utf8(writeServerFinal(serverSignature)),
        })),
      );
    }),
  );
}

/** The data of the channel binding that the client chose (RFC 5802 §6); none if it binds none. */
function bindingData(
  { plus, plusOffered, bindings }: ScramServerOptions,
  binding: Gs2Binding,
): Uint8Array {
  if (binding.flag !== "p") {
    if (plus) {
      throw new SaslError("malformed-request", "a mechanism with -PLUS needs a channel binding");
    }
    if (binding.flag === "y" && plusOffered) {
      throw refused(
        "channel binding is offered here, but that did not reach you: someone is between",
      );
    }
    return new Uint8Array();
  }
  if (!plus) {
    throw new SaslError("malformed-request", "channel binding is for mechanisms with -PLUS");
  }
  const type = bindings?.types.find((known) => known === binding.type);
  if (bindings === undefined || type === undefined) {
    throw refused(`the channel binding "${binding.type}" is not supported on this connection`);
  }
  return bindings.data(type);
}

function refused(text: string): SaslError {
  return new SaslError("not-authorized", text);
}

/** Tells nothing of what was wrong, nor whether the user exists. */
function notAuthorized(): SaslError {
  return refused("the user name or the password is wrong");
}
