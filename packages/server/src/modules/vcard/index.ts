/** vcard-temp: XEP-0054 (1.3.0). */
import { type Jid, StanzaError, VCARD_NS, vcard } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { z } from "zod";
import type { Maybe } from "../../hooks.ts";
import { defineModule, type Host, type Module } from "../../host.ts";
import { type IqEvent, iqFlow } from "../../im/contract.ts";
import { type IqAnswer, type IqRequest, notOffered } from "../../iq.ts";
import { type Vcards, vcardChanged } from "./contract.ts";
import { VcardStore } from "./store.ts";

export interface VcardOptions {
  readonly visibility: "everyone" | "contacts";
}

const options: z.ZodType<VcardOptions> = z.strictObject({
  visibility: z
    .enum(["everyone", "contacts"])
    .default("everyone")
    .describe(
      "Who may see the vCard of an account: everyone, or contacts that may see its presence.",
    ),
});

export const vcardModule: Module<VcardOptions, Vcards> = defineModule({
  name: "vcard",
  implements: [{ xep: 54, version: "1.3.0", status: "complete" }],
  options,

  async setup(host, { visibility }) {
    const store = await VcardStore.open(host);
    host.feature("host", VCARD_NS);
    host.feature("account", VCARD_NS);
    host.on(iqFlow, "reject", refuseForeignSet);
    host.iq("own", "set", vcard, (request) => set(host, store, request));
    host.iq("account", "get", vcard, (request) => {
      const { iq, account } = request;
      if (iq.from.bare.equals(account)) return own(store, account);
      const may = visibility === "everyone" || host.maySeePresence(account, iq.from);
      return after(may, (allowed) => others(store, request, allowed));
    });
    return { get: (account) => store.get(account), listed: () => store.listed() };
  },
});

/** §3.2: an account that there is not answers alike, or one could ask for all of them. */
function refuseForeignSet({ stanza, account, direction }: IqEvent): void {
  if (direction !== "received" || stanza.type !== "set" || !stanza.to?.isBare) return;
  if (!stanza.has(vcard.ns, vcard.name) || stanza.from.bare.equals(account)) return;
  throw new StanzaError("forbidden", "a vCard is changed by its owner alone");
}

/** §3.1 */
async function own(store: VcardStore, account: Jid): Promise<Element> {
  const card = await store.get(account);
  if (card === undefined) throw new StanzaError("item-not-found");
  return card;
}

/** §3.3: no vCard, none to see and no account look the same. */
function others(
  store: VcardStore,
  { iq, account }: IqRequest<Element>,
  allowed: boolean,
): Maybe<Element> {
  if (!allowed) throw notOffered(iq);
  return store.get(account).then((card) => {
    if (card === undefined) throw notOffered(iq);
    return card;
  });
}

function set(host: Host, store: VcardStore, { account, query }: IqRequest<Element>): IqAnswer {
  const stored = store.set(account, query);
  const committed = stored.then((change) => host.emit(vcardChanged, change));
  return { committed };
}
