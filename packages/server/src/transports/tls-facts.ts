import type { TLSSocket } from "node:tls";
import { serverBindings } from "../tls/channel-bindings.ts";
import type { TlsFacts } from "./connection.ts";

/**
 * Of a connection that nobody could read underway, though TLS did not end here: at a proxy of ours,
 * or it never left this machine. Nothing can be bound to it.
 */
export const secureElsewhere: TlsFacts = {
  protocol: "",
  cipher: "",
  bindings: {
    types: [],
    data: () => {
      throw new Error("there is no TLS here to bind to");
    },
  },
};

/** What a TLS connection is protected by, and what authentication can be bound to. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  const bindings = serverBindings(socket);
  const certificate = socket.getPeerX509Certificate();
  return {
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
    bindings,
    ...(certificate && { certificate }),
  };
}
