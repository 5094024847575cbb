/** EXTERNAL (RFC 4422 Appendix A): who the client is, is known from elsewhere, from its certificate. */
import { Jid } from "@rookery/protocol";
import { readUtf8, utf8 } from "../bytes.ts";
import { sameAddress } from "./authorization.ts";
import { clientAuthzid } from "./credentials.ts";
import { SaslError } from "./error.ts";
import { Exchange, type Success } from "./exchange.ts";
import type { ClientMechanism, ServerMechanism } from "./mechanism.ts";
import { SpeaksOnce } from "./speaks-once.ts";

/**
 * The server's side of EXTERNAL, with the choices of XEP-0178.
 *
 * @param identities the addresses (of accounts or domains) that the certificate proves the client to
 *   be; the client has to say which if there are several.
 */
export function externalServer(identities: readonly string[]): ServerMechanism {
  return new Exchange("EXTERNAL", (message, claim) => {
    const authzid = readUtf8(message);
    if (authzid === undefined || authzid.includes("\0")) {
      throw new SaslError(
        "malformed-request",
        "a message of EXTERNAL is an authzid in UTF-8 or empty (RFC 4422 §A.1)",
      );
    }
    const outcome = identify(identities, authzid || undefined);
    claim(Jid.parse(outcome.username).local);
    return outcome;
  });
}

/** The client's side of EXTERNAL. @throws SaslError `aborted` if the authzid cannot be one. */
export function externalClient(authzid?: string): ClientMechanism {
  return new SpeaksOnce("EXTERNAL", utf8(clientAuthzid(authzid) ?? ""));
}

function identify(identities: readonly string[], authzid: string | undefined): Success {
  const [only, ...others] = identities;
  if (only === undefined) {
    throw new SaslError("not-authorized", "no address is known from the certificate");
  }
  if (authzid === undefined) {
    if (others.length === 0) return { username: only, authzid };
    throw new SaslError("invalid-authzid", "the certificate has several addresses; say which");
  }
  const username = identities.find((identity) => sameAddress(authzid, Jid.parse(identity)));
  if (username === undefined) {
    throw new SaslError("invalid-authzid", "the certificate does not have that address");
  }
  return { username, authzid };
}
