/** Who may do what with a node: XEP-0060 §4.1, §4.5. */
import { type Jid, pubsubError, type StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../../hooks.ts";
import type { PubsubNode } from "./node.ts";

/** §4.1; what is not listed is `none`. There is one owner: whose service it is. */
export type Affiliation = "owner" | "publisher" | "member" | "outcast" | "none";

/** Why someone may not see a node. */
export type Denial = "outcast" | "presence" | "roster" | "whitelist";

/** How those who ask stand to the owner of the nodes; given by whoever uses the engine. */
export interface Relations {
  isOwner(asker: Jid): boolean;
  /** True if they are subscribed to the owner's presence. */
  seesPresence(asker: Jid): Maybe<boolean>;
  /** The groups of the owner's roster that they are in, if they are subscribed to its presence. */
  groups(asker: Jid): Maybe<readonly string[]>;
}

export function affiliationOf(node: PubsubNode, asker: Jid, relations: Relations): Affiliation {
  if (relations.isOwner(asker)) return "owner";
  return node.affiliations.get(asker.bare.toString()) ?? "none";
}

export function mayPublish(affiliation: Affiliation): boolean {
  return affiliation === "owner" || affiliation === "publisher";
}

/** Whether someone may subscribe and retrieve: undefined if so, or why not (§6.1.3, §6.5.1). */
export function denialOf(
  node: PubsubNode,
  asker: Jid,
  relations: Relations,
): Maybe<Denial | undefined> {
  const affiliation = affiliationOf(node, asker, relations);
  if (affiliation === "outcast") return "outcast";
  if (affiliation !== "none") return undefined;
  switch (node.config.accessModel) {
    case "open":
      return undefined;
    case "presence":
      return after(relations.seesPresence(asker), (sees) => (sees ? undefined : "presence"));
    case "roster":
      return after(relations.groups(asker), (groups) => {
        const isIn = groups.some((group) => node.config.rosterGroups.includes(group));
        return isIn ? undefined : "roster";
      });
    case "whitelist":
      return "whitelist";
  }
}

/** The error that tells why (§6.1.3, §6.5.9). */
export function denied(denial: Denial): StanzaError {
  switch (denial) {
    case "outcast":
      return pubsubError("closed-node", "the owner of the node has shut you out", "forbidden");
    case "presence":
      return pubsubError(
        "presence-subscription-required",
        "this node is for those who are subscribed to its owner's presence",
      );
    case "roster":
      return pubsubError(
        "not-in-roster-group",
        "this node is for some groups of its owner's roster",
      );
    case "whitelist":
      return pubsubError("closed-node", "this node is for those its owner names");
  }
}
