import { Jid } from "@rookery/protocol";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { MapSpec, MapStore, Write } from "../../storage/api.ts";
import { BlockList } from "./block-list.ts";

/** A key for each address that an account blocks; the value is the place in the order. */
const items: MapSpec<number> = {
  shape: "map",
  name: "blocking/items",
  version: 1,
  codec: { encode: String, decode: Number },
};

/** Lists of accounts without a session, and addresses in them, that stay in memory: some 10 MB. */
const REMEMBERED = 50_000;

/** A list in memory; a promise while it is read. */
type Entry = Maybe<BlockList>;

/**
 * The block lists of the accounts of a host. Those of accounts that have a session are in memory,
 * so that its stanzas need not wait; others are read when they are asked for and kept for a while.
 *
 * What is in memory changes at once and is written behind; a list whose write failed is read anew.
 */
export class BlockLists {
  readonly #host: Host;
  readonly #store: MapStore<number>;
  /** Of accounts with sessions. */
  readonly #online: Map<string, Entry> = new Map();
  /** Of others, latest use last. */
  readonly #others: Map<string, Entry> = new Map();
  /** How many addresses `#others` holds. */
  #addresses = 0;
  readonly #remembered: number;

  private constructor(host: Host, store: MapStore<number>, remembered: number) {
    this.#host = host;
    this.#store = store;
    this.#remembered = remembered;
  }

  static async open(host: Host, remembered: number = REMEMBERED): Promise<BlockLists> {
    return new BlockLists(host, await host.mapStore(items), remembered);
  }

  /** The list of an account; at once if it is in memory. */
  get(account: Jid): Maybe<BlockList> {
    const key = account.toString();
    const online = this.#online.get(key);
    if (online !== undefined) return online;
    const known = this.#others.get(key);
    if (known === undefined) return this.#load(key);
    this.#others.delete(key);
    this.#others.set(key, known);
    return known;
  }

  /** Keeps the list of an account in memory, which has a session now. */
  pin(account: Jid): void {
    const key = account.toString();
    if (this.#online.has(key)) return;
    const entry = this.get(account);
    this.#drop(key);
    this.#online.set(key, entry);
  }

  /** An account has no session any more. */
  unpin(account: Jid): void {
    const key = account.toString();
    const entry = this.#online.get(key);
    if (entry === undefined) return;
    this.#online.delete(key);
    this.#remember(key, entry);
  }

  /** Forgets what is in memory of an account, to read it anew. */
  forget(account: Jid): void {
    const key = account.toString();
    this.#drop(key);
    if (this.#online.delete(key) && this.#host.sessions.of(account).length > 0) this.pin(account);
  }

  /**
   * Blocks addresses that are not blocked yet.
   * @param list of the account, as `get` gave it in this turn.
   * @returns a promise of the commit.
   */
  add(account: Jid, list: BlockList, added: readonly Jid[]): Promise<void> {
    const { write } = this.#store;
    const now = this.#host.clock.now();
    return this.#change(
      account,
      list.with(added),
      added.map((jid) => write.put(account.toString(), jid.toString(), now)),
    );
  }

  /** Unblocks addresses, as `add` blocks them. */
  remove(account: Jid, list: BlockList, removed: readonly Jid[]): Promise<void> {
    const { write } = this.#store;
    return this.#change(
      account,
      list.without(removed),
      removed.map((jid) => write.delete(account.toString(), jid.toString())),
    );
  }

  async #change(account: Jid, list: BlockList, writes: readonly Write[]): Promise<void> {
    this.#put(account.toString(), list);
    try {
      await this.#host.batch(writes);
    } catch (error) {
      this.forget(account);
      throw error;
    }
  }

  #load(key: string): Promise<BlockList> {
    const loading = this.#store.range(key).then((entries) => {
      const inOrder = entries.toSorted((a, b) => a.value - b.value);
      const list = BlockList.of(inOrder.map((entry) => Jid.parse(entry.key)));
      // unless it was forgotten or changed meanwhile
      if (this.#online.get(key) === loading || this.#others.get(key) === loading) {
        this.#put(key, list);
      }
      return list;
    });
    loading.catch(() => {
      if (this.#online.get(key) === loading) this.#online.delete(key);
      if (this.#others.get(key) === loading) this.#drop(key);
    });
    this.#remember(key, loading);
    return loading;
  }

  #put(key: string, entry: Entry): void {
    if (this.#online.has(key)) this.#online.set(key, entry);
    else this.#remember(key, entry);
  }

  #remember(key: string, entry: Entry): void {
    this.#drop(key);
    this.#others.set(key, entry);
    this.#addresses += sizeOf(entry);
    for (const [oldest] of this.#others) {
      if (this.#others.size + this.#addresses <= this.#remembered) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const entry = this.#others.get(key);
    if (entry === undefined) return;
    this.#others.delete(key);
    this.#addresses -= sizeOf(entry);
  }
}

function sizeOf(entry: Entry): number {
  return entry instanceof BlockList ? entry.size : 0;
}
