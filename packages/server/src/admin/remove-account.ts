import { type Jid, StreamError } from "@rookery/protocol";
import type { ManagedAccounts } from "../accounts/accounts.ts";
import type { SessionTable } from "../sessions/table.ts";

export interface Removal {
  readonly account: Jid;
  readonly accounts: ManagedAccounts;
  readonly sessions: SessionTable;
}

/**
 * Takes an account away: its sessions end, then everything it owns is deleted. The one place where
 * the order of that is decided.
 *
 * @throws AccountError if there is no such account.
 */
export async function removeAccount({ account, accounts, sessions }: Removal): Promise<void> {
  endSessions(account, sessions); // first, for what they write while they end is deleted as well
  await accounts.remove(account);
  endSessions(account, sessions); // of who logged in meanwhile
}

/** RFC 6120 §4.9.3.12: not authorized any more, so that a client does not come back by itself. */
function endSessions(account: Jid, sessions: SessionTable): void {
  for (const session of sessions.of(account)) {
    session.close(new StreamError("not-authorized", "the account was removed"));
  }
}
