import { Jid, StanzaError } from "@rookery/protocol";
import type { AccountAdministration } from "../account-administration.ts";
import { AccountError, type AccountProblem, type AccountStatus } from "../accounts/accounts.ts";
import type { SessionTable } from "../sessions/table.ts";
import { VERSION } from "../version.ts";
import type { VirtualHost } from "../virtual-host.ts";
import { AdminError, type AdminErrorCode } from "./errors.ts";
import {
  createInvitation,
  type InvitationFacts,
  type InvitationMade,
  type InvitationWish,
  listInvitations,
  revokeInvitation,
} from "./invitations.ts";

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
    const account = readAccount(text);
    await this.#accountsOf(account).create(account, password).catch(explain);
    return account.toString();
  }

  /** Gives an account another password; its sessions end. */
  async setPassword(text: string, password: string): Promise<string> {
    const account = readAccount(text);
    await this.#accountsOf(account).setPassword(account, password).catch(explain);
    return account.toString();
  }

  /** Lets nobody log in to an account, or only with another password, or lets them again. */
  async setStatus(text: string, status: Partial<AccountStatus>): Promise<string> {
    const account = readAccount(text);
    await this.#accountsOf(account).setStatus(account, status).catch(explain);
    return account.toString();
  }

  /** Removes an account with everything it owns; its sessions end. */
  async removeUser(text: string): Promise<string> {
    const account = readAccount(text);
    await this.#accountsOf(account).remove(account).catch(explain);
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
      users.push(...(await host.administration.list(page).catch(explain)));
      if (users.length > limit) break;
    }
    return { users: users.slice(0, limit).map(String), more: users.length > limit };
  }

  /** Makes an invitation to make an account. */
  async createInvitation(wish: InvitationWish): Promise<InvitationMade> {
    const [main] = this.#server.hosts.values();
    const host = wish.domain === undefined ? main : this.#host(readDomain(wish.domain));
    if (host === undefined) throw new AdminError("not-found", "no domain is served here");
    return createInvitation(host, wish);
  }

  /** Lists the open invitations of one domain or of all. */
  async listInvitations(domain: string | undefined): Promise<readonly InvitationFacts[]> {
    const hosts =
      domain === undefined ? this.#server.hosts.values() : [this.#host(readDomain(domain))];
    const all: InvitationFacts[] = [];
    for (const host of hosts) all.push(...(await listInvitations(host)));
    return all;
  }

  /** Takes an invitation back, of whatever domain. */
  async revokeInvitation(id: string): Promise<string> {
    for (const host of this.#server.hosts.values()) {
      if (await revokeInvitation(host, id)) return id;
    }
    throw new AdminError("not-found", `there is no open invitation "${id}"`);
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

  #accountsOf(account: Jid): AccountAdministration {
    return this.#host(account.domain).administration;
  }

  #host(domain: string): VirtualHost {
    const host = this.#server.hosts.get(domain);
    if (host !== undefined) return host;
    const served = [...this.#server.hosts.keys()].join(", ");
    throw new AdminError("not-found", `the domain "${domain}" is not served here; ${served} is`);
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

const CODES: { readonly [problem in AccountProblem]: AdminErrorCode } = {
  exists: "already-exists",
  "not-found": "not-found",
  refused: "refused",
};

function explain(error: unknown): never {
  if (error instanceof AccountError) throw new AdminError(CODES[error.problem], error.message);
  throw error;
}
