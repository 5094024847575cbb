import { Jid } from "@rookery/protocol";
import { type PlainVerifier, SaslError, type ScramSource } from "@rookery/stream";
import type { Maybe } from "../hooks.ts";
import type { Storage, Write } from "../storage/api.ts";
import {
  AccountError,
  type AccountStatus,
  type AddScramKeys,
  type BearerVerifier,
  type CertificateSource,
  type ManagedAccounts,
} from "./accounts.ts";
import type { ExternalAccounts } from "./external/accounts.ts";
import type { Guests } from "./guests.ts";
import type { AccountKeys, InternalAccounts } from "./internal.ts";
import type { AccountStatuses } from "./status.ts";

/** What the accounts of a host are put together from. */
export interface HostAccountsParts {
  readonly storage: Storage;
  readonly statuses: AccountStatuses;
  /** Accounts kept here, with or without passwords; where others come from elsewhere, none is made. */
  readonly internal: InternalAccounts;
  /** Where passwords are looked after elsewhere. */
  readonly external?: ExternalAccounts | undefined;
  readonly bearer?: BearerVerifier | undefined;
  /** Whether a good token makes an account of this name. */
  readonly bearerMakes?: ((username: string) => boolean) | undefined;
  readonly certificate?: CertificateSource | undefined;
  readonly guests?: Guests | undefined;
}

/** All accounts of one host, wherever they come from. */
export class HostAccounts implements ManagedAccounts {
  readonly #domain: Jid;
  readonly #parts: HostAccountsParts;
  readonly scram: ScramSource | undefined;
  readonly plain: PlainVerifier | undefined;
  readonly bearer: BearerVerifier | undefined;
  readonly certificate: CertificateSource | undefined;
  readonly guests: Guests | undefined;
  readonly addScramKeys: AddScramKeys | undefined;

  constructor(domain: Jid, parts: HostAccountsParts) {
    this.#domain = domain;
    this.#parts = parts;
    const { internal, external, guests } = parts;
    this.scram = external === undefined ? internal.scram : undefined;
    this.plain = external === undefined ? internal.plain : this.#remembering(external);
    this.bearer = parts.bearer && this.#making(parts.bearer);
    this.certificate = parts.certificate;
    this.guests = guests;
    this.addScramKeys =
      external === undefined
        ? (account, hash, keys) => internal.addScramKeys(account, hash, keys)
        : undefined;
  }

  get anonymous(): Guests | undefined {
    return this.guests;
  }

  /** True if the server keeps the passwords, so that it can make and change accounts. */
  get managed(): boolean {
    return this.#parts.external === undefined;
  }

  exists(account: Jid): Maybe<boolean> {
    if (this.isGuest(account)) return true;
    const { internal, external } = this.#parts;
    return external === undefined ? internal.exists(account) : external.exists(account);
  }

  isGuest(account: Jid): boolean {
    return this.guests?.has(account.local) ?? false;
  }

  async admit(username: string): Promise<void> {
    if (this.guests?.has(username)) return;
    const account = Jid.of(username, this.#domain.domain);
    const { internal, external, statuses } = this.#parts;
    await statuses.admit(account);
    const asked = async (): Promise<boolean> => (external ?? internal).exists(account);
    const exists = await asked().catch((error: unknown) => {
      const text = "whether there is such an account can not be told now; try later";
      throw new SaslError("temporary-auth-failure", text, error);
    });
    if (!exists) throw new SaslError("not-authorized", "there is no such account");
  }

  status(account: Jid): Promise<AccountStatus> {
    return this.#parts.statuses.get(account);
  }

  /** @returns whether anything is different now. */
  async setStatus(account: Jid, status: Partial<AccountStatus>): Promise<boolean> {
    return this.#parts.statuses.change(account, status);
  }

  async create(account: Jid, password: string, alongside?: readonly Write[]): Promise<void> {
    this.#checkFree(account);
    await this.#kept().create(account, password, alongside);
  }

  /** As `create`, for an account that comes from elsewhere with its keys. */
  async createWithKeys(account: Jid, keys: AccountKeys): Promise<void> {
    this.#checkFree(account);
    await this.#kept().createWithKeys(account, keys);
  }

  async setPassword(account: Jid, password: string): Promise<void> {
    await this.#kept().setPassword(account, password);
    await this.#parts.statuses.change(account, { expired: false });
  }

  async remove(account: Jid): Promise<void> {
    const { internal, external, storage } = this.#parts;
    if (external === undefined && !this.isGuest(account)) return internal.remove(account);
    // of an account from elsewhere, what is kept here of it; it begins anew if it logs in again
    await storage.clear(account.toString());
  }

  async list(
    page: { readonly after?: Jid; readonly limit?: number } = {},
  ): Promise<readonly Jid[]> {
    const { internal, external } = this.#parts;
    return external === undefined ? internal.list(page) : external.list(this.#domain, page);
  }

  #kept(): InternalAccounts {
    if (this.managed) return this.#parts.internal;
    throw new AccountError(
      "refused",
      `the accounts of ${this.#domain} are not kept by this server; change them where they come from`,
    );
  }

  #checkFree(account: Jid): void {
    if (!this.isGuest(account)) return;
    throw new AccountError("exists", `a guest is called ${account} now`);
  }

  /** Whoever has logged in once is an account. */
  #remembering(external: ExternalAccounts): PlainVerifier {
    return {
      verify: async (username, password) => {
        const right = await external.plain.verify(username, password);
        if (right) await external.remember(Jid.of(username, this.#domain.domain));
        return right;
      },
    };
  }

  #making(bearer: BearerVerifier): BearerVerifier {
    return {
      discovery: bearer.discovery,
      verify: async (token) => {
        const username = await bearer.verify(token);
        if (username !== undefined && this.#parts.bearerMakes?.(username)) {
          await this.#make(username);
        }
        return username;
      },
    };
  }

  async #make(username: string): Promise<void> {
    const account = Jid.of(username, this.#domain.domain);
    const { internal, external } = this.#parts;
    if (external !== undefined) return external.remember(account);
    if (this.guests?.has(username) || (await internal.exists(account))) return;
    await internal.createWithKeys(account, {}).catch((error: unknown) => {
      if (!(error instanceof AccountError) || error.problem !== "exists") throw error;
    });
  }
}
