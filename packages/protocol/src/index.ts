export { AdHocCommands, type AdHocCommandsOptions } from "./ad-hoc/commands.ts";
export {
  type AdHocCommand,
  type CommandBuilder,
  type CommandRequester,
  type CommandResult,
  type CommandRun,
  type CommandStage,
  type CommandTitle,
  defineCommand,
  type StageTexts,
  type StageValues,
} from "./ad-hoc/define-command.ts";
export { COMMAND_SESSION_LIMITS, type CommandSessionLimits } from "./ad-hoc/sessions.ts";
export { type Codec, codec, type Marker, marker } from "./codec.ts";
export {
  formatDate,
  formatDateTime,
  formatOffset,
  formatTime,
  parseDate,
  parseDateTime,
  parseLegacyDateTime,
  parseOffset,
  parseTime,
  type TimeOfDay,
} from "./datetime.ts";
export {
  STANZA_ERROR_CONDITIONS,
  STREAM_ERROR_CONDITIONS,
  StanzaError,
  type StanzaErrorCondition,
  type StanzaErrorDetail,
  type StanzaErrorType,
  StreamError,
  type StreamErrorCondition,
} from "./errors.ts";
export {
  defineForm,
  type FieldDefinition,
  type FieldDefinitions,
  type FieldValue,
  type FormDefinition,
  type FormValues,
} from "./form-definition.ts";
export type { FormPage, LayoutPart } from "./form-layout.ts";
export type { Datatype, FieldValidation, ValidationMethod } from "./form-validation.ts";
export {
  dataForm,
  type FieldType,
  type Form,
  type FormField,
  type FormOption,
  type FormType,
  formTypeOf,
} from "./forms.ts";
export { Jid } from "./jid.ts";
export { escapeLocalpart, JID_ESCAPING, unescapeLocalpart } from "./jid-escaping.ts";
export { NS } from "./namespaces.ts";
export {
  type ArchiveDefault,
  type ArchivePreferences,
  archivePreferences,
  archivePreferencesRequest,
} from "./payloads/archive-preferences.ts";
export { type Bind, bind } from "./payloads/bind.ts";
export {
  BLOCKING_NS,
  blockCommand,
  blockedCondition,
  blockList,
  unblockCommand,
} from "./payloads/blocking.ts";
export { capsInput, type EntityCaps, entityCaps } from "./payloads/caps.ts";
export {
  CARBONS_NS,
  CARBONS_RULES,
  carbonReceived,
  carbonSent,
  carbonsDisable,
  carbonsEnable,
  carbonsPrivate,
} from "./payloads/carbons.ts";
export { CSI_NS, csiActive, csiFeature, csiInactive } from "./payloads/client-state.ts";
export {
  COMMANDS_NS,
  type Command,
  type CommandAction,
  type CommandActions,
  type CommandErrorCondition,
  type CommandNote,
  type CommandStatus,
  command,
  commandError,
  type StageAction,
} from "./payloads/command.ts";
export {
  type ContactAddresses,
  contactForm,
  readContactForm,
} from "./payloads/contact-addresses.ts";
export { type Delay, delay, delayOf } from "./payloads/delay.ts";
export {
  DISCO_INFO_NS,
  type DiscoIdentity,
  type DiscoInfo,
  discoInfo,
} from "./payloads/disco-info.ts";
export { type DiscoItem, type DiscoItems, discoItems } from "./payloads/disco-items.ts";
export { displayedUpTo, MDS_NS, MDS_SERVER_ASSIST } from "./payloads/displayed.ts";
export { type Forwarded, forwarded } from "./payloads/forward.ts";
export { type Hint, hint, hintsOf } from "./payloads/hints.ts";
export {
  fileTooLarge,
  retryUpload,
  UPLOAD_NS,
  UPLOAD_PURPOSE_NS,
  type UploadAdvice,
  type UploadHeader,
  type UploadPurpose,
  type UploadRequest,
  type UploadSlot,
  uploadAdviceOf,
  uploadRequest,
  uploadSlot,
} from "./payloads/http-upload.ts";
export {
  INVITE_COMMANDS,
  type InvitationLinks,
  type InvitationTarget,
  invitationUri,
  readInvitation,
  readInvitationUri,
  writeInvitation,
} from "./payloads/invite.ts";
export { type LastActivity, lastActivity, lastActivityRequest } from "./payloads/last-activity.ts";
export {
  allTexts,
  body,
  type LocalText,
  subject,
  type Thread,
  textIn,
  thread,
} from "./payloads/message.ts";
export {
  type ArchiveFilter,
  type ArchiveFin,
  type ArchiveFormQuery,
  type ArchiveMetadata,
  type ArchivePoint,
  type ArchiveQuery,
  type ArchiveResult,
  archiveFin,
  archiveForm,
  archiveFormQuery,
  archiveMetadata,
  archiveMetadataRequest,
  archiveQuery,
  archiveResult,
  MAM_NS,
} from "./payloads/message-archive.ts";
export {
  type ChatState,
  chatState,
  chatStateOf,
  type Encryption,
  encryption,
  isOnlyChatState,
  type MessagePart,
  messageParts,
} from "./payloads/message-content.ts";
export {
  CHAT_MARKERS_NS,
  CORRECTION_NS,
  correction,
  displayedMarker,
  type MessageReference,
  markable,
  REACTIONS_NS,
  RECEIPTS_NS,
  REPLY_NS,
  RETRACT_NS,
  type Reactions,
  type Reply,
  reactions,
  receipt,
  receiptRequest,
  reply,
  retraction,
  type Tombstone,
  tombstone,
} from "./payloads/message-references.ts";
export {
  OFFLINE_NS,
  type OfflineItem,
  type OfflineRequest,
  offlineCountForm,
  offlineItem,
  offlineRequest,
  readOfflineCount,
} from "./payloads/offline-retrieval.ts";
export { ping } from "./payloads/ping.ts";
export { ibrTokenFeature, type Preauth, preauth } from "./payloads/preauth.ts";
export {
  type Availability,
  priorityOf,
  readAvailability,
  type Show,
  status,
  writeAvailability,
} from "./payloads/presence.ts";
export { isReservedForPrivateData, PRIVATE_NS, privateData } from "./payloads/private-storage.ts";
export { type PubSubAnswer, pubsubAnswer } from "./payloads/pubsub/answer.ts";
export {
  type PubSubErrorCondition,
  pubsubConditionOf,
  pubsubError,
  pubsubUnsupported,
} from "./payloads/pubsub/errors.ts";
export { type PubSubEvent, pubsubEvent } from "./payloads/pubsub/event.ts";
export { type PubSubOwner, pubsubOwner } from "./payloads/pubsub/owner.ts";
export {
  PUBSUB_EVENT_NS,
  PUBSUB_NS,
  PUBSUB_OWNER_NS,
  type PubSubAffiliation,
  type PubSubItem,
  type PubSubSubscription,
  type PubSubSubscriptionState,
} from "./payloads/pubsub/parts.ts";
export { type PubSubRequest, pubsubRequest } from "./payloads/pubsub/request.ts";
export {
  PUSH_NS,
  type PushDisable,
  type PushEnable,
  type PushNotification,
  type PushSummary,
  type PushWithdrawal,
  pushDisable,
  pushEnable,
  pushNotification,
  pushWithdrawalIn,
  writePushWithdrawal,
} from "./payloads/push.ts";
export {
  REGISTER_NS,
  type RegisterField,
  type RegisterFields,
  type RegisterQuery,
  registerFeature,
  registerQuery,
} from "./payloads/register.ts";
export {
  type RosterItem,
  type RosterQuery,
  type RosterSet,
  rosterQuery,
  rosterSet,
  type Subscription,
} from "./payloads/roster.ts";
export {
  type RpcCall,
  RpcFault,
  type RpcResponse,
  rpcCall,
  rpcResponse,
} from "./payloads/rpc.ts";
export { RpcDouble, type RpcStruct, type RpcValue } from "./payloads/rpc-values.ts";
export {
  SEARCH_NS,
  type SearchAnswer,
  type SearchFields,
  type SearchItem,
  type SearchRequest,
  searchAnswer,
  searchRequest,
} from "./payloads/search.ts";
export {
  type OriginId,
  originId,
  STANZA_ID_NS,
  type StanzaId,
  stanzaId,
  stanzaIdBy,
  withoutStanzaIds,
} from "./payloads/stanza-id.ts";
export {
  handledCountTooHigh,
  SM_NS,
  type SmAnswer,
  type SmEnable,
  type SmEnabled,
  type SmFailed,
  type SmResumption,
  smAnswer,
  smEnable,
  smEnabled,
  smFailed,
  smFeature,
  smRequest,
  smResume,
  smResumed,
} from "./payloads/stream-management.ts";
export { type EntityTime, entityTime, timeRequest } from "./payloads/time.ts";
export {
  VCARD_NS,
  type VcardClass,
  type VcardNames,
  vcard,
  vcardClass,
  vcardNames,
} from "./payloads/vcard.ts";
export { type SoftwareVersion, softwareVersion, versionRequest } from "./payloads/version.ts";
export { domainToAscii } from "./precis/domainpart.ts";
export { PreparationError } from "./precis/preparation-error.ts";
export {
  nickname,
  nicknameForComparison,
  opaqueString,
  usernameCaseMapped,
} from "./precis/profiles.ts";
export { quoted } from "./reading.ts";
export {
  type ResultSetPage,
  type ResultSetRequest,
  resultSetPage,
  resultSetRequest,
} from "./rsm.ts";
export {
  type IqType,
  type MessageType,
  type PresenceType,
  Stanza,
  type StanzaChange,
  type StanzaFields,
  type StanzaKind,
  type StanzaType,
  stanzaKind,
} from "./stanza.ts";
export { formatXmppUri, parseXmppUri, type XmppUri, type XmppUriQuery } from "./uri.ts";
