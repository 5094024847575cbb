/** What a message carries, for those who decide what becomes of it: archives, push, client states. */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { NS } from "../namespaces.ts";
import { requiredAttr } from "../reading.ts";
import type { Stanza } from "../stanza.ts";
import { delay } from "./delay.ts";
import { MDS_NS } from "./displayed.ts";
import {
  CHAT_MARKERS_NS,
  CORRECTION_NS,
  REACTIONS_NS,
  RECEIPTS_NS,
  REPLY_NS,
  RETRACT_NS,
} from "./message-references.ts";
import { STANZA_ID_NS } from "./stanza-id.ts";

/** One thing that a message can carry. */
export type MessagePart =
  | "body"
  | "subject"
  /** XEP-0085. */
  | "chat-state"
  /** XEP-0184: the wish for a receipt, and the receipt. */
  | "receipt-request"
  | "receipt"
  /** XEP-0333: the wish for markers, and a marker, of whichever version. */
  | "markable"
  | "marker"
  /** XEP-0308. */
  | "correction"
  /** XEP-0444. */
  | "reactions"
  /** XEP-0461. */
  | "reply"
  /** XEP-0424: what takes a message back, and what is left of one. */
  | "retraction"
  | "tombstone"
  /** XEP-0380, XEP-0384 in its versions, XEP-0373, XEP-0027. */
  | "encrypted"
  /** XEP-0490 §4.5: up to where the sender has read, for the sender's own server. */
  | "displayed-sync";

const NOTHING: ReadonlySet<MessagePart> = new Set();

/**
 * What a message carries. Nothing in an error: what is there belongs to the message it answers.
 *
 * Only names are looked at; the codecs tell whether a part is well-formed.
 */
export function messageParts(message: Stanza): ReadonlySet<MessagePart> {
  if (message.type === "error") return NOTHING;
  let parts: Set<MessagePart> | undefined;
  for (const node of message.children) {
    if (typeof node === "string") continue;
    const part = PARTS.get(node.ns)?.get(node.name);
    if (part !== undefined) (parts ??= new Set()).add(part);
  }
  return parts ?? NOTHING;
}

/** XEP-0085 §2. */
export type ChatState = "active" | "composing" | "gone" | "inactive" | "paused";

const CHAT_STATES_NS = "http://jabber.org/protocol/chatstates";
const CHAT_STATES: readonly ChatState[] = ["active", "composing", "gone", "inactive", "paused"];

/** The chat state that a message tells (XEP-0085), or undefined. */
export function chatStateOf(message: Stanza): ChatState | undefined {
  const name = message.child(CHAT_STATES_NS)?.name;
  return CHAT_STATES.find((state) => state === name);
}

/** The element of a chat state. */
export function chatState(state: ChatState): Element {
  return el(CHAT_STATES_NS, state);
}

/**
 * True for a message that tells a chat state and nothing else (XEP-0085 §5.6): beside it there is at
 * most a thread, hints, ids and a delay. Who is not looking does not miss it.
 */
export function isOnlyChatState(message: Stanza): boolean {
  if (message.type === "error") return false;
  let hasState = false;
  for (const node of message.children) {
    if (typeof node === "string") continue;
    if (node.ns === CHAT_STATES_NS) hasState = true;
    else if (!BESIDE.has(node.ns) && !node.is(NS.client, "thread")) return false;
  }
  return hasState;
}

/** How a message is encrypted (XEP-0380). */
export interface Encryption {
  /** The namespace of the method. */
  readonly namespace: string;
  /** A name for people. */
  readonly name?: string | undefined;
}

/** The `<encryption/>`. @throws StanzaError `bad-request` without a namespace. */
export const encryption: Codec<Encryption> = codec<Encryption>({
  ns: "urn:xmpp:eme:0",
  name: "encryption",
  read: (element) => ({
    namespace: requiredAttr(element, "namespace"),
    name: element.attr("name"),
  }),
  write: ({ namespace, name }) => el("urn:xmpp:eme:0", "encryption", { namespace, name }),
});

const BESIDE: ReadonlySet<string> = new Set(["urn:xmpp:hints", STANZA_ID_NS, delay.ns]);

/** The parts by namespace and name. */
const PARTS: ReadonlyMap<string, ReadonlyMap<string, MessagePart>> = new Map([
  [NS.client, names({ body: "body", subject: "subject" })],
  [CHAT_STATES_NS, new Map(CHAT_STATES.map((state) => [state, "chat-state"]))],
  [RECEIPTS_NS, names({ request: "receipt-request", received: "receipt" })],
  [
    CHAT_MARKERS_NS,
    names({
      markable: "markable",
      received: "marker",
      displayed: "marker",
      acknowledged: "marker",
    }),
  ],
  [CORRECTION_NS, names({ replace: "correction" })],
  [REACTIONS_NS, names({ reactions: "reactions" })],
  [REPLY_NS, names({ reply: "reply" })],
  [RETRACT_NS, names({ retract: "retraction", retracted: "tombstone" })],
  [encryption.ns, names({ [encryption.name]: "encrypted" })],
  ["eu.siacs.conversations.axolotl", names({ encrypted: "encrypted" })],
  ["urn:xmpp:omemo:1", names({ encrypted: "encrypted" })],
  ["urn:xmpp:omemo:2", names({ encrypted: "encrypted" })],
  ["urn:xmpp:openpgp:0", names({ openpgp: "encrypted" })],
  ["jabber:x:encrypted", names({ x: "encrypted" })],
  [MDS_NS, names({ displayed: "displayed-sync" })],
]);

function names(parts: Readonly<Record<string, MessagePart>>): ReadonlyMap<string, MessagePart> {
  return new Map(Object.entries(parts));
}
