export {
  ByteChannel,
  type ByteChannelOptions,
  type ByteTransport,
  RECEIVE_LIMITS,
  type TransportEvents,
} from "./byte-channel.ts";
export type { Channel, OpenChannel, Received, Security } from "./channel.ts";
export { Client, type LoginOptions, startClient } from "./client.ts";
export { type Clock, systemClock, type Timer } from "./clock.ts";
export { type BackOff, backOffMs } from "./component/back-off.ts";
export { Component, type ComponentOptions, startComponent } from "./component/component.ts";
export type { Disconnected } from "./component/connection.ts";
export { Disco, type DiscoAnswer, type DiscoHook, type DiscoQuery } from "./component/disco.ts";
export { COMPONENT_NS } from "./component/handshake.ts";
export {
  type Bounce,
  Entity,
  type IncomingRequest,
  type IqHandler,
  type OutgoingRequest,
  type OutgoingStanza,
  type StanzaHandler,
} from "./entity.ts";
export { ClientError, type ClientErrorCode } from "./errors.ts";
export type { Credentials, FastToken, TokenStore } from "./negotiation/step.ts";
export type { CommonOptions } from "./options.ts";
export {
  RPC_FAULTS,
  Rpc,
  type RpcCaller,
  type RpcMethod,
  type RpcMethods,
  type RpcTypeName,
  type RpcTypes,
  type RpcValues,
  rpcMethod,
} from "./rpc.ts";
