/** SASL2 with Bind 2 and FAST: XEP-0388, XEP-0386, XEP-0484. */
import {
  bind2Offer,
  bind2Request,
  fastGrant,
  fastOffer,
  fastRequest,
  SASL2_NS,
  sasl2Abort,
  sasl2Authenticate,
  sasl2Challenge,
  sasl2Continue,
  sasl2Failure,
  sasl2Offer,
  sasl2Response,
  sasl2Success,
  tokenMechanisms,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { bindingsOf, choose, offerOf } from "./choose.ts";
import { nextElement, unexpected } from "./conversation.ts";
import { exchange, type Profile, type Speaking } from "./exchange.ts";
import type { Login, Step } from "./step.ts";
import { performUpgrades, wantedUpgrades } from "./upgrade.ts";

const SASL2: Profile = {
  ns: SASL2_NS,
  readChallenge: (element) => sasl2Challenge.read(element),
  writeResponse: (data) => sasl2Response.write(data),
  readFailure: (element) => sasl2Failure.read(element),
  abort: sasl2Abort,
};

/**
 * Authenticates, binds a resource and asks for a token in one go, where the server offers that. Only
 * within TLS (XEP-0388 §4).
 */
export const authenticate2: Step = async (login, features) => {
  const { channel, credentials } = login;
  const offer = sasl2Offer.in(features);
  if (login.authenticated || offer === undefined || channel.security === undefined) {
    return "continue";
  }
  const mechanism = choose(login, offerOf(features, offer.mechanisms));
  if (mechanism === undefined) return "continue";
  const inline = [
    ...(bind2Offer.in({ children: offer.inline }) ? bindElements(login) : []),
    ...tokenElements(login, fastOffer.in({ children: offer.inline })),
    ...wantedUpgrades(login, offer.others ?? []),
  ];
  channel.send(
    sasl2Authenticate.write({
      mechanism: mechanism.name,
      initialResponse: mechanism.start(),
      userAgent: credentials.userAgent,
      inline,
    }),
  );
  return succeed(login, mechanism);
};

/**
 * Waits for the success of a mechanism that has said its first message.
 *
 * @returns what the server offers from now on.
 */
export async function succeed(login: Login, mechanism: Speaking): Promise<Element> {
  const { channel } = login;
  let answer = await exchange(channel, mechanism, SASL2);
  const more = sasl2Continue.in({ children: [answer] });
  if (more !== undefined) {
    await mechanism.finish(more.data);
    answer = await performUpgrades(login, more.tasks);
  }
  if (answer.is(SASL2_NS, "failure")) throw sasl2Failure.read(answer);
  if (!answer.is(SASL2_NS, "success")) throw unexpected(answer, "<success/>");
  const { data, identity, inline } = sasl2Success.read(answer);
  // only now is it known that this is the server that knows the account
  if (more === undefined) await mechanism.finish(data);
  login.authenticated = true;
  if (!identity.isBare) login.bound = identity;
  await keepToken(login, inline);
  return nextElement(channel);
}

/** Bind 2 lets nobody choose a resource: who wishes for one binds it as of old. */
export function bindElements({ jid, credentials }: Login): readonly Element[] {
  return jid.isBare ? [bind2Request.write({ tag: credentials.tag, features: [] })] : [];
}

function tokenElements(login: Login, offered: readonly string[] | undefined): readonly Element[] {
  const { tokens, userAgent } = login.credentials;
  if (tokens === undefined || userAgent?.id === undefined) return [];
  const mechanism = tokenMechanisms(bindingsOf(login)).find((name) => offered?.includes(name));
  if (mechanism === undefined) return [];
  login.tokenMechanism = mechanism;
  return [fastRequest.write(mechanism)];
}

async function keepToken(login: Login, inline: readonly Element[]): Promise<void> {
  const grant = fastGrant.in({ children: inline });
  const { tokenMechanism: mechanism } = login;
  if (grant === undefined || mechanism === undefined) return;
  await login.credentials.tokens?.save({ ...grant, mechanism, count: 0 });
}
