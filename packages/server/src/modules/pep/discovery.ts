/** What service discovery tells of personal eventing: XEP-0163 (1.2.2) §6, XEP-0060 (1.30.0) §5. */
import { type DiscoItem, discoItems, PUBSUB_NS } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import { type IqEvent, iqFlow } from "../../im/contract.ts";
import {
  type DiscoNode,
  type DiscoQuery,
  discoIdentities,
  discoItemsOf,
  discoNode,
  discoNodeItems,
} from "../disco/contract.ts";
import { denialOf } from "./engine/access.ts";
import { metaDataForm } from "./engine/config.ts";
import type { PubsubNode } from "./engine/node.ts";
import type { PepService } from "./service.ts";

/** XEP-0060 §10: what works, by the names after `#`. */
const FEATURES = [
  "access-open",
  "access-presence",
  "access-roster",
  "access-whitelist",
  "auto-create",
  "auto-subscribe",
  "config-node",
  "config-node-max",
  "create-and-configure",
  "create-nodes",
  "delete-items",
  "delete-nodes",
  "filtered-notifications",
  "instant-nodes",
  "item-ids",
  "last-published",
  "manage-subscriptions",
  "member-affiliation",
  "meta-data",
  "modify-affiliations",
  "multi-items",
  "outcast-affiliation",
  "persistent-items",
  "presence-subscribe",
  "publish",
  "publish-options",
  "publisher-affiliation",
  "purge-nodes",
  "retract-items",
  "retrieve-affiliations",
  "retrieve-default",
  "retrieve-items",
  "retrieve-subscriptions",
  "rsm",
  "subscribe",
];
/** XEP-0223 §6: what clients look for at the host before they keep private data. */
const HOST_FEATURES = ["publish-options"];

/** Takes part in service discovery. */
export function beDiscovered(pep: PepService): void {
  const { host } = pep;
  host.feature("account", PUBSUB_NS, ...FEATURES.map((name) => `${PUBSUB_NS}#${name}`));
  host.feature("host", ...HOST_FEATURES.map((name) => `${PUBSUB_NS}#${name}`));
  host.on(discoIdentities, ({ node }) =>
    node === undefined ? [{ category: "pubsub", type: "pep" }] : [],
  );
  host.on(iqFlow, "rewrite", (event) => fetchNodes(pep, event));
  host.on(discoItemsOf, (query) => items(pep, query));
  host.on(discoNode, "answer", (query) => describe(pep, query));
  host.on(discoNodeItems, "answer", (query) => itemsOfNode(pep, query));
}

/** The list of items is asked for without waiting: what it needs is read before. */
function fetchNodes(pep: PepService, { stanza, account, direction }: IqEvent): Maybe<undefined> {
  if (direction !== "received" || stanza.type !== "get" || !stanza.to?.isBare) return;
  if (!stanza.has(discoItems.ns, discoItems.name)) return;
  return after(pep.host.maySeePresence(account, stanza.from), (sees) =>
    sees ? after(pep.nodesOf(account), () => undefined) : undefined,
  );
}

/** Those nodes that the asker may see (XEP-0163 §6.2). */
function items(pep: PepService, { target, entity, from, node }: DiscoQuery): DiscoItem[] {
  if (target !== "account" || node !== undefined) return [];
  const space = pep.nodesOf(entity);
  if (space instanceof Promise) return [];
  const relations = pep.relations(entity);
  const visible: DiscoItem[] = [];
  for (const one of space.nodes.values()) {
    // what is not known at once is not shown
    if (denialOf(one, from, relations) !== undefined) continue;
    visible.push({ jid: entity, node: one.name, name: one.config.title || undefined });
  }
  return visible;
}

function describe(pep: PepService, query: DiscoQuery): Maybe<DiscoNode | undefined> {
  return withNode(pep, query, (node) => ({
    identities: [{ category: "pubsub", type: "leaf", name: node.config.title || undefined }],
    features: [PUBSUB_NS],
    forms: [metaDataForm(node.config)],
  }));
}

/** §5.5: the names of items are their ids. */
function itemsOfNode(pep: PepService, query: DiscoQuery): Maybe<readonly DiscoItem[] | undefined> {
  return withNode(pep, query, (node) =>
    node.present(pep.engine.clock.now()).map(({ id }) => ({ jid: query.entity, name: id })),
  );
}

/** Goes on with the node that is asked for, if the asker may see it. */
function withNode<T>(
  pep: PepService,
  { target, entity, from, node: name }: DiscoQuery,
  goOn: (node: PubsubNode) => T,
): Maybe<T | undefined> {
  if (target !== "account" || name === undefined) return undefined;
  return after(pep.nodesOf(entity), ({ nodes }) => {
    const node = nodes.get(name);
    if (node === undefined) return undefined;
    return after(denialOf(node, from, pep.relations(entity)), (denial) =>
      denial === undefined ? goOn(node) : undefined,
    );
  });
}
