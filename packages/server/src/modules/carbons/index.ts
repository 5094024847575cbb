/** Message Carbons: XEP-0280 (1.0.1). */
import { CARBONS_NS, CARBONS_RULES, carbonsDisable, carbonsEnable } from "@rookery/protocol";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { messageFlow } from "../../im/contract.ts";
import { type BindInline, bindInline } from "../../streams/feature.ts";
import { copy, wantsCopies } from "./copies.ts";

export const carbonsModule: Module<NoOptions, void> = defineModule({
  name: "carbons",
  implements: [{ xep: 280, version: "1.0.1", status: "complete" }],

  setup(host) {
    host.feature("host", CARBONS_NS, CARBONS_RULES);
    host.iq("own", "set", carbonsEnable, ({ session }) => session?.set(wantsCopies, true));
    host.iq("own", "set", carbonsDisable, ({ session }) => session?.set(wantsCopies, false));
    host.on(bindInline, () => [withBinding]);
    host.on(messageFlow, "copy", (event) => copy(host, event));
  },
});

/** Copies are asked for together with the binding of a resource (XEP-0386 §3.2). */
const withBinding: BindInline = {
  ns: CARBONS_NS,
  ask(session, element) {
    if (element.is(CARBONS_NS, carbonsEnable.name)) session.set(wantsCopies, true);
  },
};
