/** OAUTHBEARER (RFC 7628): a token that somebody else has given out. Only to be used within TLS. */
import { readUtf8, utf8 } from "../bytes.ts";
import { after, type Maybe } from "../maybe.ts";
import { authorize, type MayActAs } from "./authorization.ts";
import { clientAuthzid, prepareUsername } from "./credentials.ts";
import { SaslError } from "./error.ts";
import { Exchange, type Outcome } from "./exchange.ts";
import type { ClientMechanism, ServerMechanism } from "./mechanism.ts";
import { readGs2Header, writeGs2Header } from "./scram/gs2.ts";

/** Knows whose the bearer tokens are. */
export interface BearerVerifier {
  /**
   * The user name (a localpart) that a token is for, or undefined if it is not valid.
   *
   * @throws SaslError `credentials-expired` for one that was, `temporary-auth-failure` if that cannot
   * be found out now.
   */
  verify(token: string): Maybe<string | undefined>;
  /** Where a token is to be had, for clients without a good one (RFC 7628 §3.2.2). */
  readonly discovery?: BearerDiscovery | undefined;
}

export interface BearerDiscovery {
  /** The URL of the issuer's metadata. */
  readonly openidConfiguration: string;
  /** What to ask the issuer for. */
  readonly scope: string | undefined;
}

/** The server's side of OAUTHBEARER. */
export function bearerServer(options: {
  readonly verifier: BearerVerifier;
  readonly mayActAs?: MayActAs | undefined;
}): ServerMechanism {
  return new Exchange("OAUTHBEARER", (message, claim) => {
    const { authzid, token } = readBearer(message);
    return after(options.verifier.verify(token), (user): Maybe<Outcome> => {
      const username = user === undefined ? undefined : prepareUsername(user);
      if (username === undefined) return invalidToken(options.verifier.discovery);
      claim(username);
      return after(authorize(options.mayActAs, username, authzid), (allowed) => ({
        username,
        authzid: allowed,
      }));
    });
  });
}

/** The client's side of OAUTHBEARER. */
export function bearerClient(options: {
  readonly token: string;
  readonly authzid?: string | undefined;
}): ClientMechanism {
  const gs2 = writeGs2Header({ binding: { flag: "n" }, authzid: clientAuthzid(options.authzid) });
  return new BearerClient(utf8(`${gs2}${SEPARATOR}auth=Bearer ${options.token}${END}`));
}

class BearerClient implements ClientMechanism {
  readonly name: string = "OAUTHBEARER";
  readonly #message: Uint8Array;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  start(): Uint8Array {
    return this.#message;
  }

  /** RFC 7628 §3.2.3: what is wrong comes as a challenge, and the failure after the answer. */
  respond(_challenge: Uint8Array): Uint8Array {
    return utf8(SEPARATOR);
  }

  finish(_data: Uint8Array | undefined): void {}
}

/** RFC 7628 §3.2.2. */
function invalidToken(discovery: BearerDiscovery | undefined): Outcome {
  const told = {
    status: "invalid_token",
    scope: discovery?.scope,
    "openid-configuration": discovery?.openidConfiguration,
  };
  return {
    challenge: utf8(JSON.stringify(told)),
    next: () => {
      throw new SaslError("not-authorized", "the token is not valid");
    },
  };
}

function readBearer(message: Uint8Array): {
  readonly authzid: string | undefined;
  readonly token: string;
} {
  const text = readUtf8(message);
  const gs2 = text === undefined ? undefined : readGs2Header(text);
  if (text === undefined || gs2 === undefined) throw malformed("it has no GS2 header");
  const { binding, authzid } = gs2.header;
  if (binding.flag === "p") throw malformed("it has no channel binding");
  const rest = text.slice(gs2.length);
  if (!rest.startsWith(SEPARATOR) || !rest.endsWith(END)) throw malformed("it does not end so");
  const pairs = rest.slice(1, -END.length).split(SEPARATOR);
  const auth = pairs.find((pair) => pair.startsWith("auth="));
  const token = auth === undefined ? undefined : BEARER.exec(auth)?.[1];
  if (token === undefined) throw malformed("auth=Bearer with a token is missing");
  return { authzid, token };
}

function malformed(why: string): SaslError {
  const text = `a message of OAUTHBEARER cannot be read: ${why} (RFC 7628 §3.1)`;
  return new SaslError("malformed-request", text);
}

const SEPARATOR = "\u0001";
const END = "\u0001\u0001";
/** RFC 6750 §2.1: the scheme in any case. */
const BEARER = /^auth=Bearer +([A-Za-z0-9._~+/-]+=*)$/iu;
