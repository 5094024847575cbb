import { type Jid, StreamError } from "@rookery/protocol";
import type { SessionTable } from "../sessions/table.ts";
import type { VirtualHost } from "../virtual-host.ts";

export interface Removal {
  readonly account: Jid;
  readonly host: VirtualHost;
  readonly sessions: SessionTable;
}

/**
 * Takes an account away: its sessions end, then what is between it and others, then everything it
 * owns is deleted. The one place where the order of that is decided.
 *
 * @throws AccountError if there is no such account.
 */
export async function removeAccount({ account, host, sessions }: Removal): Promise<void> {
  endSessions(account, sessions); // first, for what they write while they end is deleted as well
  await host.removeAccount(account);
  endSessions(account, sessions); // of who logged in meanwhile
}

/** RFC 6120 §4.9.3.12: not authorized any more, so that a client does not come back by itself. */
function endSessions(account: Jid, sessions: SessionTable): void {
  for (const session of sessions.of(account)) {
    session.close(new StreamError("not-authorized", "the account was removed"));
  }
}
