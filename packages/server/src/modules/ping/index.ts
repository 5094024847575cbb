/** XMPP Ping: XEP-0199 (2.0.1). Answers for the host and for accounts; the keep-alive of streams asks. */
import { ping } from "@rookery/protocol";
import { defineModule, type Module, type NoOptions } from "../../host.ts";

export const pingModule: Module<NoOptions, void> = defineModule({
  name: "ping",
  implements: [{ xep: 199, version: "2.0.1", status: "complete" }],

  setup(host) {
    host.feature("host", ping.ns);
    host.feature("account", ping.ns);
    host.iq("host", "get", ping, () => {});
    host.iq("own", "get", ping, () => {});
  },
});
