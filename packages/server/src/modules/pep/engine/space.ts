import { quoted, StanzaError } from "@rookery/protocol";
import { PubsubNode } from "./node.ts";

/** The bounds of one owner's nodes; 0 turns one off. */
export interface SpaceBounds {
  readonly nodes: number;
  /** Of one node. */
  readonly items: number;
  readonly itemBytes: number;
  /** Of all nodes together. */
  readonly bytes: number;
  /** Of one node. */
  readonly subscribers: number;
  /** Of one node. */
  readonly affiliations: number;
}

/** All nodes of one owner, in memory. */
export class NodeSpace {
  readonly owner: string;
  readonly nodes: Map<string, PubsubNode> = new Map();
  /** What its items take, in bytes. */
  bytes = 0;
  /** The time of the newest item: the order of publication never goes back, whatever the clock does. */
  newest = 0;

  constructor(owner: string) {
    this.owner = owner;
  }

  /** @throws StanzaError `item-not-found` if there is no such node. */
  get(name: string): PubsubNode {
    const node = this.nodes.get(name);
    if (node === undefined) {
      throw new StanzaError("item-not-found", `there is no node ${quoted(name)} at ${this.owner}`);
    }
    return node;
  }

  /** How much memory it takes, in things kept. */
  get weight(): number {
    let weight = 1 + this.nodes.size;
    for (const { items, subscribers } of this.nodes.values()) {
      weight += items.size + subscribers.size;
    }
    return weight;
  }

  put(node: PubsubNode, { id, at, bytes }: { id: string; at: number; bytes: number }): void {
    this.take(node, id);
    node.items.set(id, { id, at, bytes });
    this.bytes += bytes;
    this.newest = Math.max(this.newest, at);
  }

  take(node: PubsubNode, id: string): void {
    this.bytes -= node.items.get(id)?.bytes ?? 0;
    node.items.delete(id);
  }
}

/** Whether there may be more than so many; 0 for no bound. */
export function isFull(count: number, bound: number): boolean {
  return bound > 0 && count >= bound;
}
