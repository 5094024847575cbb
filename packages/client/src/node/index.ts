/** Clients and components over TCP, for Node. */
export {
  type ClientOptions,
  connectClient,
  connectComponent,
  type TcpComponentOptions,
} from "./connect.ts";
export { type SocketOptions, SocketTransport } from "./socket-transport.ts";
export { type ClientIdentity, openTcp, type TcpTarget, type TlsMode } from "./tcp.ts";
