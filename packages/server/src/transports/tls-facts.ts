import type { TLSSocket } from "node:tls";
import type { ChannelBindings } from "@rookery/stream";
import type { TlsFacts } from "./connection.ts";

/** RFC 9266 §2. */
const EXPORTER_LABEL = "EXPORTER-Channel-Binding";
const EXPORTER_BYTES = 32;

/** What a TLS connection is protected by, and what authentication can be bound to. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  const protocol = socket.getProtocol() ?? "";
  return { protocol, cipher: socket.getCipher().name, bindings: bindingsOf(socket, protocol) };
}

/** RFC 9266 §3 and §4.2: before TLS 1.3 the exporter is unique only under conditions not checked here. */
function bindingsOf(socket: TLSSocket, protocol: string): ChannelBindings {
  return {
    types: protocol === "TLSv1.3" ? ["tls-exporter"] : [],
    data: () => socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)),
  };
}
