/** Publishing and retracting items: XEP-0060 §7. */
import {
  type PubSubItem,
  pubsubError,
  pubsubUnsupported,
  quoted,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../../hooks.ts";
import type { Write } from "../../../storage/api.ts";
import { mayPublish } from "./access.ts";
import { type ConfigChange, unmetCondition } from "./config.ts";
import {
  affiliation,
  type Change,
  checkName,
  checkOwner,
  type Engine,
  type Request,
} from "./engine.ts";
import { bytesOf, type StoredItem, storedItem } from "./item.ts";
import { makeNode, surplus } from "./manage.ts";
import type { PubsubNode } from "./node.ts";
import type { NodeSpace } from "./space.ts";

/** What is to be published. */
export interface Publication {
  readonly node: string;
  readonly items: readonly PubSubItem[];
  /** What the node must be like (§7.1.5), or shall be if there is none yet. */
  readonly conditions: ConfigChange;
  /** What else it shall be like if there is none yet. */
  readonly initial?: ConfigChange | undefined;
}

/** What became of it. */
export interface Published extends Change {
  /** The id of the item; undefined for a notification without one. */
  readonly id: string | undefined;
  /** True if the service made the id. */
  readonly isNewId: boolean;
}

/**
 * Publishes an item; a node that there is not is made (§7.1.4).
 * @throws StanzaError as §7.1.3 has it, and `resource-constraint` if the owner has no room for it.
 */
export function publish(engine: Engine, request: Request, publication: Publication): Published {
  const { space, asker } = request;
  const { conditions, items, initial } = publication;
  const known = space.nodes.get(publication.node);
  if (known === undefined) checkOwner(request);
  else checkPublisher(request, known, conditions);
  const node = known ?? makeNode(engine, request, publication.node, { ...initial, ...conditions });
  const item = itemFor(node, items);
  const id = item && (item.id ?? engine.random.id());
  if (id !== undefined) checkName("the id of an item", id);
  const value = storedItem(asker.toString(), item?.payload);
  checkSize(value, engine.bounds.itemBytes);
  const writes: Write[] = [];
  if (id !== undefined && node.config.persistItems) {
    writes.push(...keep(engine, space, node, { id, value }));
  }
  if (known === undefined) {
    space.nodes.set(node.name, node);
    writes.unshift(engine.store.putNode(space.owner, node));
  }
  const published = id === undefined ? [] : [shown(node, { id, value, payload: item?.payload })];
  return {
    id,
    isNewId: id !== item?.id,
    event: {
      node,
      event: { kind: "items", node: node.name, items: published, retracted: [] },
      isTold: true,
    },
    committed: engine.store.commit(space, writes),
  };
}

/**
 * Takes items away (§7.2). Publishers take away what is theirs.
 * @param notify tells others, even if the node is not configured so.
 * @throws StanzaError as §7.2.3 has it.
 */
export function retract(
  engine: Engine,
  request: Request,
  { node: name, itemIds, notify }: RetractRequest,
): Maybe<Change> {
  const { space } = request;
  const node = space.get(name);
  return after(mayRetract(engine, request, node, itemIds), () => {
    if (!node.config.persistItems) {
      throw pubsubUnsupported("persistent-items", `the node ${quoted(name)} keeps no items`);
    }
    const missing = itemIds.find((id) => !node.items.has(id));
    if (missing !== undefined) {
      throw new StanzaError("item-not-found", `${quoted(name)} has no item ${quoted(missing)}`);
    }
    const retracted = [...new Set(itemIds)];
    for (const id of retracted) space.take(node, id);
    const writes = engine.store.deleteItems(space.owner, node, retracted);
    return {
      event: {
        node,
        event: { kind: "items", node: name, items: [], retracted },
        isTold: notify || node.config.notifyRetract,
      },
      committed: engine.store.commit(space, writes),
    };
  });
}

export interface RetractRequest {
  readonly node: string;
  readonly itemIds: readonly string[];
  readonly notify: boolean;
}

function checkPublisher(request: Request, node: PubsubNode, conditions: ConfigChange): void {
  if (!mayPublish(affiliation(request, node))) {
    throw new StanzaError("forbidden", `you may not publish at the node ${quoted(node.name)}`);
  }
  const unmet = unmetCondition(node.config, conditions);
  if (unmet === undefined) return;
  throw pubsubError("precondition-not-met", `of the node ${quoted(node.name)}, ${unmet}`);
}

/** §7.1.3.6: whether there must be an item, and a payload, depends on the node. */
function itemFor(node: PubsubNode, items: readonly PubSubItem[]): PubSubItem | undefined {
  const { persistItems, deliverPayloads } = node.config;
  const [item] = items;
  if (items.length > 1) {
    throw new StanzaError("bad-request", `one item is published at a time, not ${items.length}`);
  }
  if (!persistItems && !deliverPayloads) {
    if (item === undefined) return undefined;
    throw pubsubError("item-forbidden", `the node ${quoted(node.name)} takes no items`);
  }
  if (item === undefined) {
    throw pubsubError("item-required", `the node ${quoted(node.name)} needs an item`);
  }
  if (item.payload === undefined && deliverPayloads) {
    throw pubsubError("payload-required", `the node ${quoted(node.name)} needs a payload`);
  }
  return item;
}

function checkSize({ xml }: StoredItem, limit: number): void {
  const bytes = Buffer.byteLength(xml);
  if (limit === 0 || bytes <= limit) return;
  throw pubsubError("payload-too-big", `an item has at most ${limit} bytes, not ${bytes}`);
}

/** Puts an item into the node, in the place of one of its id, and takes away what is too old. */
function keep(
  engine: Engine,
  space: NodeSpace,
  node: PubsubNode,
  { id, value }: { readonly id: string; readonly value: StoredItem },
): Write[] {
  const { store, bounds, clock } = engine;
  const more = node.items.has(id) ? 0 : 1;
  const gone = new Set(surplus(engine, node, more));
  if (node.items.has(id)) gone.add(id);
  const bytes = bytesOf(id, value);
  const freed = [...gone].reduce((sum, old) => sum + (node.items.get(old)?.bytes ?? 0), 0);
  if (bounds.bytes > 0 && space.bytes - freed + bytes > bounds.bytes) {
    throw new StanzaError(
      "resource-constraint",
      `the items of ${space.owner} may take ${bounds.bytes} bytes in all; retract some first`,
    );
  }
  const at = Math.max(clock.now(), space.newest);
  for (const old of gone) space.take(node, old);
  space.put(node, { id, at, bytes });
  return [
    ...store.deleteItems(space.owner, node, [...gone]),
    store.putItem(space.owner, node, { id, at, value }),
  ];
}

/** As others get it. */
function shown(
  node: PubsubNode,
  { id, value, payload }: { id: string; value: StoredItem; payload: PubSubItem["payload"] },
): PubSubItem {
  const { deliverPayloads, itemReply } = node.config;
  return {
    id,
    publisher: itemReply === "publisher" ? value.publisher : undefined,
    payload: deliverPayloads ? payload : undefined,
  };
}

function mayRetract(
  engine: Engine,
  request: Request,
  node: PubsubNode,
  ids: readonly string[],
): Maybe<void> {
  const role = affiliation(request, node);
  if (role === "owner") return;
  const refusal = new StanzaError(
    "forbidden",
    `you may not take away what others published at ${quoted(node.name)}`,
  );
  if (role !== "publisher") throw refusal;
  const entries = ids.map((id) => node.items.get(id)).filter((entry) => entry !== undefined);
  return engine.store.items(request.space.owner, node.name, entries).then((items) => {
    const own = request.asker.bare.toString();
    const isOwn = items.every(({ publisher }) => publisher.split("/", 1)[0] === own);
    if (!isOwn) throw refusal;
  });
}
