/** Creating, configuring, emptying and deleting nodes: XEP-0060 §8.1 to §8.5. */
import { pubsubError, pubsubUnsupported, quoted, StanzaError } from "@rookery/protocol";
import { type ConfigChange, configResult, sameConfig } from "./config.ts";
import { type Change, checkName, checkOwner, type Engine, type Request } from "./engine.ts";
import { PubsubNode } from "./node.ts";
import { isFull } from "./space.ts";

/** A node that is in no space yet. @throws StanzaError if it cannot be, or there are too many. */
export function makeNode(
  { defaults, bounds, clock }: Engine,
  { space }: Request,
  name: string,
  config: ConfigChange,
): PubsubNode {
  checkName("the name of a node", name);
  if (isFull(space.nodes.size, bounds.nodes)) {
    throw pubsubError(
      "max-nodes-exceeded",
      `${space.owner} has ${bounds.nodes} nodes already; delete one first`,
    );
  }
  return new PubsubNode(name, {
    config: { ...defaults, ...config },
    affiliations: new Map(),
    created: clock.now(),
  });
}

/** Creates a node (§8.1); without a name it gets one. @throws StanzaError `conflict` if it exists. */
export function createNode(
  engine: Engine,
  request: Request,
  { node: wanted, config }: { readonly node: string | undefined; readonly config: ConfigChange },
): Change & { readonly node: string } {
  checkOwner(request);
  const { space } = request;
  const name = wanted ?? engine.random.id();
  if (space.nodes.has(name)) {
    throw new StanzaError("conflict", `there is a node ${quoted(name)} already`);
  }
  const node = makeNode(engine, request, name, config);
  space.nodes.set(name, node);
  const writes = [engine.store.putNode(space.owner, node)];
  return { node: name, event: undefined, committed: engine.store.commit(space, writes) };
}

/** Changes the configuration of a node (§8.2.4); items that it has no room for any more go. */
export function configureNode(
  engine: Engine,
  request: Request,
  { node: name, config }: { readonly node: string; readonly config: ConfigChange },
): Change {
  checkOwner(request);
  const { space } = request;
  const node = space.get(name);
  const changed = { ...node.config, ...config };
  if (sameConfig(node.config, changed)) return { event: undefined, committed: Promise.resolve() };
  node.config = changed;
  const gone = changed.persistItems ? surplus(engine, node, 0) : [...node.items.keys()];
  for (const id of gone) space.take(node, id);
  const writes = [
    engine.store.putNode(space.owner, node),
    ...engine.store.deleteItems(space.owner, node, gone),
  ];
  const form = changed.deliverPayloads ? configResult(changed) : undefined;
  return {
    event: {
      node,
      event: { kind: "configuration", node: name, form },
      isTold: changed.notifyConfig,
    },
    committed: engine.store.commit(space, writes),
  };
}

/** Deletes a node with all its items and subscriptions (§8.4). */
export function deleteNode(
  engine: Engine,
  request: Request,
  { node: name, redirect }: { readonly node: string; readonly redirect?: string | undefined },
): Change {
  checkOwner(request);
  const { space } = request;
  const node = space.get(name);
  const writes = engine.store.deleteNode(space.owner, node);
  for (const id of node.items.keys()) space.take(node, id);
  space.nodes.delete(name);
  return {
    event: {
      node,
      event: { kind: "delete", node: name, redirect },
      isTold: node.config.notifyDelete,
    },
    committed: engine.store.commit(space, writes),
  };
}

/** Takes all items of a node away (§8.5). */
export function purgeNode(engine: Engine, request: Request, name: string): Change {
  checkOwner(request);
  const { space } = request;
  const node = space.get(name);
  if (!node.config.persistItems) {
    throw pubsubUnsupported("persistent-items", `the node ${quoted(name)} keeps no items`);
  }
  const ids = [...node.items.keys()];
  for (const id of ids) space.take(node, id);
  const writes = engine.store.deleteItems(space.owner, node, ids);
  return {
    event: { node, event: { kind: "purge", node: name }, isTold: true },
    committed: engine.store.commit(space, writes),
  };
}

/** Items beyond what the node may hold with so many more, and those that are over: to be taken away. */
export function surplus({ bounds, clock }: Engine, node: PubsubNode, more: number): string[] {
  const gone: string[] = [];
  const { maxItems } = node.config;
  const own = maxItems === "max" ? Number.POSITIVE_INFINITY : maxItems;
  const room = Math.min(own, bounds.items || Number.POSITIVE_INFINITY) - more;
  const alive = node.aliveSince(clock.now());
  let left = node.items.size;
  for (const { id, at } of node.items.values()) {
    // oldest first: what follows is neither over nor too much
    if (left <= room && at > alive) break;
    gone.push(id);
    left--;
  }
  return gone;
}
