import type { Jid } from "@rookery/protocol";
import type { Limits } from "../../config/limits.ts";
import type { Maybe } from "../../hooks.ts";

/** Accounts whose use is remembered; for others it is read from storage again. */
const REMEMBERED = 10_000;

interface Use {
  messages: number;
  bytes: number;
}

/** How much each account has waiting, so that nobody's absence fills the disk. */
export class Quotas {
  readonly #limits: Limits;
  readonly #sizes: (account: string) => Promise<readonly number[]>;
  /** In the order of last use. */
  readonly #uses: Map<string, Use | Promise<Use>> = new Map();

  /** @param sizes reads the sizes of what is kept of an account. */
  constructor(limits: Limits, sizes: (account: string) => Promise<readonly number[]>) {
    this.#limits = limits;
    this.#sizes = sizes;
  }

  /** Counts one more message if it fits. */
  take(account: Jid, bytes: number): Maybe<boolean> {
    const key = account.toString();
    const known = this.#uses.get(key) ?? this.#load(key);
    this.#uses.delete(key);
    this.#uses.set(key, known);
    for (const [oldest] of this.#uses) {
      if (this.#uses.size <= REMEMBERED) break;
      this.#uses.delete(oldest);
    }
    return known instanceof Promise
      ? known.then((use) => this.#add(use, bytes))
      : this.#add(known, bytes);
  }

  /** What is kept changed by other ways. */
  forget(account: Jid): void {
    this.#uses.delete(account.toString());
  }

  #load(key: string): Promise<Use> {
    const loading = this.#sizes(key).then((sizes): Use => {
      const use = { messages: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
      if (this.#uses.get(key) === loading) this.#uses.set(key, use);
      return use;
    });
    loading.catch(() => this.#uses.delete(key));
    return loading;
  }

  #add(use: Use, bytes: number): boolean {
    const { offlineMessages, offlineBytes } = this.#limits;
    if (offlineMessages > 0 && use.messages >= offlineMessages) return false;
    if (offlineBytes > 0 && use.bytes + bytes > offlineBytes) return false;
    use.messages++;
    use.bytes += bytes;
    return true;
  }
}
