/** In-Band Registration: XEP-0077 (2.4), for accounts of the host. */
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { streamFeatures } from "../../streams/feature.ts";
import type { Registration } from "./contract.ts";
import { Departures } from "./departures.ts";
import { offerOwnAccount } from "./own-account.ts";
import { Registrar } from "./registrar.ts";
import { RegistrationFeature } from "./stream-feature.ts";

export const registrationModule: Module<NoOptions, Registration> = defineModule({
  name: "registration",
  implements: [{ xep: 77, version: "2.4", status: "complete" }],

  async setup(host) {
    const registrar = new Registrar(host);
    // accounts from elsewhere, as of a directory service, are made and changed there
    if (!host.administration.managed) return registrar;
    const feature = new RegistrationFeature(host, registrar);
    host.on(streamFeatures, ({ user }) => (user === undefined ? [feature] : []));
    offerOwnAccount(host, await Departures.open(host));
    return registrar;
  },
});
