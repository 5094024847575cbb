import type { Jid } from "@rookery/protocol";
import type { PlainVerifier, ScramSource } from "@rookery/stream";
import type { Maybe } from "../hooks.ts";

/** Which accounts there are. */
export interface AccountDirectory {
  /** @param account a bare JID of this host. */
  exists(account: Jid): Maybe<boolean>;
}

/** Where the accounts of a host come from, and what they authenticate by. */
export interface Accounts extends AccountDirectory {
  readonly scram: ScramSource;
  readonly plain: PlainVerifier;
}

/** Accounts that the server itself keeps. */
export interface ManagedAccounts extends Accounts {
  /** @throws AccountError if the account exists or the password is not acceptable. */
  create(account: Jid, password: string): Promise<void>;
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
