/** Blocking Command: XEP-0191 (1.3). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { requiredAttr } from "../reading.ts";

/** The namespace of the commands, which is also the feature. */
export const BLOCKING_NS = "urn:xmpp:blocking";

/** The whole list (XEP-0191 §3.2); a request for it has no items. */
export const blockList: Codec<readonly Jid[]> = listOf("blocklist");

/** What is to be blocked, or was (XEP-0191 §3.3). @throws StanzaError `bad-request` without items. */
export const blockCommand: Codec<readonly Jid[]> = codec<readonly Jid[]>({
  ns: BLOCKING_NS,
  name: "block",
  read(block) {
    const items = readItems(block);
    if (items.length > 0) return items;
    throw new StanzaError("bad-request", "<block/> says whom to block in one <item/> or several");
  },
  write: (items) => writeItems("block", items),
});

/** What is not to be blocked any more; nothing stands for all (XEP-0191 §3.4, §3.5). */
export const unblockCommand: Codec<readonly Jid[]> = listOf("unblock");

/** The condition of the error for who writes to someone they block (XEP-0191 §3.3). */
export const blockedCondition: Element = el("urn:xmpp:blocking:errors", "blocked");

function listOf(name: string): Codec<readonly Jid[]> {
  return codec<readonly Jid[]>({
    ns: BLOCKING_NS,
    name,
    read: readItems,
    write: (items) => writeItems(name, items),
  });
}

/** The addresses, each once. */
function readItems(parent: Element): readonly Jid[] {
  const items = new Map<string, Jid>();
  for (const item of parent.elements(BLOCKING_NS, "item")) {
    const jid = Jid.parse(requiredAttr(item, "jid"));
    items.set(jid.toString(), jid);
  }
  return [...items.values()];
}

function writeItems(name: string, items: readonly Jid[]): Element {
  return el(
    BLOCKING_NS,
    name,
    {},
    ...items.map((jid) => el(BLOCKING_NS, "item", { jid: jid.toString() })),
  );
}
