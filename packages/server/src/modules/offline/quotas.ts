import type { Jid } from "@rookery/protocol";
import type { Limits } from "../../config/limits.ts";
import type { Maybe } from "../../hooks.ts";

/** Accounts whose use is remembered; for others it is read from storage again. */
const REMEMBERED = 10_000;

/** How much one account has waiting. */
export interface Quota {
  /** Counts one more message if it fits. */
  take(bytes: number): boolean;
  /** One message less is waiting. */
  release(bytes: number): void;
}

/** How much each account has waiting, so that nobody's absence fills the disk. */
export class Quotas {
  readonly #limits: Limits;
  readonly #sizes: (account: string) => Promise<readonly number[]>;
  /** In the order of last use. */
  readonly #known: Map<string, Maybe<Quota>> = new Map();

  /** @param sizes reads the sizes of what is kept of an account, in bytes. */
  constructor(limits: Limits, sizes: (account: string) => Promise<readonly number[]>) {
    this.#limits = limits;
    this.#sizes = sizes;
  }

  /** The quota of an account; at once if it is in memory. */
  of(account: Jid): Maybe<Quota> {
    const key = account.toString();
    const known = this.#known.get(key) ?? this.#load(key);
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const [oldest] of this.#known) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  /** One message of an account waits no more. */
  release(account: Jid, bytes: number): void {
    const known = this.#known.get(account.toString());
    // one that is being read sees it or not: it is read again
    if (known instanceof Promise) this.forget(account);
    else known?.release(bytes);
  }

  /** What is kept changed by other ways. */
  forget(account: Jid): void {
    this.#known.delete(account.toString());
  }

  #load(key: string): Promise<Quota> {
    const loading = this.#sizes(key).then((sizes): Quota => {
      const quota = quotaOf(sizes, this.#limits);
      if (this.#known.get(key) === loading) this.#known.set(key, quota);
      return quota;
    });
    loading.catch(() => {
      if (this.#known.get(key) === loading) this.#known.delete(key);
    });
    return loading;
  }
}

/** @param sizes of what is kept already, in bytes. */
function quotaOf(sizes: readonly number[], { offlineMessages, offlineBytes }: Limits): Quota {
  let messages = sizes.length;
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    take(more) {
      if (offlineMessages > 0 && messages >= offlineMessages) return false;
      if (offlineBytes > 0 && bytes + more > offlineBytes) return false;
      messages++;
      bytes += more;
      return true;
    },
    release(less) {
      messages--;
      bytes -= less;
    },
  };
}
