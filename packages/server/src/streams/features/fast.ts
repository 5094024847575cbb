/** FAST (XEP-0484): a token instead of the password, for a client that has logged in before. */
import type { Jid } from "@rookery/protocol";
import {
  fastGrant,
  fastOffer,
  fastRequest,
  fastUse,
  isTokenMechanism,
  type Sasl2Authenticate,
  type TokenVerifier,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { C2sStream } from "../c2s.ts";
import { offeredTokenMechanisms } from "./sasl-offer.ts";

/** `<fast/>` with the mechanisms that take a token (§3.1). */
export function offerFast(stream: C2sStream): Element {
  return fastOffer.write(offeredTokenMechanisms(stream));
}

/**
 * What a client that says it uses a token is let in by; undefined if it does not say so, or by a
 * mechanism that takes none. @throws SaslError `malformed-request`
 */
export function tokensFor(
  stream: C2sStream,
  { mechanism, userAgent, inline }: Sasl2Authenticate,
): TokenVerifier | undefined {
  const use = fastUse.in({ children: inline });
  if (use === undefined || !offeredTokenMechanisms(stream).includes(mechanism)) return undefined;
  return stream.host?.tokens.verifier({ ...use, device: userAgent?.id });
}

/**
 * The `<token/>` for a client that has authenticated: because it asked for one (§3.2), or because the
 * one it used is to be replaced (§3.5). If none can be made the client goes on without.
 */
export async function grantToken(
  stream: C2sStream,
  account: Jid,
  { mechanism, userAgent, inline }: Sasl2Authenticate,
): Promise<Element | undefined> {
  const { tokens, accounts } = stream.host ?? {};
  const device = userAgent?.id;
  if (tokens === undefined || device === undefined) return undefined;
  if (accounts?.isGuest?.(account)) return undefined; // who does not come back
  try {
    const asked = fastRequest.in({ children: inline });
    const wanted =
      asked ?? (isTokenMechanism(mechanism) ? await tokens.due(account, device) : undefined);
    if (wanted === undefined || !offeredTokenMechanisms(stream).includes(wanted)) return undefined;
    return fastGrant.write(await tokens.issue(account, wanted, { ...userAgent, id: device }));
  } catch (error) {
    stream.services.log.error("a token could not be given", { account: account.toString(), error });
    return undefined;
  }
}
