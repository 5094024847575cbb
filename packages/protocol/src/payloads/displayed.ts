/** Message Displayed Synchronization: XEP-0490 (1.0.1). */
import { el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { type StanzaId, stanzaId } from "./stanza-id.ts";

/** The namespace, which is also the node; the id of an item there is the bare JID of the chat. */
export const MDS_NS = "urn:xmpp:mds:displayed:0";

/** The feature of a server that publishes for its clients (XEP-0490 §4.5.1). */
export const MDS_SERVER_ASSIST: string = "urn:xmpp:mds:server-assist:0";

/**
 * Up to which message a chat was read: the `<displayed/>` of an item, or of a chat message to a server
 * that assists.
 *
 * @throws StanzaError `bad-request` without a stanza-id.
 */
export const displayedUpTo: Codec<StanzaId> = codec<StanzaId>({
  ns: MDS_NS,
  name: "displayed",
  read(displayed) {
    const id = stanzaId.in(displayed);
    if (id !== undefined) return id;
    throw new StanzaError("bad-request", "<displayed/> needs a <stanza-id/>");
  },
  write: (id) => el(MDS_NS, "displayed", {}, stanzaId.write(id)),
});
