import type { Crypto } from "../crypto.ts";
import { anonymousClient } from "./anonymous.ts";
import type { ChannelBindings } from "./channel-binding.ts";
import { externalClient } from "./external.ts";
import type { ClientMechanism } from "./mechanism.ts";
import { plainClient } from "./plain.ts";
import { type ClientBinding, type IterationBounds, scramClient } from "./scram/client.ts";
import { readScramMechanism, SCRAM_HASHES, scramMechanism } from "./scram/names.ts";

/** What a client can authenticate with. */
export interface SaslClient {
  readonly crypto: Crypto;
  /** The localpart of the account, with a password. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Who to act as, if not as oneself. */
  readonly authzid?: string | undefined;
  /** TLS presents a certificate that says who the client is. */
  readonly certificate?: boolean | undefined;
  /** The client wants to be nobody, for lack of anything better. */
  readonly anonymous?: boolean | undefined;
  /** What the connection can be bound by. */
  readonly bindings?: ChannelBindings | undefined;
  /** The password may be sent as it is; only within TLS. */
  readonly allowPlain?: boolean | undefined;
  /** What servers may ask of SCRAM; 4096 to 10,000,000 if left out. */
  readonly iterations?: IterationBounds | undefined;
}

/**
 * The best of the offered mechanisms that the client can use, or undefined if there is none.
 *
 * EXTERNAL comes first, then SCRAM bound to the channel, then SCRAM, each with the strongest hash,
 * then PLAIN and ANONYMOUS if they are allowed.
 *
 * @throws SaslError `aborted` if the user name or the password cannot be one.
 */
export function chooseMechanism(
  offered: readonly string[],
  client: SaslClient,
): ClientMechanism | undefined {
  if (client.certificate && offered.includes("EXTERNAL")) return externalClient(client.authzid);
  const { username, password, authzid } = client;
  if (username !== undefined && password !== undefined) {
    const found = scram(offered, client, { username, password });
    if (found !== undefined) return found;
    if (client.allowPlain && offered.includes("PLAIN")) {
      return plainClient({ username, password, authzid });
    }
  }
  return client.anonymous && offered.includes("ANONYMOUS") ? anonymousClient() : undefined;
}

function scram(
  offered: readonly string[],
  { crypto, authzid, bindings, iterations }: SaslClient,
  credentials: { readonly username: string; readonly password: string },
): ClientMechanism | undefined {
  const binding = bindingFor(offered, bindings);
  const plus = binding.flag === "p";
  const hash = SCRAM_HASHES.find((h) => offered.includes(scramMechanism(h, plus)));
  if (hash === undefined) return undefined;
  return scramClient({ ...credentials, crypto, authzid, iterations, hash, binding });
}

/**
 * RFC 5802 §6: a client that could bind the channel says so if the server offers nothing to bind it
 * by. If that is not true, the server knows that someone took it out of its offer.
 */
function bindingFor(
  offered: readonly string[],
  bindings: ChannelBindings | undefined,
): ClientBinding {
  const type = bindings?.types[0];
  if (bindings === undefined || type === undefined) return { flag: "n" };
  const plusOffered = offered.some((name) => readScramMechanism(name)?.plus);
  return plusOffered ? { flag: "p", type, bindings } : { flag: "y" };
}
