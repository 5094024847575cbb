/**
 * What a message says about another one, by its id: receipts XEP-0184 (1.4.0), displayed markers
 * XEP-0333 (1.0.0), corrections XEP-0308 (1.2.1), reactions XEP-0444 (0.2.1), replies XEP-0461
 * (0.2.1), retractions XEP-0424 (0.4.2).
 *
 * Anyone can name any id: that sender and conversation are the right ones is for the reader to check.
 */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { formatDateTime, parseDateTime } from "../datetime.ts";
import { Jid } from "../jid.ts";
import { requiredAttr } from "../reading.ts";

export const RECEIPTS_NS = "urn:xmpp:receipts";
export const CHAT_MARKERS_NS = "urn:xmpp:chat-markers:0";
export const CORRECTION_NS = "urn:xmpp:message-correct:0";
export const REACTIONS_NS = "urn:xmpp:reactions:0";
export const REPLY_NS = "urn:xmpp:reply:0";
export const RETRACT_NS = "urn:xmpp:message-retract:1";

/** Another message, by the id that the specification at hand tells to take. */
export interface MessageReference {
  readonly id: string;
}

/** The sender wants a receipt (XEP-0184 §7). */
export const receiptRequest: Codec<Marker> = marker(RECEIPTS_NS, "request");

/** The message was delivered to a client (XEP-0184 §7). @throws StanzaError `bad-request` */
export const receipt: Codec<MessageReference> = reference(RECEIPTS_NS, "received");

/** The sender wants to know when the message is displayed (XEP-0333). */
export const markable: Codec<Marker> = marker(CHAT_MARKERS_NS, "markable");

/** All up to this message was displayed (XEP-0333). @throws StanzaError `bad-request` */
export const displayedMarker: Codec<MessageReference> = reference(CHAT_MARKERS_NS, "displayed");

/** This message takes the place of another one (XEP-0308). @throws StanzaError `bad-request` */
export const correction: Codec<MessageReference> = reference(CORRECTION_NS, "replace");

/** A message is taken back (XEP-0424 §3). @throws StanzaError `bad-request` */
export const retraction: Codec<MessageReference> = reference(RETRACT_NS, "retract");

/** All reactions of the sender to a message; none takes them back (XEP-0444). */
export interface Reactions extends MessageReference {
  /** Each once, without white space around it; none is empty. */
  readonly emojis: readonly string[];
}

/** The `<reactions/>`. @throws StanzaError `bad-request` without an id. */
export const reactions: Codec<Reactions> = codec<Reactions>({
  ns: REACTIONS_NS,
  name: "reactions",
  read(element) {
    const texts = element.elements(REACTIONS_NS, "reaction").map(({ text }) => text.trim());
    const emojis = [...new Set(texts)].filter((text) => text !== "");
    return { id: requiredAttr(element, "id"), emojis };
  },
  write: ({ id, emojis }) =>
    el(
      REACTIONS_NS,
      "reactions",
      { id },
      ...emojis.map((emoji) => el(REACTIONS_NS, "reaction", {}, emoji)),
    ),
});

/** What a message answers (XEP-0461). */
export interface Reply extends MessageReference {
  /** Who wrote that. */
  readonly to?: Jid | undefined;
}

/** The `<reply/>`. @throws StanzaError `bad-request` without an id, `jid-malformed`. */
export const reply: Codec<Reply> = codec<Reply>({
  ns: REPLY_NS,
  name: "reply",
  read(element) {
    const to = element.attr("to");
    return {
      id: requiredAttr(element, "id"),
      to: to === undefined ? undefined : Jid.parse(to),
    };
  },
  write: ({ id, to }) => el(REPLY_NS, "reply", { id, to: to?.toString() }),
});

/** What is left of a message that was taken back (XEP-0424 §4). */
export interface Tombstone {
  /** When, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly stamp: number;
  /** The id of the message that took it back. */
  readonly id?: string | undefined;
}

/** The `<retracted/>`. @throws StanzaError `bad-request` without a stamp that is a date and time. */
export const tombstone: Codec<Tombstone> = codec<Tombstone>({
  ns: RETRACT_NS,
  name: "retracted",
  read: (element) => ({
    stamp: parseDateTime(requiredAttr(element, "stamp")),
    id: element.attr("id"),
  }),
  write: ({ stamp, id }) => el(RETRACT_NS, "retracted", { stamp: formatDateTime(stamp), id }),
});

function reference(ns: string, name: string): Codec<MessageReference> {
  return codec<MessageReference>({
    ns,
    name,
    read: (element: Element) => ({ id: requiredAttr(element, "id") }),
    write: ({ id }) => el(ns, name, { id }),
  });
}
