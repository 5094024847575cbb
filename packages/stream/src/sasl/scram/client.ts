import { concat, equalBytes, utf8, xor } from "../../bytes.ts";
import type { Crypto } from "../../crypto.ts";
import { after, type Maybe } from "../../maybe.ts";
import type { ChannelBindings, ChannelBindingType } from "../channel-binding.ts";
import { clientAuthzid, clientPassword, clientUsername } from "../credentials.ts";
import { SaslError } from "../error.ts";
import { type ClientMechanism, MESSAGE_BYTES } from "../mechanism.ts";
import {
  readServerFinal,
  readServerFirst,
  type ServerFirst,
  writeClientFinal,
  writeClientFinalWithoutProof,
  writeClientFirstBare,
} from "./client-messages.ts";
import { offerHash, type SaslOffer } from "./downgrade.ts";
import { writeGs2Header } from "./gs2.ts";
import { clientKeyOf, saltPassword, serverKeyOf } from "./keys.ts";
import { newNonce, type ScramHash, scramMechanism } from "./names.ts";

/** How many iterations a server may ask for: few make the password guessable, many take for ever. */
export interface IterationBounds {
  readonly min: number;
  readonly max: number;
}

export interface ScramClientOptions {
  readonly crypto: Crypto;
  readonly hash: ScramHash;
  readonly username: string;
  readonly password: string;
  /** Who to act as, if not as oneself. */
  readonly authzid?: string | undefined;
  /**
   * How the channel is bound: to one of the types of `bindings` (then the mechanism is the one with
   * -PLUS), or not because the server did not offer it (`y`) or the client cannot (`n`).
   */
  readonly binding: ClientBinding;
  /** What the server was seen to offer, to be compared with what it says it did (XEP-0474). */
  readonly offer?: SaslOffer | undefined;
  /** 4096 (RFC 7677 §4) to 10,000,000 if left out. */
  readonly iterations?: IterationBounds | undefined;
  /** The client's part of the nonce, for the examples of the specifications; random if left out. */
  readonly nonce?: string | undefined;
}

export type ClientBinding =
  | { readonly flag: "n" | "y" }
  | { readonly flag: "p"; readonly type: ChannelBindingType; readonly bindings: ChannelBindings };

/**
 * The client's side of SCRAM (RFC 5802 §5, RFC 7677), with and without -PLUS.
 *
 * @throws SaslError `aborted` if the user name or the password cannot be one.
 */
export function scramClient(options: ScramClientOptions): ClientMechanism {
  return new ScramClient(options);
}

const ITERATIONS: IterationBounds = { min: 4096, max: 10_000_000 };

/** What is due next: `first` and `final` are the messages of the server. */
type State =
  | { readonly at: "start" | "first" | "authenticated" | "ended" }
  | { readonly at: "final"; readonly signature: Uint8Array };

class ScramClient implements ClientMechanism {
  readonly name: string;
  readonly #options: ScramClientOptions;
  readonly #password: string;
  readonly #nonce: string;
  readonly #gs2: string;
  readonly #firstBare: string;
  #state: State = { at: "start" };

  constructor(options: ScramClientOptions) {
    const { hash, binding, crypto } = options;
    const username = clientUsername(options.username);
    const authzid = clientAuthzid(options.authzid);
    this.#options = options;
    this.#password = clientPassword(options.password);
    this.name = scramMechanism(hash, binding.flag === "p");
    this.#nonce = options.nonce ?? newNonce(crypto);
    this.#gs2 = writeGs2Header({ binding, authzid });
    this.#firstBare = writeClientFirstBare(username, this.#nonce);
  }

