import type { Jid } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Limits } from "../../config/limits.ts";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { contactBlocked } from "../../im/contract.ts";
import { Asking } from "./asking.ts";
import { Capabilities } from "./caps/capabilities.ts";
import { RemoteResources } from "./caps/remote.ts";
import type { Relations } from "./engine/access.ts";
import type { NodeConfig } from "./engine/config.ts";
import type { Engine, Request } from "./engine/engine.ts";
import type { NodeSpace, SpaceBounds } from "./engine/space.ts";
import { NodeStore } from "./engine/store.ts";

/** XEP-0163 §5, and one item a node: most nodes tell what is so now. */
const DEFAULTS: NodeConfig = {
  title: "",
  description: "",
  type: "",
  accessModel: "presence",
  rosterGroups: [],
  persistItems: true,
  maxItems: 1,
  itemExpire: "max",
  sendLast: "on_sub_and_presence",
  deliverPayloads: true,
  notifyConfig: false,
  notifyDelete: true,
  notifyRetract: true,
  notificationType: "headline",
  itemReply: "none",
};

/** The parts of personal eventing that belong together, for the accounts of one host. */
export class PepService {
  readonly host: Host;
  readonly engine: Engine;
  readonly capabilities: Capabilities;
  readonly remote: RemoteResources;

  private constructor(host: Host, store: NodeStore) {
    const { limits, clock, random } = host;
    this.host = host;
    this.engine = { store, bounds: boundsOf(limits), defaults: DEFAULTS, clock, random };
    this.capabilities = new Capabilities(new Asking(host), {
      entries: limits.capabilityEntries,
      interests: limits.capabilityInterests,
      questions: limits.capabilityQuestions,
    });
    this.remote = new RemoteResources(limits.pepRemoteResources);
  }

  static async open(host: Host): Promise<PepService> {
    return new PepService(host, await NodeStore.open(host, "pep"));
  }

  /** The nodes of an account; at once if they are in memory. */
  nodesOf(account: Jid): Maybe<NodeSpace> {
    return this.engine.store.of(account.toString());
  }

  /** A request of someone about the nodes of an account. */
  request(account: Jid, asker: Jid): Maybe<Request> {
    const relations = this.relations(account);
    return after(this.nodesOf(account), (space) => ({ space, asker, relations }));
  }

  /** How others stand to an account. */
  relations(account: Jid): Relations {
    const seesPresence = (asker: Jid): Maybe<boolean> => this.host.maySeePresence(account, asker);
    return {
      isOwner: (asker) => asker.bare.equals(account),
      seesPresence,
      groups: (asker) =>
        after(seesPresence(asker), (sees) => {
          if (!sees) return [];
          const roster = this.host.roster(account);
          return after(roster, (known) => known.get(asker.bare)?.groups ?? []);
        }),
    };
  }

  /** True if nothing may be sent to someone in the name of an account (XEP-0163 §4.3.3). */
  isBlocked(account: Jid, other: Jid): Maybe<boolean> {
    if (other.bare.equals(account)) return false;
    return after(this.host.run(contactBlocked, { account, other }), (blocked) => blocked === true);
  }

  forget(account: Jid): void {
    this.engine.store.forget(account.toString());
    this.remote.forget(account);
  }
}

/** For what happens in the background: nobody is there to be told but the log. */
export function inBackground(host: Host, what: string, work: () => Maybe<unknown>): void {
  const failed = (error: unknown): void => host.log.error(what, { error });
  try {
    const done = work();
    if (done instanceof Promise) done.catch(failed);
  } catch (error) {
    failed(error);
  }
}

function boundsOf(limits: Limits): SpaceBounds {
  return {
    nodes: limits.pepNodes,
    items: limits.pepItems,
    itemBytes: limits.pepItemBytes,
    bytes: limits.pepBytes,
    subscribers: limits.pepSubscribers,
    affiliations: limits.pepAffiliations,
  };
}
