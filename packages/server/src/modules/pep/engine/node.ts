import { Jid } from "@rookery/protocol";
import type { MapSpec } from "../../../storage/api.ts";
import type { Affiliation } from "./access.ts";
import type { NodeConfig } from "./config.ts";

/** What is kept of a node, beside its items and subscribers. */
export interface NodeRecord {
  readonly config: NodeConfig;
  /** By bare JID. */
  readonly affiliations: ReadonlyMap<string, Affiliation>;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** What is known in memory of an item: its payload is in storage. */
export interface ItemEntry {
  readonly id: string;
  /** When it was published last, in milliseconds since 1970. */
  readonly at: number;
  readonly bytes: number;
}

/** A node in memory: all but the payloads of its items. */
export class PubsubNode implements NodeRecord {
  readonly name: string;
  config: NodeConfig;
  affiliations: ReadonlyMap<string, Affiliation>;
  readonly created: number;
  /** In the order in which they were published. */
  readonly items: Map<string, ItemEntry> = new Map();
  /** Who is subscribed, by the JID that is. */
  readonly subscribers: Map<string, Jid> = new Map();

  constructor(name: string, { config, affiliations, created }: NodeRecord) {
    this.name = name;
    this.config = config;
    this.affiliations = affiliations;
    this.created = created;
  }

  /** Items of this time or older are over (`pubsub#item_expire`). */
  aliveSince(now: number): number {
    const { itemExpire } = this.config;
    return itemExpire === "max" ? Number.NEGATIVE_INFINITY : now - itemExpire * 1000;
  }

  /** The items that are not over, oldest first. */
  present(now: number): ItemEntry[] {
    const alive = this.aliveSince(now);
    return [...this.items.values()].filter(({ at }) => at > alive);
  }

  last(now: number): ItemEntry | undefined {
    return this.present(now).at(-1);
  }
}

interface StoredNode {
  readonly config: NodeConfig;
  readonly affiliations: readonly (readonly [string, Affiliation])[];
  readonly created: number;
}

/** The store of nodes: owner → name of the node. */
export function nodeSpec(name: string): MapSpec<NodeRecord> {
  return {
    shape: "map",
    name,
    version: 1,
    codec: {
      encode: ({ config, affiliations, created }) =>
        JSON.stringify({ config, affiliations: [...affiliations], created } satisfies StoredNode),
      decode: (text) => {
        const { config, affiliations, created } = JSON.parse(text) as StoredNode;
        return { config, affiliations: new Map(affiliations), created };
      },
    },
  };
}

/** A subscription (XEP-0060 §6.1), by node and JID. */
export interface SubscriptionRecord {
  readonly jid: Jid;
}

export function subscriptionSpec(name: string): MapSpec<SubscriptionRecord> {
  return {
    shape: "map",
    name,
    version: 1,
    codec: {
      encode: ({ jid }) => jid.toString(),
      decode: (text) => ({ jid: Jid.parse(text) }),
    },
  };
}

/** Separates names in keys: a character that XML does not have. */
const SEPARATOR = "\u001f";

/** The key of something that belongs to a node. */
export function keyIn(node: string, name: string): string {
  return `${node}${SEPARATOR}${name}`;
}

/** The node and the name of a key. */
export function partsOf(key: string): readonly [string, string] {
  const at = key.indexOf(SEPARATOR);
  return [key.slice(0, at), key.slice(at + 1)];
}
