import type { DiscoIdentity, DiscoItem, Form, Jid } from "@rookery/protocol";
import { type Chain, type Collect, chain, collect } from "../../hooks.ts";
import type { ModuleRef } from "../../host.ts";

/** Who asks whom about what. */
export interface DiscoQuery {
  /** `account`: a bare JID of the host; `host`: the host itself. */
  readonly target: "account" | "host";
  /** The bare JID that is asked. */
  readonly entity: Jid;
  readonly from: Jid;
  readonly node: string | undefined;
}

/** What is told of a node, or undefined where a module does not know it. */
export interface DiscoNode {
  readonly identities: readonly DiscoIdentity[];
  readonly features: readonly string[];
  readonly forms: readonly Form[];
}

/** Further identities of an entity (no node). */
export const discoIdentities: Collect<DiscoQuery, DiscoIdentity> = collect("disco/identities");
/** Further forms about an entity (XEP-0128; no node). */
export const discoForms: Collect<DiscoQuery, Form> = collect("disco/forms");
/** Items of an entity, or of a node of it that no handler of {@link discoNodeItems} knows. */
export const discoItemsOf: Collect<DiscoQuery, DiscoItem> = collect("disco/items");
/** What a node is; the first that knows it answers. */
export const discoNode: Chain<DiscoQuery, DiscoNode, "answer"> = chain("disco/node", ["answer"]);

/** The items of a node; the first that knows the node answers, with none if it has none. */
export const discoNodeItems: Chain<DiscoQuery, readonly DiscoItem[], "answer"> = chain(
  "disco/node-items",
  ["answer"],
);

/** For `requires`. */
export const disco: ModuleRef<void> = { name: "disco" };
