import type { Clock } from "../clock.ts";
import type { Limits } from "../config/limits.ts";
import { networkOf } from "../network.ts";

const HOUR = 3_600_000;
/** Addresses whose failed tries are remembered; the oldest is forgotten for a new one. */
const ADDRESSES = 20_000;

type RateLimits = Pick<
  Limits,
  "registrations" | "registrationsPerAddress" | "registrationTriesPerAddress"
>;

/** Which bound was reached, or undefined if there is room. */
export type RateExceeded = "address" | "server" | undefined;

/**
 * How many accounts people make in an hour, from one address (IPv6: one /64 network) and altogether,
 * and how often they fail to. No address is exempt: behind a proxy, everyone comes from loopback.
 */
export class RegistrationRate {
  readonly #clock: Clock;
  readonly #limits: RateLimits;
  readonly #made: Map<string, number> = new Map();
  readonly #failed: Map<string, number> = new Map();
  #all = 0;
  #since = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: RateLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Takes a place for an account that is about to be made, so that many at once do not pass the
   * bounds together.
   *
   * @returns a function that gives the place back if none was made, or which bound was reached.
   */
  take(address: string): (() => void) | Exclude<RateExceeded, undefined> {
    this.#turn();
    const { registrations, registrationsPerAddress: most } = this.#limits;
    const network = networkOf(address);
    const here = this.#made.get(network) ?? 0;
    if (most > 0 && here >= most) return "address";
    if (registrations > 0 && this.#all >= registrations) return "server";
    this.#made.set(network, here + 1);
    this.#all++;
    const hour = this.#since;
    return () => {
      if (this.#since !== hour) return;
      this.#made.set(network, (this.#made.get(network) ?? 1) - 1);
      this.#all--;
    };
  }

  /** True if an address has failed so often that it has to wait. */
  isTired(address: string): boolean {
    this.#turn();
    const most = this.#limits.registrationTriesPerAddress;
    return most > 0 && (this.#failed.get(networkOf(address)) ?? 0) >= most;
  }

  /** Counts a token that was wrong, or a name that was taken. */
  failed(address: string): void {
    this.#turn();
    const network = networkOf(address);
    this.#failed.set(network, (this.#failed.get(network) ?? 0) + 1);
    if (this.#failed.size <= ADDRESSES) return;
    const [oldest] = this.#failed.keys();
    if (oldest !== undefined) this.#failed.delete(oldest);
  }

  #turn(): void {
    const now = this.#clock.now();
    if (now - this.#since < HOUR && now >= this.#since) return;
    this.#since = now;
    this.#all = 0;
    this.#made.clear();
    this.#failed.clear();
  }
}
