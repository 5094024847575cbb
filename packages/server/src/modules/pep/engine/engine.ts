import { type Jid, type PubSubEvent, StanzaError } from "@rookery/protocol";
import type { Clock, Random } from "../../../clock.ts";
import { type Affiliation, affiliationOf, type Relations } from "./access.ts";
import type { NodeConfig } from "./config.ts";
import type { PubsubNode } from "./node.ts";
import type { NodeSpace, SpaceBounds } from "./space.ts";
import type { NodeStore } from "./store.ts";

/**
 * What carries out requests about nodes (XEP-0060), whoever they belong to: the account of a user,
 * or a service. It decides, changes and stores; whoever uses it tells who is who ({@link Relations})
 * and notifies.
 */
export interface Engine {
  readonly store: NodeStore;
  readonly bounds: SpaceBounds;
  /** The configuration that nodes begin with. */
  readonly defaults: NodeConfig;
  readonly clock: Clock;
  readonly random: Random;
}

/** The nodes of one owner, and who asks something of them. */
export interface Request {
  readonly space: NodeSpace;
  readonly asker: Jid;
  readonly relations: Relations;
}

/** What happened to a node. */
export interface NodeEvent {
  /** It may be deleted by now. */
  readonly node: PubsubNode;
  readonly event: PubSubEvent;
  /** Whether those who are interested are told, once it is stored. */
  readonly isTold: boolean;
}

/** What became of a request; in memory it is done. */
export interface Change {
  readonly event: NodeEvent | undefined;
  /** Settles after the commit. */
  readonly committed: Promise<void>;
}

/** The longest name of a node or id of an item, in UTF-8. */
const NAME_BYTES = 1023;

/** @throws StanzaError `not-acceptable` for a name that is too long. */
export function checkName(what: string, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= NAME_BYTES) return;
  throw new StanzaError(
    "not-acceptable",
    `${what} has at most ${NAME_BYTES} bytes, this one has ${bytes}`,
  );
}

export function affiliation(request: Request, node: PubsubNode): Affiliation {
  return affiliationOf(node, request.asker, request.relations);
}

/** @throws StanzaError `forbidden` for one who does not own the nodes (§8). */
export function checkOwner({ asker, relations, space }: Request): void {
  if (relations.isOwner(asker)) return;
  throw new StanzaError(
    "forbidden",
    `the nodes of ${space.owner} are managed by their owner alone`,
  );
}
