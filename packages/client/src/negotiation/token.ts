/** Comes back by a token, with the first bytes that are sent: XEP-0484. */
import {
  fastUse,
  SaslError,
  sasl2Authenticate,
  type TokenClient,
  tokenClient,
  tokenMechanisms,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { bindingsOf } from "./choose.ts";
import { bindElements, succeed } from "./sasl2.ts";
import type { Login } from "./step.ts";

/** A first message that needs no answer to anything. */
export interface EarlyToken {
  readonly mechanism: TokenClient;
  /** `<authenticate/>`, to be sent right behind the header of the stream. */
  readonly element: Element;
}

/** How to come back by a token: only within TLS, and if there is one that may still be good. */
export async function earlyToken(login: Login): Promise<EarlyToken | undefined> {
  const { channel, jid, crypto, credentials } = login;
  const { tokens, userAgent } = credentials;
  if (login.authenticated || channel.security === undefined || userAgent?.id === undefined) {
    return undefined;
  }
  const kept = await tokens?.load();
  const bindings = bindingsOf(login);
  if (tokens === undefined || kept === undefined || kept.expiry <= login.now()) return undefined;
  if (!tokenMechanisms(bindings).includes(kept.mechanism)) return undefined;
  const { token, count } = kept;
  const next = count + 1;
  // before it is sent, since it is good for one try only
  await tokens.save({ ...kept, count: next });
  const mechanism = tokenClient(kept.mechanism, { crypto, username: jid.local, token, bindings });
  login.tokenMechanism = kept.mechanism;
  const element = sasl2Authenticate.write({
    mechanism: kept.mechanism,
    initialResponse: await mechanism.start(),
    userAgent,
    inline: [fastUse.write({ count: next, invalidate: false }), ...bindElements(login)],
  });
  return { mechanism, element };
}

/**
 * What the server says to it. A token that is refused is forgotten; the stream is as it was.
 *
 * @param features what was offered before.
 * @returns what is offered now.
 */
export async function comeBack(
  login: Login,
  { mechanism }: EarlyToken,
  features: Element,
): Promise<Element> {
  try {
    return await succeed(login, mechanism);
  } catch (error) {
    // a server that does not prove itself is not to be told the password either
    if (!(error instanceof SaslError) || error.condition === "aborted") throw error;
    if (error.condition !== "temporary-auth-failure")
      await login.credentials.tokens?.save(undefined);
    const { password, bearer, certificate } = login.credentials;
    if (password === undefined && bearer === undefined && !certificate) throw error;
    return features;
  }
}
