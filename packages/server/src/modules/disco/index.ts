/**
 * Service Discovery: XEP-0030 (2.5.0), with extensions by XEP-0128 (1.0.1) and the contact
 * addresses of XEP-0157 (1.1.1).
 */
import {
  type ContactAddresses,
  contactForm,
  type DiscoIdentity,
  type DiscoItem,
  discoInfo,
  discoItems,
  type Form,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import { defineModule, type Host, type Module } from "../../host.ts";
import type { IqRequest } from "../../iq.ts";
import {
  type DiscoQuery,
  discoForms,
  discoIdentities,
  discoItemsOf,
  discoNode,
  discoNodeItems,
} from "./contract.ts";
import { type DiscoOptions, options } from "./options.ts";

export const discoModule: Module<DiscoOptions, void> = defineModule({
  name: "disco",
  implements: [
    { xep: 30, version: "2.5.0", status: "complete" },
    { xep: 128, version: "1.0.1", status: "complete" },
    { xep: 157, version: "1.1.1", status: "complete" },
  ],
  options,

  setup(host, { name, contact }) {
    host.on(discoIdentities, ({ target, entity }) => {
      // XEP-0175 §4
      const isGuest = target === "account" && host.accounts.isGuest?.(entity);
      return [isGuest ? { category: "account", type: "anonymous" } : identity(target, name)];
    });
    host.on(discoItemsOf, (query) => services(host, query));
    host.on(discoForms, ({ target }) => (target === "host" ? contactForms(contact) : []));
    for (const target of ["host", "account"] as const) {
      host.feature(target, discoInfo.ns, discoItems.ns);
      host.iq(target, "get", discoInfo, (request) =>
        permitted(host, queryOf(target, request), (query) => describe(host, query)),
      );
      host.iq(target, "get", discoItems, (request) =>
        permitted(host, queryOf(target, request), (query) => list(host, query)),
      );
    }
  },
});

function identity(target: "account" | "host", name: string): DiscoIdentity {
  return target === "host"
    ? { category: "server", type: "im", name }
    : { category: "account", type: "registered" };
}

/** XEP-0030 §4.1: the services of the host, which are the components that answer now. */
function services(host: Host, { target, node }: DiscoQuery): DiscoItem[] {
  if (target !== "host" || node !== undefined) return [];
  return host.components().map((jid) => ({ jid }));
}

function contactForms(contact: ContactAddresses): Form[] {
  const known = Object.values(contact).some((uris) => uris !== undefined && uris.length > 0);
  return known ? [contactForm(contact)] : [];
}

function queryOf(
  target: "account" | "host",
  { iq, account, query }: IqRequest<{ readonly node?: string | undefined }>,
): DiscoQuery {
  return { target, entity: account, from: iq.from, node: query.node };
}

/** An account tells only those who may see its presence that it is there (XEP-0030 §8). */
function permitted(
  host: Host,
  query: DiscoQuery,
  answer: (query: DiscoQuery) => Maybe<Element>,
): Maybe<Element> {
  if (query.target === "host") return answer(query);
  const decide = (may: boolean): Maybe<Element> => {
    if (may) return answer(query);
    throw new StanzaError("service-unavailable");
  };
  const may = host.maySeePresence(query.entity, query.from);
  return after(may, decide);
}

function describe(host: Host, query: DiscoQuery): Maybe<Element> {
  if (query.node === undefined) {
    return discoInfo.write({
      identities: host.gather(discoIdentities, query),
      features: host.features(query.target),
      forms: host.gather(discoForms, query),
    });
  }
  const found = host.run(discoNode, query);
  return after(found, write);

  function write(node: Awaited<typeof found>): Element {
    if (node === undefined) throw new StanzaError("item-not-found");
    return discoInfo.write({ node: query.node, ...node });
  }
}

/**
 * The items of the host are its services. The resources of an account are not told: those who may
 * see its presence know them (XEP-0030 §8 allows an empty list).
 */
function list(host: Host, query: DiscoQuery): Maybe<Element> {
  const { node } = query;
  if (node === undefined) return discoItems.write({ items: host.gather(discoItemsOf, query) });
  return after(host.run(discoNodeItems, query), (known) => {
    const items = known ?? host.gather(discoItemsOf, query);
    if (known === undefined && items.length === 0) throw new StanzaError("item-not-found");
    return discoItems.write({ node, items });
  });
}
