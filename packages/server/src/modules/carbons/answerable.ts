import type { Jid, Stanza } from "@rookery/protocol";
import type { Session } from "../../sessions/session.ts";
import { type Slot, slot } from "../../sessions/slot.ts";

/** How many messages of one session are remembered. */
const REMEMBERED = 100;

/** The ids of messages that were copied, with the bare JID of the other side. */
const copied: Slot<Map<string, string> | undefined> = slot("carbons/copied", undefined);

/** An error may come for a message of this session that was copied, or it may send one. */
export function remember(session: Session, { id }: Stanza, other: Jid): void {
  if (id === undefined) return;
  let ids = session.get(copied);
  if (ids === undefined) session.set(copied, (ids = new Map()));
  ids.delete(id);
  ids.set(id, other.bare.toString());
  for (const oldest of ids.keys()) {
    if (ids.size <= REMEMBERED) break;
    ids.delete(oldest);
  }
}

/** True once for an error that answers a message of this session that was copied (XEP-0280 §6.1). */
export function answersCopied(session: Session, { id }: Stanza, other: Jid): boolean {
  const ids = session.get(copied);
  if (ids === undefined || id === undefined || ids.get(id) !== other.bare.toString()) return false;
  return ids.delete(id);
}
