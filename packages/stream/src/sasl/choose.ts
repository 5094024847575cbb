import type { Crypto } from "../crypto.ts";
import { anonymousClient } from "./anonymous.ts";
import type { ChannelBindings, ChannelBindingType } from "./channel-binding.ts";
import { SaslError } from "./error.ts";
import { externalClient } from "./external.ts";
import type { ClientMechanism } from "./mechanism.ts";
import { bearerClient } from "./oauth-bearer.ts";
import { plainClient } from "./plain.ts";
import { type ClientBinding, type IterationBounds, scramClient } from "./scram/client.ts";
import type { SaslOffer } from "./scram/downgrade.ts";
import { readScramMechanism, SCRAM_HASHES, scramMechanism } from "./scram/names.ts";

/** What a client can authenticate with. */
export interface SaslClient {
  readonly crypto: Crypto;
  /** The localpart of the account, with a password. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** A token of OAuth 2 instead of a password; only within TLS. */
  readonly bearer?: string | undefined;
  /** Who to act as, if not as oneself. */
  readonly authzid?: string | undefined;
  /** TLS presents a certificate that says who the client is. */
  readonly certificate?: boolean | undefined;
  /** The client wants to be nobody, for lack of anything better. */
  readonly anonymous?: boolean | undefined;
  /** What the connection can be bound by. */
  readonly bindings?: ChannelBindings | undefined;
  /**
   * All that the server was seen to offer: its channel bindings (XEP-0440) are what is chosen from, and
   * it is compared with what the server says it has offered (XEP-0474). Neither if left out.
   */
  readonly offer?: SaslOffer | undefined;
  /** The password, or the bearer token, may be sent as it is; only within TLS. */
  readonly allowPlain?: boolean | undefined;
  /** What servers may ask of SCRAM; 4096 to 10,000,000 if left out. */
  readonly iterations?: IterationBounds | undefined;
}

/**
 * The best of the offered mechanisms that the client can use, or undefined if there is none.
 *
 * EXTERNAL comes first, then OAUTHBEARER, SCRAM bound to the channel, and SCRAM, each with the
 * strongest hash, then PLAIN and ANONYMOUS if they are allowed.
 *
 * @throws SaslError `aborted` if the user name or the password cannot be one, or what is offered can
 * only be explained by somebody between (XEP-0440 §3).
 */
export function chooseMechanism(
  offered: readonly string[],
  client: SaslClient,
): ClientMechanism | undefined {
  if (client.certificate && offered.includes("EXTERNAL")) return externalClient(client.authzid);
  const { username, password, authzid, bearer } = client;
  if (bearer !== undefined && client.allowPlain && offered.includes("OAUTHBEARER")) {
    return bearerClient({ token: bearer, authzid });
  }
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
  { crypto, authzid, bindings, offer, iterations }: SaslClient,
  credentials: { readonly username: string; readonly password: string },
): ClientMechanism | undefined {
  const binding = bindingFor(offered, offer?.bindings, bindings);
  const plus = binding.flag === "p";
  const hash = SCRAM_HASHES.find((h) => offered.includes(scramMechanism(h, plus)));
  if (hash === undefined) return undefined;
  return scramClient({ ...credentials, crypto, authzid, iterations, hash, binding, offer });
}

/**
 * RFC 5802 §6: a client that could bind the channel says so if the server offers nothing to bind it
 * by. If that is not true, the server knows that someone took it out of its offer.
 *
 * XEP-0440 §3: of what is announced the best is taken; where there is none of it, nothing is bound
 * and the server not told otherwise, as long as it announces what every server has.
 */
function bindingFor(
  offered: readonly string[],
  announced: readonly string[] | undefined,
  bindings: ChannelBindings | undefined,
): ClientBinding {
  const plusOffered = offered.some((name) => readScramMechanism(name)?.plus);
  if (bindings === undefined || bindings.types.length === 0) return { flag: "n" };
  if (!plusOffered) return { flag: "y" };
  const type = bindings.types.find((known) => announced?.includes(known) ?? true);
  if (type !== undefined) return { flag: "p", type, bindings };
  if (announced?.includes(EVERYONES)) return { flag: "n" };
  throw new SaslError(
    "aborted",
    `the server announces none of the channel bindings that this client has, nor ${EVERYONES}: someone between may have taken them away`,
  );
}

/** XEP-0440 §3: the one that every server has. */
const EVERYONES: ChannelBindingType = "tls-server-end-point";
