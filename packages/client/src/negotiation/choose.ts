import {
  type ChannelBindings,
  type ClientMechanism,
  chooseMechanism,
  type SaslOffer,
  saslChannelBindings,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Login } from "./step.ts";

/** All that the server offers by one profile of SASL. */
export function offerOf(features: Element, mechanisms: readonly string[]): SaslOffer {
  return { mechanisms, bindings: saslChannelBindings.in(features) };
}

/** The best of the offered mechanisms, of those that may be used; undefined if there is none. */
export function choose(login: Login, offer: SaslOffer): ClientMechanism | undefined {
  const { channel, jid, credentials, crypto, plainWithoutTls } = login;
  const { password, bearer, certificate, anonymous, mechanisms } = credentials;
  const usable = offer.mechanisms.filter((name) => mechanisms?.includes(name) ?? true);
  return chooseMechanism(usable, {
    crypto,
    ...(password !== undefined && { username: jid.local, password }),
    bearer,
    certificate,
    anonymous,
    bindings: bindingsOf(login),
    offer,
    allowPlain: channel.security !== undefined || plainWithoutTls,
  });
}

/** What the connection can be bound by, of what may be used. */
export function bindingsOf({ channel, credentials }: Login): ChannelBindings | undefined {
  const bindings = channel.security?.bindings;
  const { channelBindings } = credentials;
  if (bindings === undefined || channelBindings === undefined) return bindings;
  return {
    types: bindings.types.filter((type) => channelBindings.includes(type)),
    data: (type) => bindings.data(type),
  };
}
