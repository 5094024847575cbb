/**
 * Invitations: Easy User Onboarding XEP-0401 (0.6.0), Pre-Authenticated In-Band Registration XEP-0445
 * (0.2.0), and the server's part of Pre-Authenticated Roster Subscription XEP-0379 (0.3.3).
 */
import { preauth, StanzaError } from "@rookery/protocol";
import { defineModule, type Module } from "../../host.ts";
import { type SubscriptionRequest, subscriptionGranted } from "../../im/contract.ts";
import { streamFeatures } from "../../streams/feature.ts";
import { addCommand, commands } from "../commands/contract.ts";
import { nameHeld, registration, registrationPass } from "../registration/contract.ts";
import { inviteCommands } from "./commands.ts";
import type { Invitations } from "./contract.ts";
import { type InvitationOptions, options } from "./options.ts";
import { PreauthFeature } from "./preauth-feature.ts";
import { InvitationService } from "./service.ts";
import { InvitationStore } from "./store.ts";

export const invitationsModule: Module<InvitationOptions, Invitations> = defineModule({
  name: "invitations",
  implements: [
    { xep: 401, version: "0.6.0", status: "complete" },
    { xep: 445, version: "0.2.0", status: "complete" },
    { xep: 379, version: "0.3.3", status: "complete" },
  ],
  requires: [commands, registration],
  options,

  async setup(host, chosen) {
    const store = await InvitationStore.open(host);
    const service = new InvitationService(host, chosen, store, host.use(registration));
    host.on(subscriptionGranted, "answer", (request) => granted(service, request));
    for (const command of inviteCommands(host, chosen, service)) addCommand(host, "host", command);
    if (!host.administration.managed) return service;
    const feature = new PreauthFeature(host, service);
    host.on(streamFeatures, ({ user }) => (user === undefined ? [feature] : []));
    host.on(registrationPass, "answer", (stream) => feature.passOf(stream));
    host.on(nameHeld, "answer", async ({ account, pass }) =>
      (await service.isHeld(account, pass)) ? true : undefined,
    );
    return service;
  },
});

/** XEP-0379 §4.1: what is malformed or unknown is as if it were not there. */
function granted(
  service: InvitationService,
  { account, stanza }: SubscriptionRequest,
): Promise<true | undefined> | undefined {
  try {
    const shown = preauth.in(stanza);
    if (shown === undefined) return undefined;
    return service
      .grants(account, shown.token, stanza)
      .then((isGranted) => (isGranted ? true : undefined));
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return undefined;
  }
}
