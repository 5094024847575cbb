import type { Maybe } from "../../../hooks.ts";
import type { LogSpec, LogStore, MapSpec, MapStore, Write } from "../../../storage/api.ts";
import { bytesOf, itemSpec, type PublishedItem, publishedItem, type StoredItem } from "./item.ts";
import {
  type ItemEntry,
  keyIn,
  type NodeRecord,
  nodeSpec,
  PubsubNode,
  partsOf,
  type SubscriptionRecord,
  subscriptionSpec,
} from "./node.ts";
import { NodeSpace } from "./space.ts";

/** Things kept in memory, of all owners together: about 40 MB at most. */
const CACHED = 100_000;
const PAGE = 500;

/** What opens stores: a module's host. */
export interface StoreOpener {
  mapStore<T>(spec: MapSpec<T>): Promise<MapStore<T>>;
  logStore<T>(spec: LogSpec<T>): Promise<LogStore<T>>;
  batch(writes: readonly Write[]): Promise<void>;
}

interface Stores {
  readonly nodes: MapStore<NodeRecord>;
  readonly items: LogStore<StoredItem>;
  readonly subscriptions: MapStore<SubscriptionRecord>;
}

/**
 * The nodes of all owners, in storage and in memory. What is in memory changes at once, so that
 * the next request sees it, and is written behind; after a failed write it is read anew.
 */
export class NodeStore {
  readonly #stores: Stores;
  readonly #batch: (writes: readonly Write[]) => Promise<void>;
  readonly #cached: number;
  /** In the order of last use. */
  readonly #spaces: Map<string, NodeSpace> = new Map();
  readonly #loading: Map<string, Promise<NodeSpace>> = new Map();
  #weight = 0;
  readonly #weights: Map<string, number> = new Map();

  private constructor(opener: StoreOpener, stores: Stores, cached: number) {
    this.#batch = (writes) => opener.batch(writes);
    this.#stores = stores;
    this.#cached = cached;
  }

  /** @param prefix of the names of its stores: the module's. */
  static async open(
    opener: StoreOpener,
    prefix: string,
    cached: number = CACHED,
  ): Promise<NodeStore> {
    const nodes = await opener.mapStore(nodeSpec(`${prefix}/nodes`));
    const items = await opener.logStore(itemSpec(`${prefix}/items`));
    const subscriptions = await opener.mapStore(subscriptionSpec(`${prefix}/subscriptions`));
    return new NodeStore(opener, { nodes, items, subscriptions }, cached);
  }

  /** The nodes of an owner; at once if they are in memory. */
  of(owner: string): Maybe<NodeSpace> {
    const known = this.#spaces.get(owner);
    if (known === undefined) return this.#loading.get(owner) ?? this.#load(owner);
    this.#spaces.delete(owner);
    this.#spaces.set(owner, known);
    return known;
  }

  /** Payloads of items of a node, in the order asked for; those that are gone are left out. */
  async items(
    owner: string,
    node: string,
    entries: readonly ItemEntry[],
  ): Promise<readonly PublishedItem[]> {
    const found = new Map<string, PublishedItem>();
    for (let at = 0; at < entries.length; at += PAGE) {
      const ids = entries.slice(at, at + PAGE).map(({ id }) => keyIn(node, id));
      for (const entry of await this.#stores.items.read(owner, { ids })) {
        const [, id] = partsOf(entry.id);
        found.set(id, publishedItem(id, entry.at, entry.value));
      }
    }
    return entries.map(({ id }) => found.get(id)).filter((item) => item !== undefined);
  }

  /** The writes of one change, in one commit. If it fails, what is in memory is forgotten. */
  commit(space: NodeSpace, writes: readonly Write[]): Promise<void> {
    this.#weigh(space);
    if (writes.length === 0) return Promise.resolve();
    return this.#batch(writes).catch((error: unknown) => {
      this.forget(space.owner);
      throw error;
    });
  }

  /** What is stored changed by other ways: the owner is gone. */
  forget(owner: string): void {
    this.#spaces.delete(owner);
    this.#loading.delete(owner);
    this.#weight -= this.#weights.get(owner) ?? 0;
    this.#weights.delete(owner);
  }

  putNode(owner: string, node: PubsubNode): Write {
    return this.#stores.nodes.write.put(owner, node.name, node);
  }

  deleteNode(owner: string, node: PubsubNode): Write[] {
    return [
      this.#stores.nodes.write.delete(owner, node.name),
      ...this.deleteItems(owner, node, [...node.items.keys()]),
      ...[...node.subscribers.values()].map((jid) => this.deleteSubscription(owner, node, jid)),
    ];
  }

  putItem(
    owner: string,
    node: PubsubNode,
    item: { readonly id: string; readonly at: number; readonly value: StoredItem },
  ): Write {
    const { id, at, value } = item;
    return this.#stores.items.write.append(owner, { id: keyIn(node.name, id), at, value });
  }

  deleteItems(owner: string, node: PubsubNode, ids: readonly string[]): Write[] {
    if (ids.length === 0) return [];
    const keys = ids.map((id) => keyIn(node.name, id));
    return [this.#stores.items.write.remove(owner, keys)];
  }

  putSubscription(owner: string, node: PubsubNode, jid: SubscriptionRecord["jid"]): Write {
    return this.#stores.subscriptions.write.put(owner, keyIn(node.name, jid.toString()), { jid });
  }

  deleteSubscription(owner: string, node: PubsubNode, jid: SubscriptionRecord["jid"]): Write {
    return this.#stores.subscriptions.write.delete(owner, keyIn(node.name, jid.toString()));
  }

  #load(owner: string): Promise<NodeSpace> {
    const loading = this.#read(owner).then(
      (space) => {
        // unless it was forgotten meanwhile: then what was read is no more
        if (this.#loading.get(owner) === loading) {
          this.#loading.delete(owner);
          this.#spaces.set(owner, space);
          this.#weigh(space);
        }
        return space;
      },
      (error: unknown) => {
        if (this.#loading.get(owner) === loading) this.#loading.delete(owner);
        throw error;
      },
    );
    this.#loading.set(owner, loading);
    return loading;
  }

  async #read(owner: string): Promise<NodeSpace> {
    const space = new NodeSpace(owner);
    for (const { key, value } of await this.#stores.nodes.range(owner)) {
      space.nodes.set(key, new PubsubNode(key, value));
    }
    if (space.nodes.size === 0) return space;
    for (const { key, value } of await this.#stores.subscriptions.range(owner)) {
      const [name, jid] = partsOf(key);
      space.nodes.get(name)?.subscribers.set(jid, value.jid);
    }
    for (let last: string | undefined; ; ) {
      const query = { limit: PAGE, ...(last !== undefined && { after: last }) };
      const page = await this.#stores.items.read(owner, query);
      for (const { id: key, at, value } of page) {
        const [name, id] = partsOf(key);
        const node = space.nodes.get(name);
        if (node) space.put(node, { id, at, bytes: bytesOf(id, value) });
      }
      last = page.at(-1)?.id;
      if (page.length < PAGE) return space;
    }
  }

  #weigh(space: NodeSpace): void {
    const { owner, weight } = space;
    if (this.#spaces.get(owner) !== space) return;
    this.#weight += weight - (this.#weights.get(owner) ?? 0);
    this.#weights.set(owner, weight);
    for (const oldest of this.#spaces.keys()) {
      if (this.#weight <= this.#cached || oldest === owner) break;
      this.forget(oldest);
    }
  }
}
