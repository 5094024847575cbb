import { Jid, opaqueString, PreparationError, StanzaError } from "@rookery/protocol";
import { SaslError } from "./error.ts";

/**
 * The canonical form of a user name, or undefined if it cannot be one.
 *
 * In XMPP a user name is the localpart of an address (RFC 6120 §6.3.7): UsernameCaseMapped of RFC 8265
 * without the characters that a localpart must not have (RFC 7622 §3.3.1).
 */
export function prepareUsername(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return Jid.of(text, ANY_DOMAIN).local;
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

/** The form of a password that is hashed (OpaqueString, RFC 8265 §4.2), or undefined if there is none. */
export function preparePassword(text: string): string | undefined {
  try {
    return opaqueString(text);
  } catch (error) {
    if (error instanceof PreparationError) return undefined;
    throw error;
  }
}

/** The user name that a client sends. @throws SaslError `aborted` */
export function clientUsername(text: string): string {
  const username = prepareUsername(text);
  if (username !== undefined) return username;
  throw new SaslError(
    "aborted",
    `${JSON.stringify(text.slice(0, 100))} cannot be a user name; give the part of the address before the @`,
  );
}

/** The password that a client uses. @throws SaslError `aborted`, which does not quote it */
export function clientPassword(text: string): string {
  const password = preparePassword(text);
  if (password !== undefined) return password;
  throw new SaslError(
    "aborted",
    "the password is empty or has characters that no password can have",
  );
}

/** Who a client wants to act as, undefined for itself. @throws SaslError `aborted` */
export function clientAuthzid(text: string | undefined): string | undefined {
  if (text?.includes("\0"))
    throw new SaslError("aborted", "an authzid has no NUL (RFC 4422 §3.4.1)");
  return text || undefined;
}

/** The rule for localparts is the same on every domain. */
const ANY_DOMAIN = "invalid";
