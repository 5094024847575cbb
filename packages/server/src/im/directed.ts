import type { Jid } from "@rookery/protocol";
import { type Slot, slot } from "../sessions/slot.ts";

/** Whom a session has sent directed presence to, by address (RFC 6121 §4.6.2). */
export const directed: Slot<Map<string, Jid> | undefined> = slot("presence/directed", undefined);
