import type { Crypto } from "../crypto.ts";
import type { Maybe } from "../maybe.ts";
import { anonymousServer } from "./anonymous.ts";
import type { MayActAs } from "./authorization.ts";
import type { ChannelBindings } from "./channel-binding.ts";
import { SaslError } from "./error.ts";
import { externalServer } from "./external.ts";
import type { ServerMechanism } from "./mechanism.ts";
import { type PlainVerifier, plainServer } from "./plain.ts";
import { readScramMechanism } from "./scram/names.ts";
import { type ScramSource, scramServer } from "./scram/server.ts";

/** What a server authenticates the client of one connection with. */
export interface SaslServer {
  /** The names of the mechanisms that were offered on the stream; no other can be used. */
  readonly offered: readonly string[];
  readonly crypto: Crypto;
  /** For SCRAM. */
  readonly scram?: ScramSource | undefined;
  /** For PLAIN. */
  readonly plain?: PlainVerifier | undefined;
  /** For EXTERNAL: the addresses that the client's certificate proves. */
  readonly identities?: readonly string[] | undefined;
  /** For ANONYMOUS: makes up a user name. */
  readonly anonymous?: (() => Maybe<string>) | undefined;
  /** For SCRAM with -PLUS: what the connection can be bound by. */
  readonly bindings?: ChannelBindings | undefined;
  /** Who may act as whom, by SCRAM and PLAIN; nobody as anybody if left out. */
  readonly mayActAs?: MayActAs | undefined;
}

/**
 * The mechanism that a client asked for.
 *
 * @throws SaslError `invalid-mechanism` if it was not offered.
 * @throws TypeError if it was, but the server has not what it needs.
 */
export function serverMechanism(name: string, server: SaslServer): ServerMechanism {
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
  const { plain, identities, anonymous, mayActAs } = server;
  switch (name) {
    case "PLAIN":
      return plain && plainServer({ verifier: plain, mayActAs });
    case "EXTERNAL":
      return identities && externalServer(identities);
    case "ANONYMOUS":
      return anonymous && anonymousServer(anonymous);
    default:
      return scram(name, server);
  }
}

function scram(name: string, server: SaslServer): ServerMechanism | undefined {
  const { crypto, scram: source, bindings, mayActAs, offered } = server;
  const kind = readScramMechanism(name);
  if (kind === undefined || source === undefined) return undefined;
  const plusOffered = offered.some((other) => readScramMechanism(other)?.plus);
  return scramServer({ crypto, source, bindings, mayActAs, plusOffered, ...kind });
}
