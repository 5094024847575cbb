import { type Jid, StreamError } from "@rookery/protocol";
import { AccountError, type AccountStatus } from "./accounts/accounts.ts";
import type { HostAccounts } from "./accounts/host-accounts.ts";
import type { AccountChange } from "./im/contract.ts";
import type { Administrators } from "./registration/administrators.ts";
import type { Session } from "./sessions/session.ts";
import type { SessionTable } from "./sessions/table.ts";
import type { Write } from "./storage/api.ts";

/** What an account is made with, beside its password. */
export interface NewAccount {
  /** It administers the server. */
  readonly admin?: boolean | undefined;
  /** Written in the same commit: all of it, or there is no account. */
  readonly alongside?: readonly Write[] | undefined;
}

/**
 * What administrators do with the accounts of a host, whoever asks for it: the command line, or
 * modules.
 *
 * @throws AccountError everything that changes accounts, for what is no account of the host; and what
 * makes them or their passwords, where these are not kept by this server. Of accounts from elsewhere,
 * those are known that have logged in here.
 */
export interface AccountAdministration {
  /** True if the accounts are kept by this server, so that it can make and change them. */
  readonly managed: boolean;
  /**
   * Makes an account.
   * @throws AccountError `exists`, or `refused` for the password; StorageConflict if a version of
   * `alongside` does not hold.
   */
  create(account: Jid, password: string, options?: NewAccount): Promise<void>;
  /**
   * Gives it another password; its sessions and tokens end.
   * @param by the session of its owner that asks, which goes on.
   * @throws AccountError `not-found` or `refused`.
   */
  setPassword(account: Jid, password: string, by?: Session): Promise<void>;
  /** Whether anybody may log in as it. @throws AccountError `not-found`. */
  status(account: Jid): Promise<AccountStatus>;
  /**
   * Lets nobody log in as it, or lets them again; in the first case its sessions and tokens end. What
   * it owns stays, and what is sent to it is kept.
   * @throws AccountError `not-found`.
   */
  setStatus(account: Jid, status: Partial<AccountStatus>): Promise<void>;
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
  readonly accounts: HostAccounts;
  readonly sessions: SessionTable;
  readonly administrators: Pick<Administrators, "write" | "added">;
  /** Removes an account whose sessions have ended, and everything between it and others. */
  readonly removeAccount: (account: Jid) => Promise<void>;
  /** Ends its tokens and streams. */
  readonly accountChanged: (change: AccountChange) => Promise<void>;
}

const COUNT_PAGE = 1000;

/** The accounts of one host in the hands of its administrators. */
export class HostAdministration implements AccountAdministration {
  readonly #parts: HostParts;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  get managed(): boolean {
    return this.#parts.accounts.managed;
  }

  async create(account: Jid, password: string, options: NewAccount = {}): Promise<void> {
    const accounts = this.#accountsFor(account);
    // asked first because deriving keys from a password takes long
    if (this.managed && (await accounts.exists(account))) {
      throw new AccountError("exists", `the account ${account} exists already`);
    }
    const { administrators } = this.#parts;
    const { admin = false, alongside = [] } = options;
    const writes = admin ? [...alongside, administrators.write(account)] : alongside;
    await accounts.create(account, password, writes);
    if (admin) administrators.added(account);
  }

  async setPassword(account: Jid, password: string, by?: Session): Promise<void> {
    const accounts = this.#accountsFor(account);
    await mustExist(account, accounts);
    await accounts.setPassword(account, password);
    await this.#parts.accountChanged({ account, why: "password", by });
  }

  async status(account: Jid): Promise<AccountStatus> {
    const accounts = this.#accountsFor(account);
    await mustExist(account, accounts);
    return accounts.status(account);
  }

  async setStatus(account: Jid, status: Partial<AccountStatus>): Promise<void> {
    const accounts = this.#accountsFor(account);
    await mustExist(account, accounts);
    await accounts.setStatus(account, status);
    for (const why of ["disabled", "expired"] as const) {
      if (!status[why]) continue;
      await this.#parts.accountChanged({ account, why, by: undefined });
    }
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
    return this.#parts.accounts.list(page);
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

  #accountsFor(account: Jid): HostAccounts {
    const { domain, accounts } = this.#parts;
    if (account.local === "" || !account.isBare || account.domain !== domain.domain) {
      throw new AccountError("refused", `"${account}" is not an account of ${domain}`);
    }
    return accounts;
  }
}

async function mustExist(account: Jid, accounts: HostAccounts): Promise<void> {
  if (await accounts.exists(account)) return;
  throw new AccountError("not-found", `there is no account ${account}`);
}
