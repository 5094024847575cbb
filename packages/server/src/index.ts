/**
 * The public face of the server: running one, and writing modules for it. What is not exported
 * here may change at any time.
 */

// accounts and their administration
export type { AccountAdministration } from "./account-administration.ts";
export {
  type AccountDirectory,
  AccountError,
  type AccountProblem,
  type AccountStatus,
  type Accounts,
  type ManagedAccounts,
} from "./accounts/accounts.ts";
export type { Devices } from "./accounts/devices.ts";
export type { Device } from "./accounts/fast-tokens.ts";
export { HostAccounts } from "./accounts/host-accounts.ts";
export { type AccountKeys, deriveAccountKeys } from "./accounts/internal.ts";
export {
  type Administered,
  Administration,
  type ServerStatus,
  type UserPage,
} from "./admin/administration.ts";
export { AdminClient } from "./admin/client.ts";
export {
  type AdminCommands,
  type CommandArgs,
  type CommandName,
  type CommandResult,
  performCommand,
} from "./admin/commands.ts";
export { AdminError, type AdminErrorCode } from "./admin/errors.ts";
export type { InvitationFacts, InvitationMade, InvitationWish } from "./admin/invitations.ts";
export { AdminSocket } from "./admin/socket.ts";
export { type Clock, type Random, systemClock, systemRandom, type Timer } from "./clock.ts";
// configuration
export { writeListenAddress } from "./config/addresses.ts";
export type {
  AuthConfig,
  Config,
  ConfigInput,
  DomainConfig,
  ListenAddress,
  ListenConfig,
  ListenInput,
  LogConfig,
  LogLevel,
  ModuleOptions,
  StorageKind,
  TlsFiles,
} from "./config/config.ts";
export { describeConfig, type ModuleSchemas, type OptionDoc } from "./config/describe.ts";
export { LIMITS, type LimitName, type Limits } from "./config/limits.ts";
export { ConfigError, type ConfigPath, type ConfigProblem } from "./config/problems.ts";
export { type Environment, type LoadedConfig, readConfig } from "./config/read.ts";
export { resolveConfig } from "./config/resolve.ts";
export {
  type Chain,
  type ChainHandler,
  type Collect,
  type CollectHandler,
  chain,
  collect,
  type Flow,
  type FlowHandler,
  flow,
  type Maybe,
  type Signal,
  type SignalHandler,
  signal,
} from "./hooks.ts";
// modules of one's own
export {
  type AnyModule,
  defineModule,
  type Host,
  type Implements,
  type Module,
  type ModuleRef,
  type NoOptions,
  type Sessions,
} from "./host.ts";
// HTTP
export {
  bytes,
  empty,
  HttpError,
  type HttpReply,
  html,
  json,
  type ReplyHeaders,
  redirect,
  text,
} from "./http/reply.ts";
export type { HttpRequest } from "./http/request.ts";
export type { Cors, HttpHandler, HttpMethod, RouteOptions } from "./http/router.ts";
export {
  accountRemoved,
  type ContactQuery,
  contactBlocked,
  type Direction,
  type IqEvent,
  iqFlow,
  type MessageEvent,
  messageFlow,
  type PresenceEvent,
  presenceFlow,
  sessionBegan,
  sessionEnded,
  sessionTakesMessages,
} from "./im/contract.ts";
export { type IqAnswer, type IqHandler, type IqRequest, type IqTarget, notOffered } from "./iq.ts";
export { jsonLog } from "./json-log.ts";
export { type Facts, type Log, silentLog } from "./log.ts";
export {
  addCommand,
  admins,
  type CommandContext,
  type Commands,
  type CommandTarget,
  commands,
  everyone,
  type Requester,
  users,
} from "./modules/commands/contract.ts";
export {
  type DiscoNode,
  type DiscoQuery,
  disco,
  discoForms,
  discoIdentities,
  discoItemsOf,
  discoNode,
  discoNodeItems,
} from "./modules/disco/contract.ts";
export { builtInModules, schemasOf } from "./modules/index.ts";
export {
  type Invitation,
  type InvitationKind,
  type Invitations,
  type InvitedRegistrant,
  invitations,
  type MadeInvitation,
  type NewInvitation,
} from "./registration/invitations.ts";
export {
  type Registrant,
  type Registration,
  type RegistrationPass,
  registration,
} from "./registration/registration.ts";
// running a server
export { createServer, type Ports, Server, type ServerParts } from "./server.ts";
export type { Session } from "./sessions/session.ts";
export { type Slot, slot } from "./sessions/slot.ts";
export type { SessionTable } from "./sessions/table.ts";
// storage
export {
  type LogEntry,
  type LogQuery,
  type LogSpec,
  type LogStore,
  type MapEntry,
  type MapRange,
  type MapSpec,
  type MapStore,
  type PutOptions,
  type Storage,
  StorageConflict,
  StorageNotFound,
  StorageUnavailable,
  type ValueCodec,
  type Write,
} from "./storage/api.ts";
export { type DataDirectory, openDataDirectory } from "./storage/data-directory.ts";
export { type BindInline, bindInline } from "./streams/feature.ts";
export { type LogOptions, type LogSink, terminalLog } from "./terminal-log.ts";
export { CertificateError } from "./tls/certificate.ts";
export { selfMadeFiles } from "./tls/self-made.ts";
// connections that come by other ways than the listeners, as in tests
export type { Connection, TlsFacts } from "./transports/connection.ts";
export { Flusher } from "./transports/flusher.ts";
export { StreamConnection, type StreamConnectionOptions } from "./transports/stream-connection.ts";
export { VERSION } from "./version.ts";
export type { VirtualHost } from "./virtual-host.ts";
