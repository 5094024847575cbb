export { decodeBase64, encodeBase64 } from "./base64.ts";
export { toClientNs } from "./content-namespace.ts";
export { type Crypto, type HashName, webCrypto } from "./crypto.ts";
export {
  readStreamHeader,
  STREAM_PREFIXES,
  type StreamHeader,
  type StreamHeaderFields,
  type StreamVersion,
  writeStreamHeader,
} from "./header.ts";
export { hmacFrom } from "./hmac.ts";
export { after, type Maybe } from "./maybe.ts";
export { type MayActAs, ownAccount } from "./sasl/authorization.ts";
export type { ChannelBindings, ChannelBindingType } from "./sasl/channel-binding.ts";
export { chooseMechanism, type SaslClient } from "./sasl/choose.ts";
export {
  type SaslAuth,
  type SaslSuccessData,
  saslAbort,
  saslAuth,
  saslChallenge,
  saslFailure,
  saslMechanisms,
  saslResponse,
  saslSuccess,
} from "./sasl/elements.ts";
export { SASL_CONDITIONS, type SaslCondition, SaslError } from "./sasl/error.ts";
export type {
  ClientMechanism,
  SaslChallenge,
  SaslFailure,
  SaslStep,
  SaslSuccess,
  ServerMechanism,
} from "./sasl/mechanism.ts";
export { type PlainVerifier, scramVerifier } from "./sasl/plain.ts";
export type { IterationBounds } from "./sasl/scram/client.ts";
export {
  deriveScramKeys,
  type FakeScram,
  fakeScramKeys,
  type ScramKeys,
  verifyPassword,
} from "./sasl/scram/keys.ts";
export { SCRAM_HASHES, type ScramHash, scramMechanism } from "./sasl/scram/names.ts";
export type { ScramSource } from "./sasl/scram/server.ts";
export { type SaslServer, serverMechanism } from "./sasl/server.ts";
export {
  countOn,
  HandledCountTooHigh,
  SentQueue,
  type Sized,
} from "./stream-management/sent-queue.ts";
