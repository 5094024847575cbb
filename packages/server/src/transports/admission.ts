import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import { type Networks, plainAddress } from "../config/networks.ts";
import type { ConnectionCount } from "./connection-count.ts";
import { MAX_PROXY_HEADER, readProxyHeader } from "./proxy-header.ts";

/** What listeners ask of a connection before anything is read for its protocol. */
export interface AdmissionOptions {
  readonly count: ConnectionCount;
  readonly clock: Clock;
  /** Proxies that are believed about who their clients are. */
  readonly proxies: Networks;
  /** They begin each connection here with the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** Connections whose header has not come; who stops listening cuts them off. */
  readonly waiting: Set<Duplex>;
  /** Within which its header must have come; 0 for as long as it takes. */
  readonly seconds: number;
}

/**
 * Finds out whose connection it is, and counts it. One too many, or one whose header of the PROXY
 * protocol is wrong, is cut off, and `admitted` not called.
 *
 * @param admitted takes the address of the client; called at once where nothing has to be read.
 */
export function admit(
  socket: Socket,
  options: AdmissionOptions,
  admitted: (address: string) => void,
): void {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined) return void socket.destroy();
  socket.on("error", () => socket.destroy());
  const peer = plainAddress(remoteAddress);
  const isProxy = options.proxies.has(peer);
  if (isProxy && options.proxyProtocol) {
    header(socket, options, (source) => {
      if (countIn(socket, options, source ?? peer, source === undefined)) admitted(source ?? peer);
    });
  } else if (countIn(socket, options, peer, isProxy)) {
    admitted(peer);
  }
}

/** A proxy has the connections of many, so that it is counted among all only. */
function countIn(
  socket: Socket,
  { count }: AdmissionOptions,
  address: string,
  isProxy: boolean,
): boolean {
  const release = isProxy ? count.takeShared() : count.take(address);
  if (release === undefined) socket.destroy();
  else socket.once("close", release);
  return release !== undefined;
}

/** Reads the header and puts back what follows it. */
function header(
  socket: Socket,
  { clock, seconds, waiting }: AdmissionOptions,
  found: (source: string | undefined) => void,
): void {
  let received: Buffer = Buffer.alloc(0);
  const timer = seconds > 0 ? clock.after(seconds * 1000, () => socket.destroy()) : undefined;
  waiting.add(socket);
  const done = (): void => {
    waiting.delete(socket);
    timer?.cancel();
    socket.off("data", read);
    socket.off("close", done);
    socket.off("end", broken);
  };
  const broken = (): void => {
    done();
    socket.destroy();
  };
  const read = (bytes: Buffer): void => {
    received = Buffer.concat([received, bytes]);
    try {
      const header = readProxyHeader(received);
      if (header === undefined) {
        if (received.length > MAX_PROXY_HEADER) broken();
        return;
      }
      done();
      socket.pause();
      const rest = received.subarray(header.length);
      if (rest.length > 0) socket.unshift(rest);
      found(header.source);
    } catch {
      broken();
    }
  };
  socket.on("data", read);
  socket.once("close", done);
  socket.once("end", broken);
}
