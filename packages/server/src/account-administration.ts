import { type Jid, StreamError } from "@rookery/protocol";
import { AccountError, type Accounts, type ManagedAccounts } from "./accounts/accounts.ts";
import type { SessionTable } from "./sessions/table.ts";

/**
 * What administrators do with the accounts of a host, whoever asks for it: the command line, or
 * modules.
 *
 * @throws AccountError everything that changes or lists accounts, for what is no account of the
 * host, and where the accounts are not kept by this server.
 */
export interface AccountAdministration {
  /** Makes an account. @throws AccountError `exists`, or `refused` for the password. */
  create(account: Jid, password: string): Promise<void>;
  /** Gives it another password; its sessions go on. @throws AccountError `not-found` or `refused`. */
  setPassword(account: Jid, password: string): Promise<void>;
  /**
   * Takes an account away: its sessions end, then what is between it and others, then everything it
   * owns is deleted.
   * @throws AccountError `not-found`.
   */
  remove(account: Jid): Promise<void>;
  /** Bare JIDs of the accounts, in order, for paging. */
  list(page?: { readonly after?: Jid; readonly limit?: number }): Promise<readonly Jid[]>;
  /** How many accounts there are. It reads all their names. */
  count(): Promise<number>;
  /** Bare JIDs of the accounts that have a connected resource. */
  online(): readonly Jid[];
  /**
   * Ends the session of a full JID, or all sessions of a bare one; both may log in again.
   * @returns how many ended; zero for what is not of this host.
   */
  endSessions(jid: Jid, error: StreamError): number;
}

/** Where the accounts and their sessions are. */
interface HostParts {
  readonly domain: Jid;
  readonly accounts: Accounts;
  readonly sessions: SessionTable;
  /** Removes an account whose sessions have ended, and everything between it and others. */
  readonly removeAccount: (account: Jid) => Promise<void>;
}

const COUNT_PAGE = 1000;

/** The accounts of one host in the hands of its administrators. */
export class HostAdministration implements AccountAdministration {
  readonly #parts: HostParts;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  async create(account: Jid, password: string): Promise<void> {
    const accounts = this.#accountsFor(account);
    // asked first because deriving keys from a password takes long
    if (await accounts.exists(account)) {
      throw new AccountError("exists", `the account ${account} exists already`);
    }
    await accounts.create(account, password);
  }

  async setPassword(account: Jid, password: string): Promise<void> {
    const accounts = this.#accountsFor(account);
    await mustExist(account, accounts);
    await accounts.setPassword(account, password);
  }

  async remove(account: Jid): Promise<void> {
    await mustExist(account, this.#accountsFor(account));
    // RFC 6120 §4.9.3.12: not authorized any more, so that a client does not come back by itself
    const error = new StreamError("not-authorized", "the account was removed");
    this.endSessions(account, error); // first, for what they write while they end is deleted as well
    await this.#parts.removeAccount(account);
    this.endSessions(account, error); // of who logged in meanwhile
  }

  async list(
    page: { readonly after?: Jid; readonly limit?: number } = {},
  ): Promise<readonly Jid[]> {
    return this.#managed().list(page);
  }

  async count(): Promise<number> {
    let count = 0;
    for (let after: Jid | undefined; ; ) {
      const page = await this.list({ limit: COUNT_PAGE, ...(after && { after }) });
      count += page.length;
      after = page.at(-1);
      if (page.length < COUNT_PAGE) return count;
    }
  }

  online(): readonly Jid[] {
    const { domain, sessions } = this.#parts;
    const accounts = new Map<string, Jid>();
    for (const { jid } of sessions.all()) {
      if (jid.domain === domain.domain) accounts.set(jid.local, jid.bare);
    }
    return [...accounts.values()];
  }

  endSessions(jid: Jid, error: StreamError): number {
    if (jid.domain !== this.#parts.domain.domain) return 0;
    const all = this.#parts.sessions.of(jid);
    const ending = jid.isBare ? all : all.filter((session) => session.jid.equals(jid));
    for (const session of ending) session.close(error);
    return ending.length;
  }

  #accountsFor(account: Jid): ManagedAccounts {
    const { domain } = this.#parts;
    if (account.local === "" || !account.isBare || account.domain !== domain.domain) {
      throw new AccountError("refused", `"${account}" is not an account of ${domain}`);
    }
    return this.#managed();
  }

  /** Accounts from elsewhere, as of a directory service, are administered there. */
  #managed(): ManagedAccounts {
    const { accounts, domain } = this.#parts;
    if (isManaged(accounts)) return accounts;
    throw new AccountError("refused", `the accounts of ${domain} are not kept by this server`);
  }
}

async function mustExist(account: Jid, accounts: Accounts): Promise<void> {
  if (await accounts.exists(account)) return;
  throw new AccountError("not-found", `there is no account ${account}`);
}

function isManaged(accounts: Accounts): accounts is ManagedAccounts {
  return "create" in accounts;
}
