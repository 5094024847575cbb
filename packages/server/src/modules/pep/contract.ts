import type { Jid, PubSubEvent } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { type Maybe, type Signal, signal } from "../../hooks.ts";
import type { ModuleRef } from "../../host.ts";
import type { ConfigChange } from "./engine/config.ts";
import type { PublishedItem } from "./engine/item.ts";

export type { ConfigChange } from "./engine/config.ts";
export type { PublishedItem } from "./engine/item.ts";

/** Something that the server publishes in the name of an account. */
export interface OwnPublication {
  readonly account: Jid;
  readonly node: string;
  /** The id of the item; without one it gets one. */
  readonly id?: string;
  readonly payload: Element;
  /** What the node must be like, and is made like if there is none yet (XEP-0060 §7.1.5). */
  readonly conditions: ConfigChange;
  /** What else it is made like if there is none yet. */
  readonly initial?: ConfigChange;
}

/** What the module offers to others. */
export interface Pep {
  /**
   * Publishes, as the owner does; those who are interested are told.
   * @returns settles after the commit.
   * @throws StanzaError as XEP-0060 §7.1.3 has it, also by rejecting.
   */
  publish(publication: OwnPublication): Promise<void>;
  /** The items of a node, oldest first, whoever may see them; none if there is no such node. */
  items(account: Jid, node: string): Maybe<readonly PublishedItem[]>;
}

/** Something happened to a node of an account; told after the commit. */
export interface NodeChange {
  readonly account: Jid;
  readonly event: PubSubEvent;
}

export const nodeChanged: Signal<NodeChange> = signal("pep/node-changed");

/** For `requires` and `host.use`. */
export const pep: ModuleRef<Pep> = { name: "pep" };
