import type { Duplex } from "node:stream";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import type { Clock } from "../clock.ts";
import type { TlsFacts } from "./connection.ts";
import { tlsFacts } from "./tls-facts.ts";

/** A socket with TLS on it. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly tls: TlsFacts;
}

/**
 * Does the TLS handshake as the server. Rejects if it fails or takes too long; the socket is
 * destroyed then.
 *
 * @param seconds 0 for as long as it likes.
 */
export async function tlsHandshake(
  plain: Duplex,
  options: TLSSocketOptions,
  { clock, seconds }: { readonly clock: Clock; readonly seconds: number },
): Promise<Secured> {
  const socket = new TLSSocket(plain, { ...options, isServer: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = (): void => reject(new Error("the connection closed in the TLS handshake"));
  const timer =
    seconds > 0
      ? clock.after(seconds * 1000, () => reject(new Error("the TLS handshake took too long")))
      : undefined;
  socket.on("error", reject); // stays: an error after the handshake is the connection's to handle
  socket.once("end", closed);
  socket.once("close", closed);
  socket.once("secure", resolve);
  try {
    await promise;
    return { socket, tls: tlsFacts(socket) };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    timer?.cancel();
    socket.off("end", closed);
    socket.off("close", closed);
  }
}
