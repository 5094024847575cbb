import {
  after,
  ownAccount,
  type PlainVerifier,
  type SaslServer,
  saslChannelBindings,
  type TokenVerifier,
  tokenMechanisms,
} from "@rookery/stream";
import { nodeCrypto } from "../../accounts/node-crypto.ts";
import type { C2sStream } from "../c2s.ts";
import { mayTakePasswords, type StreamFeature } from "../feature.ts";
import type { SaslProfile } from "../sasl-state.ts";
import { itsTurn } from "./sasl-exchange.ts";

const SCRAM = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"];
const SCRAM_PLUS = SCRAM.map((name) => `${name}-PLUS`);

/** The mechanisms of a stream, best first; none where authentication is not due, or not by this profile. */
export function offeredMechanisms(stream: C2sStream, profile: SaslProfile): readonly string[] {
  const accounts = stream.host?.accounts;
  if (accounts === undefined || stream.user !== undefined || !mayAuthenticate(stream, profile)) {
    return [];
  }
  const scram = accounts.scram !== undefined;
  const secret = mayTakePasswords(stream);
  return [
    ...(identitiesOf(stream).length > 0 ? ["EXTERNAL"] : []),
    ...(scram && bindsChannel(stream, profile) ? SCRAM_PLUS : []),
    ...(scram ? SCRAM : []),
    ...(secret && accounts.bearer ? ["OAUTHBEARER"] : []),
    ...(secret && accounts.plain ? ["PLAIN"] : []),
    ...(accounts.anonymous ? ["ANONYMOUS"] : []),
  ];
}

/** Nothing before TLS where it is required, and nothing by SASL2 without it (XEP-0388 §4). */
export function mayAuthenticate(
  { connection, services }: C2sStream,
  profile: SaslProfile,
): boolean {
  return connection.tls !== undefined || (profile === "sasl" && !services.auth.requireTls);
}

/** The mechanisms that take a token, best first (XEP-0484 §3.1). */
export function offeredTokenMechanisms(stream: C2sStream): readonly string[] {
  return mayAuthenticate(stream, "sasl2") ? tokenMechanisms(bindingsOf(stream)) : [];
}

/** What serves the mechanisms of a stream. */
export function saslServer(
  stream: C2sStream,
  profile: SaslProfile,
  tokens?: TokenVerifier,
): SaslServer {
  const { host } = stream;
  if (host === undefined) throw new Error("SASL before a stream header");
  const { scram, plain, bearer, anonymous } = host.accounts;
  return {
    offered: offeredMechanisms(stream, profile),
    announced: announcedBindings(stream),
    crypto: nodeCrypto,
    scram,
    plain: plain && inTurn(stream, plain),
    bearer,
    tokens,
    identities: identitiesOf(stream),
    anonymous: anonymous && (() => anonymous.enter(stream.connection.address)),
    bindings: bindingsOf(stream),
    mayActAs: ownAccount(host.domain.domain),
  };
}

/** Passwords are costly to verify, here or elsewhere: those that have to wait do so before. */
function inTurn(stream: C2sStream, plain: PlainVerifier): PlainVerifier {
  return {
    verify: (username, password) => after(itsTurn(stream), () => plain.verify(username, password)),
  };
}

/** XEP-0440: by what mechanisms with -PLUS can bind the channel, for clients of either profile. */
export const channelBindings: StreamFeature = {
  name: "sasl-channel-binding",
  ns: saslChannelBindings.ns,
  offer(stream) {
    if (offeredMechanisms(stream, "sasl2").length === 0) return undefined;
    const types = announcedBindings(stream);
    return types && saslChannelBindings.write(types);
  },
};

function announcedBindings(stream: C2sStream): readonly string[] | undefined {
  const types = bindingsOf(stream)?.types ?? [];
  return types.length > 0 && bindsChannel(stream, "sasl2") ? types : undefined;
}

function bindingsOf({ services, connection }: C2sStream): SaslServer["bindings"] {
  return services.auth.channelBinding === false ? undefined : connection.tls?.bindings;
}

/**
 * Whether mechanisms with -PLUS are offered. On TLS 1.3 clients that know only the older profile are
 * kept from trying `tls-unique`, which is not there, and from believing that -PLUS was taken away
 * (RFC 5802 §6) because they pick another mechanism.
 */
function bindsChannel(stream: C2sStream, profile: SaslProfile): boolean {
  const { tls } = stream.connection;
  if (tls === undefined || (bindingsOf(stream)?.types.length ?? 0) === 0) return false;
  if (stream.host?.accounts.scram === undefined) return false;
  const isOld = profile === "sasl" && tls.protocol === "TLSv1.3";
  return !isOld || stream.services.auth.channelBinding === true;
}

/** The accounts that the client's certificate stands for (XEP-0178 §2). */
function identitiesOf({ host, connection }: C2sStream): readonly string[] {
  const certificate = connection.tls?.certificate;
  const source = host?.accounts.certificate;
  return certificate && source ? source.identities(certificate) : [];
}
