import type { X509Certificate } from "node:crypto";
import type { Jid } from "@rookery/protocol";
import type { PlainVerifier, ScramHash, ScramKeys, ScramSource } from "@rookery/stream";
import type { Maybe } from "../hooks.ts";
import type { Write } from "../storage/api.ts";

export type { Device } from "./fast-tokens.ts";

/** Which accounts there are. */
export interface AccountDirectory {
  /** @param account a bare JID of this host. */
  exists(account: Jid): Maybe<boolean>;
  /** True for someone who has no account, and a name for one session alone (XEP-0175). */
  isGuest?(account: Jid): boolean;
}

/**
 * Where the accounts of a host come from, and what they authenticate by. A source that is not there
 * means that the mechanisms which need it are not to be offered.
 *
 * Every source throws, or rejects with, SaslError `temporary-auth-failure` where it can not be told
 * now who is who: never `not-authorized`.
 */
export interface Accounts extends AccountDirectory {
  /** For SCRAM: only where the keys of the passwords are kept here. */
  readonly scram: ScramSource | undefined;
  /** For PLAIN. */
  readonly plain: PlainVerifier | undefined;
  /** For OAUTHBEARER (RFC 7628). */
  readonly bearer?: BearerVerifier | undefined;
  /** For EXTERNAL (XEP-0178). */
  readonly certificate?: CertificateSource | undefined;
  /** For ANONYMOUS (XEP-0175). */
  readonly anonymous?: GuestSource | undefined;
  /**
   * Gives an account keys for a hash that it has none for (XEP-0480); those that it has stay as they
   * are. Absent where no keys are kept here.
   */
  readonly addScramKeys?: AddScramKeys | undefined;
  /**
   * To be asked by whatever mechanism, tokens too, once a client has proven who it is and before it
   * is told so: whether that account may log in now.
   *
   * @param username a localpart.
   * @throws SaslError `account-disabled` or `credentials-expired` (RFC 6120 §6.5.2, §6.5.3), or
   *   `not-authorized` where there is no such account and none is to be made.
   */
  admit(username: string): Maybe<void>;
}

export type AddScramKeys = (account: Jid, hash: ScramHash, keys: ScramKeys) => Promise<void>;

/** Knows whose bearer tokens are (RFC 6750). */
export interface BearerVerifier {
  /**
   * @returns the localpart of whose token it is; undefined if it is no good here.
   * @throws SaslError `temporary-auth-failure` if that can not be told now.
   */
  verify(token: string): Maybe<string | undefined>;
  /** What a client without a good token is told (RFC 7628 §3.2.2). */
  readonly discovery: BearerDiscovery;
}

export interface BearerDiscovery {
  /** The URL of the issuer's metadata, which tells where a token is to be had. */
  readonly openidConfiguration: string;
  /** What to ask the issuer for; undefined if it does not matter. */
  readonly scope: string | undefined;
}

/** Knows which accounts a client certificate stands for (XEP-0178 §2). */
export interface CertificateSource {
  /**
   * @param certificate the client's own, of which it has proven to have the key. That an authority
   *   which this host trusts has signed it is verified here, and nowhere else.
   * @returns bare JIDs of accounts of this host, prepared; none if it names nobody here. They need
   *   not exist: `admit` tells.
   */
  identities(certificate: X509Certificate): readonly string[];
}

/** Lets guests in (XEP-0175). */
export interface GuestSource {
  /**
   * Makes up a guest, who is gone for good with the session that it binds, and soon if it binds none.
   *
   * @param address of the client.
   * @returns a localpart that nobody has, or had.
   * @throws SaslError `temporary-auth-failure` if there are too many guests.
   */
  enter(address: string): Maybe<string>;
}

/** What an administrator has decided of an account, beside its password. */
export interface AccountStatus {
  /** Nobody logs in as it; what is sent to it is kept as for any account. */
  readonly disabled: boolean;
  /** It needs another password before anybody logs in as it. */
  readonly expired: boolean;
}

/** Accounts that the server itself keeps. */
export interface ManagedAccounts extends Accounts {
  /**
   * @param alongside written in the same commit: all of it, or there is no account.
   * @throws AccountError if the account exists or the password is not acceptable; StorageConflict if
   * a version of `alongside` does not hold.
   */
  create(account: Jid, password: string, alongside?: readonly Write[]): Promise<void>;
  /** @throws AccountError if there is no such account, or the password is not acceptable. */
  setPassword(account: Jid, password: string): Promise<void>;
  /** Removes the account and everything it owns. @throws AccountError if there is none. */
  remove(account: Jid): Promise<void>;
  /** Bare JIDs of the accounts of the host, in order, for paging. */
  list(page?: { readonly after?: Jid; readonly limit?: number }): Promise<readonly Jid[]>;
}

/** What kept an account from being made or changed, for programs to tell apart. */
export type AccountProblem =
  | "exists"
  | "not-found"
  /** The password is not acceptable, or the address is of no such account. */
  | "refused";

/** Why an account could not be made or changed; the text says what to do, and never a password. */
export class AccountError extends Error {
  override readonly name: string = "AccountError";
  readonly problem: AccountProblem;

  constructor(problem: AccountProblem, text: string) {
    super(text);
    this.problem = problem;
  }
}
