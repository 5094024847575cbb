/** Resource binding: RFC 6120 §7. */
import { el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { Jid } from "../jid.ts";
import { NS } from "../namespaces.ts";

/** What a client asks for and what it gets. */
export interface Bind {
  /**
   * The resource a client would like (RFC 6120 §7.7), not prepared yet. An empty one is read as
   * absent: the server makes one up, as RFC 6120 §7.7.2.1 prefers to an error.
   */
  readonly resource?: string | undefined;
  /** The full JID that was bound (RFC 6120 §7.6.1). */
  readonly jid?: Jid | undefined;
}

/** The `<bind/>` of a request or an answer. @throws StanzaError `jid-malformed` for a bad `<jid/>`. */
export const bind: Codec<Bind> = codec<Bind>({
  ns: NS.bind,
  name: "bind",
  read(element) {
    const jid = element.child(NS.bind, "jid");
    return {
      resource: element.child(NS.bind, "resource")?.text || undefined,
      jid: jid && Jid.parse(jid.text),
    };
  },
  write: ({ resource, jid }) =>
    el(
      NS.bind,
      "bind",
      {},
      resource === undefined ? undefined : el(NS.bind, "resource", {}, resource),
      jid && el(NS.bind, "jid", {}, jid.toString()),
    ),
});
