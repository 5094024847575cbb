/** Push Notifications: XEP-0357 (0.4.1). */
import { PUSH_NS, pushDisable, pushEnable } from "@rookery/protocol";
import { defineModule, type Module } from "../../host.ts";
import {
  accountChanged,
  accountRemoved,
  messageFlow,
  messageHanded,
  messagesTaken,
  presenceFlow,
  sessionBegan,
  sessionEnded,
  sessionHibernates,
  sessionResumed,
} from "../../im/contract.ts";
import { options, type PushOptions } from "./options.ts";
import { Places } from "./places.ts";
import { Requests } from "./requests.ts";
import { Wakes } from "./wakes.ts";
import { Watch } from "./watch.ts";

export const pushModule: Module<PushOptions, void> = defineModule({
  name: "push",
  implements: [{ xep: 357, version: "0.4.1", status: "complete" }],
  options,

  async setup(host, chosen) {
    const places = await Places.open(host);
    const requests = new Requests(host, places);
    const watch = new Watch(host, places, new Wakes(host, places, chosen));

    host.feature("account", PUSH_NS);
    host.iq("own", "set", pushEnable, (request) => requests.enable(request));
    host.iq("own", "set", pushDisable, (request) => requests.disable(request));
    host.on(messageFlow, "reject", (event) => requests.withdraw(event));
    host.on(accountChanged, (change) => requests.changed(change));
    host.on(accountRemoved, (account) => places.forget(account));

    host.on(messageFlow, "keep", (event) => watch.message(event));
    host.on(presenceFlow, "record", (event) => watch.presence(event));
    host.on(messageHanded, (handed) => watch.handed(handed));
    host.on(messagesTaken, (taken) => watch.taken(taken));
    host.on(sessionBegan, (session) => watch.began(session));
    host.on(sessionHibernates, (session) => watch.hibernates(session));
    host.on(sessionResumed, (session) => watch.resumed(session));
    host.on(sessionEnded, (session) => watch.ended(session));
    host.signal.addEventListener("abort", () => watch.rest());
  },
});
