import type { Jid } from "@rookery/protocol";
import type { ModuleRef } from "../../host.ts";
import type { Kept, KeptMessage } from "../../im/contract.ts";
import { flag, type Slot } from "../../sessions/slot.ts";

export { delayed } from "./delayed.ts";

/** What waits for accounts: kept, held by no session, and not had by a client. */
export interface OfflineMessages {
  /**
   * Page by page, oldest first. What comes, or goes, while it is read may be in it or not.
   * @param account a bare JID.
   */
  waiting(account: Jid): AsyncIterable<readonly KeptMessage[]>;
  /** Of these, what waits; they are read at once, so that they are not to be many. */
  find(account: Jid, ids: readonly string[]): Promise<readonly KeptMessage[]>;
  /** These wait no more, as if a client had them. It settles after the commit. */
  remove(account: Jid, messages: readonly Kept[]): Promise<void>;
  /** What waits until now waits no more. It settles after the commit. */
  removeAll(account: Jid): Promise<void>;
}

/** For `requires`. */
export const offline: ModuleRef<OfflineMessages> = { name: "offline" };

/**
 * The client of a session takes what waits when it likes (XEP-0013 §2.2): while there is such a
 * session, what waits for its account is handed over to none.
 */
export const retrievesItself: Slot<boolean> = flag("offline/retrieves-itself");
