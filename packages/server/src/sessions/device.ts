import { type Slot, slot } from "./slot.ts";

/** The id of the user agent of a session's client (XEP-0388 §2.3), if it has told one; its owner's alone. */
export const deviceOf: Slot<string | undefined> = slot<string | undefined>("device", undefined, {
  text: { write: (id) => id ?? "", read: (text) => text || undefined },
});
