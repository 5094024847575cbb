/** Private XML Storage: XEP-0049 (1.2). */
import {
  isReservedForPrivateData,
  PRIVATE_NS,
  privateData,
  quoted,
  StanzaError,
} from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { PrivateStore } from "./store.ts";

/**
 * Others than the owner find no handler: they hear `service-unavailable`, as for an account that
 * there is not (§2.3 allows it beside `forbidden`, which would tell that there is one).
 */
export const privateStorageModule: Module<NoOptions, void> = defineModule({
  name: "private-storage",
  implements: [{ xep: 49, version: "1.2", status: "complete" }],

  async setup(host) {
    const store = await PrivateStore.open(host);
    host.feature("host", PRIVATE_NS);
    host.iq("own", "get", privateData, async ({ query, account }) => {
      const asked = askedFor(query);
      const kept = await store.get(account, asked);
      return privateData.write(kept.length > 0 ? kept : [el(asked.ns, asked.name)]);
    });
    host.iq("own", "set", privateData, ({ query, account }) => {
      if (query.length === 0) {
        throw new StanzaError("not-acceptable", "nothing to keep: <query/> is empty");
      }
      checkNamespaces(query);
      return store.set(account, query);
    });
  },
});

/** §2.3: one namespace in a request. */
function askedFor(query: readonly Element[]): Element {
  const [asked, ...others] = query;
  if (asked === undefined || others.length > 0) {
    throw new StanzaError("bad-request", `a request asks for one element, not ${query.length}`);
  }
  checkNamespaces(query);
  return asked;
}

function checkNamespaces(elements: readonly Element[]): void {
  for (const { ns, name } of elements) {
    if (!isReservedForPrivateData(ns)) continue;
    throw new StanzaError(
      "not-acceptable",
      `${quoted(name)} of ${quoted(ns)} is in a reserved namespace`,
    );
  }
}