  start(): Uint8Array {
    if (this.#state.at !== "start") throw notDue("the exchange has begun already");
    this.#state = { at: "first" };
    return utf8(this.#gs2 + this.#firstBare);
  }

  respond(challenge: Uint8Array): Maybe<Uint8Array> {
    const state = this.#leave();
    if (state.at === "final") {
      // the signature may come as a challenge too, to which there is nothing to say (RFC 4422 §3)
      this.#authenticate(challenge, state.signature);
      return new Uint8Array();
    }
    if (state.at !== "first") throw notDue("no challenge is due");
    const first = readServerFirst(withinBounds(challenge));
    this.#check(first);
    return after(this.#checkOffer(first), () => this.#prove(first));
  }

  finish(data: Uint8Array | undefined): void {
    const state = this.#leave();
    if (state.at === "authenticated" && (data === undefined || data.length === 0)) return;
    if (state.at !== "final") throw notDue("the server cannot know yet who this is");
    if (data === undefined) throw new SaslError("aborted", "the server did not sign its success");
    this.#authenticate(data, state.signature);
  }

  /** Nothing more is due unless this step says so: whatever fails ends the exchange. */
  #leave(): State {
    const state = this.#state;
    this.#state = { at: "ended" };
    return state;
  }

  #check({ nonce, iterations }: ServerFirst): void {
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new SaslError("aborted", "the server did not add its part to the nonce");
    }
    const { min, max } = this.#options.iterations ?? ITERATIONS;
    if (iterations < min || iterations > max) {
      const text = `the server asks for ${iterations} iterations, ${min} to ${max} are allowed`;
      throw new SaslError("aborted", text);
    }
  }

  /** XEP-0474 §5.2: not what the server has offered, so someone between has changed it. */
  #checkOffer({ offered }: ServerFirst): Maybe<void> {
    const { crypto, hash, offer } = this.#options;
    if (offered === undefined || offer === undefined) return;
    return after(offerHash(crypto, hash, offer), (seen) => {
      if (equalBytes(seen, offered)) return;
      throw new SaslError(
        "aborted",
        "someone between has changed what the server offers to authenticate by; do not log in here",
      );
    });
  }

  #prove({ text, nonce, salt, iterations }: ServerFirst): Maybe<Uint8Array> {
    const { crypto, hash, binding } = this.#options;
    const input = utf8(this.#gs2);
    const bound = binding.flag === "p" ? concat(input, binding.bindings.data(binding.type)) : input;
    const withoutProof = writeClientFinalWithoutProof(bound, nonce);
    const auth = utf8(`${this.#firstBare},${text},${withoutProof}`);
    return after(saltPassword(crypto, hash, this.#password, salt, iterations), (salted) =>
      after(clientProof(crypto, hash, salted, auth), (proof) =>
        after(serverSignature(crypto, hash, salted, auth), (signature) => {
          this.#state = { at: "final", signature };
          return utf8(writeClientFinal(withoutProof, proof));
        }),
      ),
    );
  }

  /** Only who knows the keys of the password can sign (RFC 5802 §3). */
  #authenticate(serverFinal: Uint8Array, expected: Uint8Array): void {
    if (!equalBytes(readServerFinal(withinBounds(serverFinal)), expected)) {
      throw new SaslError(
        "aborted",
        "the signature is wrong: this server does not know the password",
      );
    }
    this.#state = { at: "authenticated" };
  }
}

function clientProof(
  crypto: Crypto,
  hash: ScramHash,
  salted: Uint8Array,
  auth: Uint8Array,
): Maybe<Uint8Array> {
  return after(clientKeyOf(crypto, hash, salted), (clientKey) =>
    after(crypto.hash(hash, clientKey), (storedKey) =>
      after(crypto.hmac(hash, storedKey, auth), (signature) => xor(clientKey, signature)),
    ),
  );
}

function serverSignature(
  crypto: Crypto,
  hash: ScramHash,
  salted: Uint8Array,
  auth: Uint8Array,
): Maybe<Uint8Array> {
  return after(serverKeyOf(crypto, hash, salted), (key) => crypto.hmac(hash, key, auth));
}

function withinBounds(message: Uint8Array): Uint8Array {
  if (message.length > MESSAGE_BYTES) {
    const text = `the server sent a message of ${message.length} bytes, ${MESSAGE_BYTES} are allowed`;
    throw new SaslError("aborted", text);
  }
  return message;
}

function notDue(text: string): SaslError {
  return new SaslError("aborted", text);
}
