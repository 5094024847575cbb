/**
 * The clients of an account, for its owner: an ad-hoc command (XEP-0050) at the own account lists
 * them, and signs out those that are chosen.
 */
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { addCommand, commands } from "../commands/contract.ts";
import { devicesCommand } from "./command.ts";

export const devicesModule: Module<NoOptions, void> = defineModule({
  name: "devices",
  implements: [],
  requires: [commands],

  setup(host) {
    addCommand(host, "account", devicesCommand(host));
  },
});
