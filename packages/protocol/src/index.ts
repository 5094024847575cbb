export { type Codec, codec } from "./codec.ts";
export {
  StanzaError,
  type StanzaErrorCondition,
  type StanzaErrorDetail,
  type StanzaErrorType,
  STREAM_ERROR_CONDITIONS,
  StreamError,
  type StreamErrorCondition,
} from "./errors.ts";
export { Jid } from "./jid.ts";
export { NS } from "./namespaces.ts";
export {
  type IqType,
  type MessageType,
  type PresenceType,
  Stanza,
  type StanzaChange,
  type StanzaFields,
  type StanzaKind,
  stanzaKind,
  type StanzaType,
} from "./stanza.ts";
