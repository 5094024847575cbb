/** Affiliations and subscriptions: XEP-0060 §5.6, §5.7, §6.1, §6.2, §8.8, §8.9. */
import {
  type Jid,
  type PubSubAffiliation,
  type PubSubSubscription,
  pubsubError,
  pubsubUnsupported,
  quoted,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../../hooks.ts";
import { type Affiliation, denialOf, denied } from "./access.ts";
import { type Change, checkOwner, type Engine, type Request } from "./engine.ts";
import type { PubsubNode } from "./node.ts";
import { isFull } from "./space.ts";

/** Subscribes who asks, by its bare or full JID (§6.1). Again is no error. */
export function subscribe(
  engine: Engine,
  request: Request,
  { node: name, jid }: { readonly node?: string | undefined; readonly jid: Jid },
): Maybe<Change> {
  const { space, asker, relations } = request;
  checkSubscriber(asker, jid);
  if (name === undefined) {
    throw pubsubError("nodeid-required", "what belongs to one account has no node for all of it");
  }
  const node = space.get(name);
  return after(denialOf(node, asker, relations), (denial) => {
    if (denial) throw denied(denial);
    const key = jid.toString();
    if (node.subscribers.has(key)) return { event: undefined, committed: Promise.resolve() };
    if (isFull(node.subscribers.size, engine.bounds.subscribers)) {
      throw pubsubError(
        "too-many-subscriptions",
        `the node ${quoted(name)} has ${engine.bounds.subscribers} subscribers already`,
      );
    }
    node.subscribers.set(key, jid);
    const writes = [engine.store.putSubscription(space.owner, node, jid)];
    return { event: undefined, committed: engine.store.commit(space, writes) };
  });
}

/** Ends a subscription (§6.2). @throws StanzaError `unexpected-request` if there is none. */
export function unsubscribe(
  engine: Engine,
  { space, asker }: Request,
  { node: name, jid }: { readonly node?: string | undefined; readonly jid: Jid },
): Change {
  if (!jid.bare.equals(asker.bare)) {
    throw new StanzaError("forbidden", `${quoted(jid.toString())} is another one's address`);
  }
  const node = space.get(name ?? "");
  if (!node.subscribers.has(jid.toString())) {
    throw pubsubError("not-subscribed", `${jid} is not subscribed to ${quoted(node.name)}`);
  }
  return { event: undefined, committed: unsubscribeAll(engine, { space }, node, [jid]) };
}

/** Ends subscriptions that there are, whoever wants so. */
export function unsubscribeAll(
  { store }: Engine,
  { space }: Pick<Request, "space">,
  node: PubsubNode,
  jids: readonly Jid[],
): Promise<void> {
  for (const jid of jids) node.subscribers.delete(jid.toString());
  return store.commit(
    space,
    jids.map((jid) => store.deleteSubscription(space.owner, node, jid)),
  );
}

/** The subscriptions of who asks, at one node or at all (§5.6). */
export function subscriptionsOf(
  { space, asker }: Request,
  name: string | undefined,
): readonly PubSubSubscription[] {
  const nodes = name === undefined ? [...space.nodes.values()] : [space.get(name)];
  return nodes.flatMap((node) =>
    [...node.subscribers.values()]
      .filter((jid) => jid.bare.equals(asker.bare))
      .map((jid) => ({ node: node.name, jid, state: "subscribed" as const })),
  );
}

/** The affiliations of who asks (§5.7). */
export function affiliationsOf(
  { space, asker, relations }: Request,
  name: string | undefined,
): readonly { readonly node: string; readonly affiliation: PubSubAffiliation }[] {
  const isOwner = relations.isOwner(asker);
  const found: { node: string; affiliation: PubSubAffiliation }[] = [];
  for (const node of space.nodes.values()) {
    if (name !== undefined && name !== node.name) continue;
    const own = isOwner ? "owner" : node.affiliations.get(asker.bare.toString());
    if (own !== undefined) found.push({ node: node.name, affiliation: own });
  }
  return found;
}

/** Changes affiliations, all of them or none (§8.9.2). */
export function setAffiliations(
  engine: Engine,
  request: Request,
  name: string,
  changes: readonly { readonly jid: Jid; readonly affiliation: PubSubAffiliation }[],
): Change {
  checkOwner(request);
  const { space, relations } = request;
  const node = space.get(name);
  const affiliations = new Map(node.affiliations);
  for (const { jid, affiliation } of changes) {
    const key = jid.bare.toString();
    if (relations.isOwner(jid)) checkStaysOwner(affiliation);
    else if (affiliation === "none") affiliations.delete(key);
    else affiliations.set(key, supported(affiliation));
  }
  const { affiliations: bound } = engine.bounds;
  if (bound > 0 && affiliations.size > bound) {
    throw new StanzaError(
      "resource-constraint",
      `a node has at most ${bound} affiliations, not ${affiliations.size}`,
    );
  }
  node.affiliations = affiliations;
  const writes = [engine.store.putNode(space.owner, node)];
  return { event: undefined, committed: engine.store.commit(space, writes) };
}

/**
 * Ends subscriptions of others (§8.8.2). New ones are not made this way: nobody is to be told what
 * they did not ask for.
 */
export function setSubscriptions(
  engine: Engine,
  request: Request,
  name: string,
  changes: readonly PubSubSubscription[],
): Change {
  checkOwner(request);
  const { space } = request;
  const node = space.get(name);
  const gone: Jid[] = [];
  for (const { jid, state } of changes) {
    if (state === "none") gone.push(jid);
    else if (state !== "subscribed" || !node.subscribers.has(jid.toString())) {
      throw new StanzaError(
        "not-allowed",
        `a subscription can be ended by "none", and is begun by the subscriber: ${quoted(String(jid))}`,
      );
    }
  }
  return { event: undefined, committed: unsubscribeAll(engine, request, node, gone) };
}

/** §6.1.3.1: nobody subscribes others. */
function checkSubscriber(asker: Jid, jid: Jid): void {
  if (jid.equals(asker) || jid.equals(asker.bare)) return;
  throw pubsubError("invalid-jid", `you are ${asker}, and cannot subscribe ${quoted(String(jid))}`);
}

/** §8.9.2.5: the only owner stays one. */
function checkStaysOwner(affiliation: PubSubAffiliation): void {
  if (affiliation === "owner") return;
  throw new StanzaError("not-acceptable", `the only owner cannot become ${affiliation}`);
}

function supported(affiliation: PubSubAffiliation): Affiliation {
  switch (affiliation) {
    case "member":
    case "outcast":
    case "publisher":
      return affiliation;
    case "publish-only":
      throw pubsubUnsupported("publish-only-affiliation", "nobody publishes without reading here");
    default:
      throw new StanzaError("not-acceptable", "there is one owner, whose account it is");
  }
}
