/**
 * Channel bindings: data of the TLS connection that both ends know and nobody between them has.
 *
 * `tls-exporter` (RFC 9266) is the one of TLS 1.3, `tls-server-end-point` (RFC 5929 §4) the hash of
 * the server's certificate, `tls-unique` (RFC 5929 §3) exists up to TLS 1.2 only.
 */
import { type Codec, codec } from "@rookery/protocol";
import { el } from "@rookery/xml";

export type ChannelBindingType = "tls-exporter" | "tls-server-end-point" | "tls-unique";

/** The channel bindings of a connection, those only that work with its version of TLS. */
export interface ChannelBindings {
  /** Best first. */
  readonly types: readonly ChannelBindingType[];
  /** The data of one of `types`. */
  data(type: ChannelBindingType): Uint8Array;
}

const NAMESPACE = "urn:xmpp:sasl-cb:0";

/** The types of channel binding that a server announces (XEP-0440 1.0.0), as they are named. */
export const saslChannelBindings: Codec<readonly string[]> = codec<readonly string[]>({
  ns: NAMESPACE,
  name: "sasl-channel-binding",
  read: (element) =>
    element.elements(NAMESPACE, "channel-binding").map((child) => child.attr("type") ?? ""),
  write: (types) =>
    el(
      NAMESPACE,
      "sasl-channel-binding",
      {},
      ...types.map((type) => el(NAMESPACE, "channel-binding", { type })),
    ),
});
