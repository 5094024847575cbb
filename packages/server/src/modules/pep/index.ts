/**
 * Personal eventing: XEP-0163 (1.2.2) over XEP-0060 (1.30.0), with what XEP-0223 (1.1.1) and XEP-0222
 * ask of it. Interests come from XEP-0115 (1.6.0) and XEP-0390 (0.3.2).
 */
import { after } from "@rookery/stream";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { accountRemoved } from "../../im/contract.ts";
import { disco } from "../disco/contract.ts";
import type { OwnPublication, Pep } from "./contract.ts";
import { beDiscovered } from "./discovery.ts";
import { publish } from "./engine/publish.ts";
import { Notifier } from "./notify.ts";
import { followPresence } from "./presence.ts";
import { answerRequests } from "./requests.ts";
import { PepService } from "./service.ts";

export const pepModule: Module<NoOptions, Pep> = defineModule<NoOptions, Pep>({
  name: "pep",
  implements: [
    { xep: 60, version: "1.30.0", status: "partial" },
    { xep: 115, version: "1.6.0", status: "partial" },
    { xep: 163, version: "1.2.2", status: "complete" },
    { xep: 222, version: "1.1.1", status: "complete" },
    { xep: 223, version: "1.1.1", status: "complete" },
    { xep: 390, version: "0.3.2", status: "partial" },
  ],
  requires: [disco],

  async setup(host) {
    const service = await PepService.open(host);
    const notifier = new Notifier(service);
    beDiscovered(service);
    answerRequests(service, notifier);
    followPresence(service);
    host.on(accountRemoved, (account) => service.forget(account));
    return {
      publish: async (publication) => publishOwn(service, notifier, publication),
      items: (account, name) =>
        after(service.nodesOf(account), (space) => {
          const node = space.nodes.get(name);
          if (node === undefined) return [];
          const present = node.present(host.clock.now());
          return service.engine.store.items(account.toString(), name, present);
        }),
    };
  },
});

async function publishOwn(
  service: PepService,
  notifier: Notifier,
  { account, id, payload, ...rest }: OwnPublication,
): Promise<void> {
  const request = await service.request(account, account);
  const items = [{ id, payload }];
  const { event, committed } = publish(service.engine, request, { ...rest, items });
  notifier.after(account, event, committed);
  await committed;
}
