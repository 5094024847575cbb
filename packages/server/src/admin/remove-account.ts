import { type Jid, StreamError } from "@rookery/protocol";
import type { ManagedAccounts } from "../accounts/accounts.ts";
import type { SessionTable } from "../sessions/table.ts";
import type { VirtualHost } from "../virtual-host.ts";

export interface Removal {
  readonly account: Jid;
  readonly accounts: ManagedAccounts;
  readonly host: VirtualHost;
  readonly sessions: SessionTable;
}

/**
 * Takes an account away: its contacts are told, its sessions end, everything it owns is deleted.
 * The one place where the order of that is decided.
 *
 * @throws AccountError if there is no such account.
 */
export async function removeAccount(removal: Removal): Promise<void> {
  const { account, accounts } = removal;
  endSessions(removal);
  await accounts.remove(account);
  // who logged in between can do so no more; what such a session still wrote is deleted too
  if (endSessions(removal)) await accounts.remove(account);
}
