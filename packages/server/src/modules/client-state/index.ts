/** Client State Indication: XEP-0352 (1.0.0). */
import { defineModule, type Module } from "../../host.ts";
import { sessionEnded, sessionHibernates } from "../../im/contract.ts";
import { bindInline, streamFeatures } from "../../streams/feature.ts";
import { InactiveClients } from "./clients.ts";
import { type ClientStateOptions, options } from "./options.ts";
import { stateFeature, stateWithBinding } from "./stream-feature.ts";

export const clientStateModule: Module<ClientStateOptions, void> = defineModule({
  name: "client-state",
  implements: [{ xep: 352, version: "1.0.0", status: "complete" }],
  options,

  setup(host, { hold }) {
    const clients = new InactiveClients(host, hold);
    host.on(streamFeatures, () => [stateFeature(clients)]);
    host.on(bindInline, () => [stateWithBinding(clients)]);
    // a session that is resumed is active (§5.2), and what waits in it outlives a restart
    host.on(sessionHibernates, (session) => clients.active(session));
    host.on(sessionEnded, (session) => clients.ended(session));
    host.signal.addEventListener("abort", () => clients.allActive());
  },
});
