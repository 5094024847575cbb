/** Flexible Offline Message Retrieval: XEP-0013 (1.3). */
import { OFFLINE_NS, offlineCountForm, offlineRequest } from "@rookery/protocol";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { disco, discoNode, discoNodeItems } from "../disco/contract.ts";
import { offline } from "../offline/contract.ts";
import { Requests } from "./requests.ts";

export const offlineRetrievalModule: Module<NoOptions, void> = defineModule({
  name: "offline-retrieval",
  implements: [{ xep: 13, version: "1.3", status: "complete" }],
  requires: [disco, offline],

  setup(host) {
    const requests = new Requests(host, host.use(offline));
    host.feature("host", OFFLINE_NS);
    host.on(discoNode, "answer", async (query) => {
      if (!requests.isFor(query)) return undefined;
      return {
        identities: [{ category: "automation", type: "message-list" }],
        features: [OFFLINE_NS],
        forms: [offlineCountForm((await requests.headers(query)).length)],
      };
    });
    host.on(discoNodeItems, "answer", (query) =>
      requests.isFor(query) ? requests.headers(query) : undefined,
    );
    host.iq("account", "get", offlineRequest, (request) => requests.send(request));
    host.iq("account", "set", offlineRequest, (request) => requests.remove(request));
  },
});
