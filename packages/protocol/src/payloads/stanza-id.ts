/** Unique and Stable Stanza IDs: XEP-0359 (0.7.0). */
import { Element, el, type Node } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { Jid } from "../jid.ts";
import { requiredAttr } from "../reading.ts";

/** The namespace, which is also the feature of those who keep the rules of XEP-0359 §4. */
export const STANZA_ID_NS = "urn:xmpp:sid:0";

/** An id that an archive or room gave a stanza. It says nothing and is no secret (XEP-0359 §7). */
export interface StanzaId {
  readonly id: string;
  /** Who gave it: in a conversation of two the account, in a groupchat the room. */
  readonly by: Jid;
}

/** The `<stanza-id/>` of a stanza. @throws StanzaError `bad-request` without `id` or `by`. */
export const stanzaId: Codec<StanzaId> = codec<StanzaId>({
  ns: STANZA_ID_NS,
  name: "stanza-id",
  read: (element) => ({
    id: requiredAttr(element, "id"),
    by: Jid.parse(requiredAttr(element, "by")),
  }),
  // every message gets one
  write: ({ id, by }) => new Element(STANZA_ID_NS, "stanza-id", ["id", id, "by", by.toString()]),
});

/** An id that the sender gave a stanza; anyone can claim any. */
export interface OriginId {
  readonly id: string;
}

/** The `<origin-id/>` of a stanza. @throws StanzaError `bad-request` without `id`. */
export const originId: Codec<OriginId> = codec<OriginId>({
  ns: STANZA_ID_NS,
  name: "origin-id",
  read: (element) => ({ id: requiredAttr(element, "id") }),
  write: ({ id }) => el(STANZA_ID_NS, "origin-id", { id }),
});

/**
 * What is left of a stanza's children without the stanza-ids that claim to be by an entity, which
 * is to call this before it gives its own, and if it gives none too (XEP-0359 §4, rule 2).
 *
 * Those whose `by` is missing or no JID go as well: who compares less strictly might take them for
 * the entity's own. The list itself is returned if there is nothing to remove, so that an unchanged
 * payload is seen to be unchanged.
 */
export function withoutStanzaIds(children: readonly Node[], by: Jid): readonly Node[] {
  if (!children.some(isStanzaId)) return children;
  const kept = children.filter((node) => !(isStanzaId(node) && mayBeBy(node, by)));
  return kept.length === children.length ? children : kept;
}

/** The id that an entity gave a stanza, compared after preparation of its address. */
export function stanzaIdBy(
  parent: { readonly children: readonly Node[] },
  by: Jid,
): string | undefined {
  for (const node of parent.children) {
    if (isStanzaId(node) && claimedBy(node)?.equals(by)) return node.attr("id");
  }
  return undefined;
}

function isStanzaId(node: Node): node is Element {
  return typeof node !== "string" && node.is(STANZA_ID_NS, "stanza-id");
}

function mayBeBy(element: Element, by: Jid): boolean {
  const claimed = claimedBy(element);
  return claimed === undefined || claimed.equals(by);
}

function claimedBy(element: Element): Jid | undefined {
  try {
    return Jid.parse(element.attr("by") ?? "");
  } catch {
    return undefined;
  }
}
