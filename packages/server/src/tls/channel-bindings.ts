import { hash, type X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { type ChannelBindings, type ChannelBindingType, endPointHash } from "@rookery/stream";

/** RFC 9266 §2. */
const EXPORTER_LABEL = "EXPORTER-Channel-Binding";
const EXPORTER_BYTES = 32;

/**
 * What authentication can be bound to on the server's end of a TLS connection: only what is defined
 * for its version of TLS.
 *
 * TLS 1.3 has no `tls-unique` (RFC 8446 §C.5). Before it the exporter is unique only under conditions
 * that cannot be checked here (RFC 9266 §4.2), and `tls-unique` is what there is instead; as sessions
 * are not renegotiated it stays the same.
 */
export function serverBindings(socket: TLSSocket): ChannelBindings {
  const unique: ChannelBindingType =
    socket.getProtocol() === "TLSv1.3" ? "tls-exporter" : "tls-unique";
  let types: readonly ChannelBindingType[] | undefined;
  return {
    get types() {
      return (types ??= endPointOf(socket) ? [unique, "tls-server-end-point"] : [unique]);
    },
    data(type) {
      switch (type) {
        case "tls-exporter":
          return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
        case "tls-unique":
          return firstFinished(socket);
        case "tls-server-end-point":
          return there(endPointOf(socket), type);
      }
    },
  };
}

/** RFC 5929 §3.1: the first Finished message is the client's, in a resumed session the server's. */
function firstFinished(socket: TLSSocket): Uint8Array {
  const finished = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished();
  return there(finished, "tls-unique");
}

/** RFC 5929 §4.1; undefined for a certificate that has no such binding. */
function endPointOf(socket: TLSSocket): Uint8Array | undefined {
  const certificate: X509Certificate | undefined = socket.getX509Certificate();
  const name = certificate && endPointHash(certificate.raw);
  return name && hash(name.replace("-", "").toLowerCase(), certificate.raw, "buffer");
}

function there(data: Uint8Array | undefined, type: ChannelBindingType): Uint8Array {
  if (data === undefined) throw new Error(`this connection has no ${type}`);
  return data;
}
