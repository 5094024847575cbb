import { Jid, StanzaError } from "@rookery/protocol";
import { AccountError, type Accounts, type ManagedAccounts } from "../accounts/accounts.ts";
import type { SessionTable } from "../sessions/table.ts";
import { VERSION } from "../version.ts";
import type { VirtualHost } from "../virtual-host.ts";
import { AdminError } from "./errors.ts";
import { removeAccount } from "./remove-account.ts";

/** What is administered: a `Server`, whether it listens or not. */
export interface Administered {
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  readonly sessions: SessionTable;
  readonly ports: { readonly [use: string]: readonly number[] };
}

/** What a server says of itself. */
export interface ServerStatus {
  readonly version: string;
  /** Of the process. */
  readonly pid: number;
  readonly domains: readonly string[];
  /** Connected resources of all accounts. */
  readonly sessions: number;
  /** Ports that are listened on, by their key in `listen`. */
  readonly ports: { readonly [use: string]: readonly number[] };
}

/** Some accounts, in order; `more` if there are others after them. */
export interface UserPage {
  readonly users: readonly string[];
  readonly more: boolean;
}

/**
 * What administrators do with a server: the same whether they reach it through its socket or have
 * its data open themselves. Addresses are text as people write them, and are prepared here.
 *
 * Everything throws AdminError.
 */
export class Administration {
  readonly #server: Administered;

  constructor(server: Administered) {
    this.#server = server;
  }

  /** Makes an account. @returns its bare JID. */
  async addUser(text: string, password: string): Promise<string> {
    const { account, accounts } = this.#find(text);
    const mustNotExist = async (): Promise<void> => {
      if (!(await accounts.exists(account))) return;
      throw new AdminError("already-exists", `the account ${account} exists already`);
    };
    await mustNotExist(); // asked first because deriving keys from a password takes long
    try {
      await accounts.create(account, password);
    } catch (error) {
      if (error instanceof AccountError) await mustNotExist(); // made by another meanwhile
      throw explained(error);
    }
    return account.toString();
  }

  /** Gives an account another password; its sessions go on. */
  async setPassword(text: string, password: string): Promise<string> {
    const { account, accounts } = this.#find(text);
    await this.#mustExist(account, accounts);
    await accounts.setPassword(account, password).catch(explain);
    return account.toString();
  }

  /** Removes an account with everything it owns; its sessions end. */
  async removeUser(text: string): Promise<string> {
    const { account, accounts } = this.#find(text);
    await this.#mustExist(account, accounts);
    const host = this.#host(account.domain);
    await removeAccount({ account, host, sessions: this.#server.sessions }).catch(explain);
    return account.toString();
  }

  /**
   * Lists accounts in order, those of one domain or of one domain after the other.
   *
   * @param after the last account that was seen, as listed.
   */
  async listUsers(
    domain: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<UserPage> {
    const start = after === undefined ? undefined : readAccount(after);
    const hosts =
      domain === undefined ? [...this.#server.hosts.values()] : [this.#host(readDomain(domain))];
    const from = start === undefined ? 0 : hosts.findIndex((h) => h.domain.domain === start.domain);
    if (from < 0) throw new AdminError("bad-request", `"${after}" is not among what is listed`);
    const users: Jid[] = [];
    for (const [index, host] of hosts.slice(from).entries()) {
      const page = {
        ...(index === 0 && start && { after: start }),
        limit: limit + 1 - users.length,
      };
      users.push(...(await managed(host).list(page)));
      if (users.length > limit) break;
    }
    return { users: users.slice(0, limit).map(String), more: users.length > limit };
  }

  status(): ServerStatus {
    const { hosts, sessions, ports } = this.#server;
    return {
      version: VERSION,
      pid: process.pid,
      domains: [...hosts.keys()],
      sessions: sessions.size,
      ports,
    };
  }

  #find(text: string): { readonly account: Jid; readonly accounts: ManagedAccounts } {
    const account = readAccount(text);
    return { account, accounts: managed(this.#host(account.domain)) };
  }

  #host(domain: string): VirtualHost {
    const host = this.#server.hosts.get(domain);
    if (host !== undefined) return host;
    const served = [...this.#server.hosts.keys()].join(", ");
    throw new AdminError("not-found", `the domain "${domain}" is not served here; ${served} is`);
  }

  async #mustExist(account: Jid, accounts: Accounts): Promise<void> {
    if (await accounts.exists(account)) return;
    throw new AdminError("not-found", `there is no account ${account}`);
  }
}

function readAccount(text: string): Jid {
  const jid = readJid(text);
  if (jid.local !== "" && jid.isBare) return jid;
  throw new AdminError(
    "bad-request",
    `"${jid}" is not the address of an account; write user@domain`,
  );
}

function readDomain(text: string): string {
  const jid = readJid(text);
  if (jid.local === "" && jid.isBare) return jid.domain;
  throw new AdminError("bad-request", `"${jid}" is not a domain`);
}

function readJid(text: string): Jid {
  try {
    return Jid.parse(text);
  } catch (error) {
    if (error instanceof StanzaError) throw new AdminError("bad-request", error.message);
    throw error;
  }
}

/** Accounts from elsewhere, as of a directory service, are administered there. */
function managed(host: VirtualHost): ManagedAccounts {
  const { accounts } = host;
  if (isManaged(accounts)) return accounts;
  throw new AdminError("refused", `the accounts of ${host.domain} are not kept by this server`);
}

function isManaged(accounts: Accounts): accounts is ManagedAccounts {
  return "create" in accounts;
}

function explain(error: unknown): never {
  throw explained(error);
}

function explained(error: unknown): unknown {
  return error instanceof AccountError ? new AdminError("refused", error.message) : error;
}
