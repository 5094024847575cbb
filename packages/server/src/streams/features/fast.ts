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

/** What came of a login as far as tokens go. */
export type Granted =
  /** `<token/>`, if the client is to have one. */
  | { readonly token: Element | undefined }
  /** It logged in by a token that was taken from it meanwhile: it is not to be let in. */
  | "signed-out";

/**
 * The `<token/>` for a client that has authenticated: because it asked for one (§3.2), or because the
 * one it used is to be replaced (§3.5). If none can be made the client goes on without.
 *
 * To be asked once its session is there: whoever signs the client out later finds that.
 */
export async function grantToken(
  stream: C2sStream,
  account: Jid,
  request: Sasl2Authenticate,
): Promise<Granted> {
  const { accounts } = stream.host ?? {};
  if (accounts?.isGuest?.(account)) return NONE; // who does not come back
  try {
    return await grant(stream, account, request);
  } catch (error) {
    stream.services.log.error("a token could not be given", { account: account.toString(), error });
    return NONE;
  }
}

async function grant(
  stream: C2sStream,
  account: Jid,
  { mechanism, userAgent, inline }: Sasl2Authenticate,
): Promise<Granted> {
  const tokens = stream.host?.tokens;
  const device = userAgent?.id;
  if (tokens === undefined || device === undefined) return NONE;
  // one that was used for the last time (§3.6) is gone by itself
  const renewed = isTokenMechanism(mechanism) && !fastUse.in({ children: inline })?.invalidate;
  const used = renewed ? await tokens.used(account, device) : undefined;
  if (renewed && used === undefined) return "signed-out";
  const wanted = fastRequest.in({ children: inline }) ?? (used?.isDue && used.mechanism);
  if (!wanted || !offeredTokenMechanisms(stream).includes(wanted)) return NONE;
  const agent = { ...userAgent, id: device };
  const issued = await tokens.issue(account, wanted, agent, { renewed });
  return issued === undefined ? "signed-out" : { token: fastGrant.write(issued) };
}

const NONE: Granted = { token: undefined };
