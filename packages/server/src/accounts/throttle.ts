import type { Clock } from "../clock.ts";
import type { Limits } from "../config/limits.ts";
import type { Log } from "../log.ts";
import { networkOf } from "../network.ts";
import { LatestMap } from "./latest-map.ts";

/** Slows down whoever guesses passwords, and nobody else. */
export interface LoginThrottle {
  /**
   * How long the answer to a try has to wait, in milliseconds. To be asked once for each try, before
   * the password is looked at: tries from one address stand in line.
   *
   * @param address of the client.
   * @param account the bare JID that the client claims to be, whether there is such an account or
   *   not; undefined for what cannot be guessed (tokens, certificates) or names nobody.
   */
  wait(address: string, account: string | undefined): number;
  /** The try was wrong. */
  failed(address: string, account: string | undefined): void;
  /** The try was right, and the address is one of the account's from now on. */
  succeeded(address: string, account: string | undefined): void;
  /** The account is gone: its addresses are not those of the next one of its name. */
  forget(account: string): void;
}

/** What was counted since the start, for the log and for measurements. */
export interface LoginCounts {
  readonly failed: number;
  readonly succeeded: number;
  /** Tries that had to wait. */
  readonly delayed: number;
}

/** The first wait; each further one is twice as long, up to `loginDelaySeconds`. */
const FIRST_DELAY_MS = 250;
/** Wrong passwords beyond those that make the longest wait are not counted: they would slow for hours. */
const MOST_BEYOND = 20;
/** Addresses of its own that an account is remembered to have, those of the latest logins. */
const OWN_ADDRESSES = 20;
/** The line of an address is at most so many of the longest waits. */
const LONGEST_LINE = 2;

/** Wrong passwords, of which one is forgotten now and then. */
interface Failures {
  /** As of `at`. */
  count: number;
  /** Milliseconds since 1970. */
  at: number;
  /** When the last try that stands in line is answered. */
  nextAt: number;
}

/** Wrong passwords for an account: each address counts once, so that one alone cannot slow others. */
interface AccountFailures extends Failures {
  readonly addresses: LatestMap<true>;
}

export interface LoginFailuresOptions {
  readonly clock: Clock;
  readonly limits: Pick<
    Limits,
    "loginFailures" | "loginDelaySeconds" | "loginForgetSeconds" | "loginRecords"
  >;
  readonly log: Log;
}

/**
 * Counts wrong passwords by address (IPv6: by /64 network) and by account.
 *
 * Who has logged in to an account from an address before is slowed by the wrong passwords of that
 * address for that account alone: neither tries of others from elsewhere nor those of neighbours
 * behind the same address lock an owner out. Everyone else waits for the address and for the
 * account, whichever takes longer. All is kept in memory, and bounded.
 */
export class LoginFailures implements LoginThrottle {
  readonly #options: LoginFailuresOptions;
  readonly #addresses: LatestMap<Failures>;
  readonly #accounts: LatestMap<AccountFailures>;
  /** By account, the addresses it has logged in from, with what was wrong from there since. */
  readonly #own: LatestMap<LatestMap<Failures>>;
  #failed = 0;
  #succeeded = 0;
  #delayed = 0;

  constructor(options: LoginFailuresOptions) {
    const { loginRecords } = options.limits;
    this.#options = options;
    this.#addresses = new LatestMap(loginRecords);
    this.#accounts = new LatestMap(loginRecords);
    this.#own = new LatestMap(loginRecords);
  }

  get counts(): LoginCounts {
    return { failed: this.#failed, succeeded: this.#succeeded, delayed: this.#delayed };
  }

  wait(address: string, account: string | undefined): number {
    const network = networkOf(address);
    const own = this.#ownFailures(network, account);
    const wait =
      own === undefined
        ? Math.max(
            this.#standInLine(this.#addresses.get(network)),
            this.#delay(account === undefined ? undefined : this.#accounts.get(account)),
          )
        : this.#standInLine(own);
    if (wait > 0) this.#delayed++;
    return wait;
  }

  failed(address: string, account: string | undefined): void {
    this.#failed++;
    const network = networkOf(address);
    const own = this.#ownFailures(network, account);
    if (own !== undefined) {
      this.#count(own, "a client of an account", { address, account });
      return;
    }
    const here = this.#addresses.getOr(network, () => this.#none());
    this.#count(here, "an address", { address });
    if (account === undefined) return;
    const all = this.#accounts.getOr(account, () => ({
      ...this.#none(),
      addresses: new LatestMap<true>(this.#options.limits.loginFailures + MOST_BEYOND),
    }));
    if (this.#left(all) === 0) all.addresses.clear();
    if (all.addresses.get(network)) return;
    all.addresses.set(network, true);
    this.#count(all, "an account", { account });
  }

  succeeded(address: string, account: string | undefined): void {
    this.#succeeded++;
    if (account === undefined) return;
    this.#own
      .getOr(account, () => new LatestMap(OWN_ADDRESSES))
      .set(networkOf(address), this.#none());
  }

  forget(account: string): void {
    this.#own.delete(account);
  }

  #ownFailures(network: string, account: string | undefined): Failures | undefined {
    return account === undefined ? undefined : this.#own.get(account)?.get(network);
  }

  #none(): Failures {
    return { count: 0, at: this.#options.clock.now(), nextAt: 0 };
  }

  /** How many wrong passwords are not forgotten. */
  #left({ count, at }: Failures): number {
    const { clock, limits } = this.#options;
    return Math.max(0, count - Math.floor((clock.now() - at) / (limits.loginForgetSeconds * 1000)));
  }

  #count(failures: Failures, whose: string, facts: Readonly<Record<string, unknown>>): void {
    const { clock, limits, log } = this.#options;
    const left = this.#left(failures);
    failures.count = Math.min(left + 1, limits.loginFailures + MOST_BEYOND);
    failures.at = clock.now();
    if (left + 1 === limits.loginFailures) {
      log.warn(`${whose} has had many wrong passwords; further tries wait`, facts);
    }
  }

  #delay(failures: Failures | undefined): number {
    const { loginFailures, loginDelaySeconds } = this.#options.limits;
    if (failures === undefined || loginDelaySeconds === 0) return 0;
    const beyond = this.#left(failures) - loginFailures;
    if (beyond < 0) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** beyond, loginDelaySeconds * 1000);
  }

  /** Or many connections at once would make the wait as good as none. */
  #standInLine(failures: Failures | undefined): number {
    const delay = this.#delay(failures);
    if (failures === undefined || delay === 0) return 0;
    const now = this.#options.clock.now();
    const last = now + LONGEST_LINE * this.#options.limits.loginDelaySeconds * 1000;
    failures.nextAt = Math.min(Math.max(now, failures.nextAt) + delay, last);
    return failures.nextAt - now;
  }
}
