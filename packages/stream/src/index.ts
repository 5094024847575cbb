export { decodeBase64, encodeBase64 } from "./base64.ts";
export { toClientNs } from "./content-namespace.ts";
export { type Crypto, type HashName, webCrypto } from "./crypto.ts";
export { FrameReader } from "./framing/frame-reader.ts";
export { elementFraming, FRAMING_NS } from "./framing/framed.ts";
export { documentFraming, type Framing } from "./framing/framing.ts";
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
export {
  BIND2_NS,
  type Bind2Request,
  bind2Bound,
  bind2Offer,
  bind2Request,
} from "./sasl/bind2.ts";
export {
  type ChannelBindings,
  type ChannelBindingType,
  saslChannelBindings,
} from "./sasl/channel-binding.ts";
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
export { type EndPointHash, endPointHash } from "./sasl/end-point.ts";
export { SASL_CONDITIONS, type SaslCondition, SaslError } from "./sasl/error.ts";
export {
  FAST_NS,
  type FastGrant,
  type FastUse,
  fastGrant,
  fastOffer,
  fastRequest,
  fastUse,
} from "./sasl/fast.ts";
export {
  isTokenMechanism,
  TokenClient,
  type TokenVerifier,
  tokenClient,
  tokenKey,
  tokenMechanisms,
} from "./sasl/hashed-token.ts";
export type {
  ClientMechanism,
  SaslChallenge,
  SaslFailure,
  SaslStep,
  SaslSuccess,
  ServerMechanism,
} from "./sasl/mechanism.ts";
export type { BearerVerifier } from "./sasl/oauth-bearer.ts";
export { type PlainVerifier, scramVerifier } from "./sasl/plain.ts";
export {
  SASL2_NS,
  type Sasl2Authenticate,
  type Sasl2Continue,
  type Sasl2Offer,
  type Sasl2Success,
  sasl2Abort,
  sasl2Authenticate,
  sasl2Challenge,
  sasl2Continue,
  sasl2Failure,
  sasl2Next,
  sasl2Offer,
  sasl2Response,
  sasl2Success,
  sasl2TaskData,
  type UserAgent,
} from "./sasl/sasl2.ts";
export type { IterationBounds } from "./sasl/scram/client.ts";
export type { SaslOffer } from "./sasl/scram/downgrade.ts";
export {
  deriveScramKeys,
  type FakeScram,
  fakeScramKeys,
  type ScramKeys,
  saltPassword,
  scramKeysOf,
  verifyPassword,
} from "./sasl/scram/keys.ts";
export { SCRAM_HASHES, type ScramHash, scramMechanism } from "./sasl/scram/names.ts";
export type { ScramSource } from "./sasl/scram/server.ts";
export { type SaslServer, serverMechanism } from "./sasl/server.ts";
export {
  readUpgradeTask,
  saslUpgrade,
  type UpgradeSalt,
  upgradeHash,
  upgradeSalt,
  upgradeTask,
} from "./sasl/upgrade.ts";
export {
  countOn,
  HandledCountTooHigh,
  SentQueue,
  type Sized,
} from "./stream-management/sent-queue.ts";
