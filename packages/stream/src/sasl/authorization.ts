import { Jid, StanzaError } from "@rookery/protocol";
import { after, type Maybe } from "../maybe.ts";
import { SaslError } from "./error.ts";

/** Whether who authenticated as `username` may act as `authzid`, which is as the client sent it. */
export type MayActAs = (username: string, authzid: string) => Maybe<boolean>;

/** Users may act as themselves alone: `authzid` is the bare JID of the account (RFC 6120 §6.3.8). */
export function ownAccount(domain: string): MayActAs {
  return (username, authzid) => sameAddress(authzid, Jid.of(username, domain));
}

/**
 * Gives the authzid back if it is allowed; nobody acts as anyone else where nothing allows it.
 *
 * @throws SaslError `invalid-authzid`
 */
export function authorize(
  mayActAs: MayActAs | undefined,
  username: string,
  authzid: string | undefined,
): Maybe<string | undefined> {
  if (authzid === undefined) return undefined;
  return after(mayActAs === undefined ? false : mayActAs(username, authzid), (allowed) => {
    if (!allowed) throw new SaslError("invalid-authzid", "the user may not act as that identity");
    return authzid;
  });
}

/** Whether a text is this address, once it is prepared. */
export function sameAddress(text: string, address: Jid): boolean {
  try {
    return Jid.parse(text).equals(address);
  } catch (error) {
    if (error instanceof StanzaError) return false;
    throw error;
  }
}
