import type { Jid } from "@rookery/protocol";
import type { MapSpec, MapStore, Storage, Write } from "../storage/api.ts";

/** The owner is the account, so that its next owner inherits nothing. */
const stored: MapSpec<true> = {
  shape: "map",
  name: "administrators/stored",
  version: 1,
  codec: { encode: () => "", decode: () => true },
};

const KEY = "admin";
const PAGE = 500;

/**
 * Who administers the server: the accounts of `admins` in the configuration, and those that became
 * administrators by an invitation. All of them are held in memory.
 */
export class Administrators {
  readonly #store: MapStore<true>;
  readonly #configured: ReadonlySet<string>;
  readonly #stored: Set<string>;

  private constructor(
    store: MapStore<true>,
    configured: ReadonlySet<string>,
    known: readonly string[],
  ) {
    this.#store = store;
    this.#configured = configured;
    this.#stored = new Set(known);
  }

  /** @param configured bare JIDs. */
  static async open(storage: Storage, configured: readonly Jid[] = []): Promise<Administrators> {
    const store = await storage.map(stored);
    const known: string[] = [];
    for (let page: readonly string[] = [], after: string | undefined; ; after = page.at(-1)) {
      page = await store.owners({ ...(after !== undefined && { after }), limit: PAGE });
      known.push(...page);
      if (page.length < PAGE) break;
    }
    return new Administrators(store, new Set(configured.map(String)), known);
  }

  /** True if the account of a JID administers the server. */
  has(jid: Jid): boolean {
    const account = jid.bare.toString();
    return this.#configured.has(account) || this.#stored.has(account);
  }

  /** True if it does because the configuration says so, whether there is such an account or not. */
  isConfigured(jid: Jid): boolean {
    return this.#configured.has(jid.bare.toString());
  }

  /** What makes an account an administrator; `added` is to be called once it is committed. */
  write(account: Jid): Write {
    return this.#store.write.put(account.toString(), KEY, true);
  }

  added(account: Jid): void {
    this.#stored.add(account.toString());
  }

  /** The account was removed with everything it owned. */
  removed(account: Jid): void {
    this.#stored.delete(account.toString());
  }
}
