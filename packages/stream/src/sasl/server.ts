import type { Crypto } from "../crypto.ts";
import type { Maybe } from "../maybe.ts";
import { anonymousServer } from "./anonymous.ts";
import type { MayActAs } from "./authorization.ts";
import type { ChannelBindings } from "./channel-binding.ts";
import { SaslError } from "./error.ts";
import { externalServer } from "./external.ts";
import { type TokenVerifier, tokenServer } from "./hashed-token.ts";
import type { ServerMechanism } from "./mechanism.ts";
import { type BearerVerifier, bearerServer } from "./oauth-bearer.ts";
import { type PlainVerifier, plainServer } from "./plain.ts";
import { readScramMechanism } from "./scram/names.ts";
import { type ScramSource, scramServer } from "./scram/server.ts";

/** What a server authenticates the client of one connection with. */
export interface SaslServer {
  /** The names of the mechanisms that were offered on the stream; no other can be used. */
  readonly offered: readonly string[];
  /** The types of channel binding that were announced (XEP-0440); undefined if none were. */
  readonly announced?: readonly string[] | undefined;
  readonly crypto: Crypto;
  /** For SCRAM. */
  readonly scram?: ScramSource | undefined;
  /** For PLAIN. */
  readonly plain?: PlainVerifier | undefined;
  /** For OAUTHBEARER. */
  readonly bearer?: BearerVerifier | undefined;
  /** For HT, which is offered apart from the others (XEP-0484 §3.1). */
  readonly tokens?: TokenVerifier | undefined;
  /** For EXTERNAL: the addresses that the client's certificate proves. */
  readonly identities?: readonly string[] | undefined;
  /** For ANONYMOUS: makes up a user name. */
  readonly anonymous?: (() => Maybe<string>) | undefined;
  /** For mechanisms that bind the channel: what the connection can be bound by. */
  readonly bindings?: ChannelBindings | undefined;
  /** Who may act as whom, by SCRAM, PLAIN and OAUTHBEARER; nobody as anybody if left out. */
  readonly mayActAs?: MayActAs | undefined;
}

/**
 * The mechanism that a client asked for.
 *
 * @throws SaslError `invalid-mechanism` if it was not offered.
 * @throws TypeError if it was, but the server has not what it needs.
 */
export function serverMechanism(name: string, server: SaslServer): ServerMechanism {
  const { crypto, tokens, bindings } = server;
  const byToken = tokens && tokenServer(name, { crypto, tokens, bindings });
  if (byToken !== undefined) return byToken;
  if (!server.offered.includes(name)) {
    throw new SaslError("invalid-mechanism", "that mechanism was not offered");
  }
  const mechanism = made(name, server);
  if (mechanism === undefined) {
    throw new TypeError(`${name} is offered to clients, but what it authenticates by is missing`);
  }
  return mechanism;
}

function made(name: string, server: SaslServer): ServerMechanism | undefined {
  const { plain, bearer, identities, anonymous, mayActAs } = server;
  switch (name) {
    case "PLAIN":
      return plain && plainServer({ verifier: plain, mayActAs });
    case "OAUTHBEARER":
      return bearer && bearerServer({ verifier: bearer, mayActAs });
    case "EXTERNAL":
      return identities && externalServer(identities);
    case "ANONYMOUS":
      return anonymous && anonymousServer(anonymous);
    default:
      return scram(name, server);
  }
}

function scram(name: string, server: SaslServer): ServerMechanism | undefined {
  const { crypto, scram: source, bindings, mayActAs, offered, announced } = server;
  const kind = readScramMechanism(name);
  if (kind === undefined || source === undefined) return undefined;
  const plusOffered = offered.some((other) => readScramMechanism(other)?.plus);
  const offer = { mechanisms: offered, bindings: announced };
  return scramServer({ crypto, source, bindings, mayActAs, plusOffered, offer, ...kind });
}
