/** What a component tells of itself: XEP-0030 (2.5.0). */
import {
  type DiscoIdentity,
  type DiscoInfo,
  type DiscoItem,
  discoInfo,
  discoItems,
  type Jid,
  ping,
  type Stanza,
  StanzaError,
} from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Entity } from "../entity.ts";

/** What somebody wants to know. */
export interface DiscoQuery {
  readonly from: Jid;
  /** Which address of the component is asked. */
  readonly to: Jid;
  readonly node: string | undefined;
}

/** What a {@link DiscoHook} tells; without items there are none. */
export interface DiscoAnswer {
  readonly identities?: readonly DiscoIdentity[];
  readonly features?: readonly string[];
  readonly forms?: DiscoInfo["forms"];
  readonly items?: readonly DiscoItem[];
}

/** Tells of nodes and of addresses at the component; undefined for what it does not know. */
export type DiscoHook = (query: DiscoQuery) => Maybe<DiscoAnswer | undefined>;

/** Answers service discovery. */
export class Disco {
  readonly #entity: Entity;
  readonly #identities: DiscoIdentity[] = [];
  readonly #features: Set<string> = new Set([discoInfo.ns, discoItems.ns, ping.ns]);
  readonly #items: DiscoItem[] = [];
  readonly #hooks: DiscoHook[] = [];

  constructor(entity: Entity) {
    this.#entity = entity;
    entity.iq("get", discoInfo, ({ query, iq }) => this.#info(queryOf(iq, query.node)));
    entity.iq("get", discoItems, ({ query, iq }) => this.#itemsOf(queryOf(iq, query.node)));
  }

  /** Declares what the component is, such as `{ category: "gateway", type: "irc" }`. */
  identity(...identities: readonly DiscoIdentity[]): void {
    this.#identities.push(...identities);
  }

  /** Declares what the component can, by namespaces. */
  feature(...features: readonly string[]): void {
    for (const feature of features) this.#features.add(feature);
  }

  /** Declares what belongs to the component. */
  item(...items: readonly DiscoItem[]): void {
    this.#items.push(...items);
  }

  /** Adds what tells of nodes and of other addresses; the first that knows answers. */
  hook(hook: DiscoHook): void {
    this.#hooks.push(hook);
  }

  async #info(query: DiscoQuery): Promise<Element> {
    const { node } = query;
    const { identities = [], features = [], forms = [] } = await this.#answer(query);
    return discoInfo.write({ node, identities, features, forms });
  }

  async #itemsOf(query: DiscoQuery): Promise<Element> {
    const { items = [] } = await this.#answer(query);
    return discoItems.write({ node: query.node, items });
  }

  async #answer(query: DiscoQuery): Promise<DiscoAnswer> {
    if (query.node === undefined && query.to.equals(this.#entity.jid)) {
      const features = [...this.#features];
      return { identities: this.#identities, features, items: this.#items };
    }
    for (const hook of this.#hooks) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await hook(query);
      if (answer !== undefined) return answer;
    }
    // XEP-0030 §7; an address without a node may not be there at all
    throw new StanzaError(query.node === undefined ? "service-unavailable" : "item-not-found");
  }
}

function queryOf(iq: Stanza, node: string | undefined): DiscoQuery {
  return { from: iq.from, to: iq.to ?? iq.from.bare, node };
}
