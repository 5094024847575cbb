import { Jid } from "@rookery/protocol";
import { type Slot, slot } from "../sessions/slot.ts";

/** Whom a session has sent directed presence to, by address (RFC 6121 §4.6.2). */
export const directed: Slot<Map<string, Jid> | undefined> = slot<Map<string, Jid> | undefined>(
  "presence/directed",
  undefined,
  {
    text: {
      write: (targets) => JSON.stringify([...(targets?.keys() ?? [])]),
      read: (text) => {
        const names: string[] = JSON.parse(text);
        return names.length > 0 ? new Map(names.map((name) => [name, Jid.parse(name)])) : undefined;
      },
    },
  },
);
