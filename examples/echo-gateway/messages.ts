import { body, StanzaError, textIn } from "@rookery/protocol";
import { contactAt } from "./addresses.ts";
import type { GatewayParts } from "./parts.ts";
import { stanzaErrorOf } from "./stanza-errors.ts";

/** What users say goes to the network, in its order; what fails comes back (XEP-0100 §4.8). */
export function relayMessages({ component, turns, sessions }: GatewayParts): void {
  component.onMessage(async ({ from, to, children, lang, type }) => {
    const text = textIn({ children, lang }, body);
    // someone is typing, or has read something: this network has no word for it
    if (text === undefined) return;
    const contact = contactAt(to);
    if (contact === undefined || type === "groupchat") {
      throw new StanzaError("service-unavailable", "messages go to the contacts of the gateway");
    }
    try {
      await turns.take(from.bare.toString(), async () => {
        const { login } = await sessions.need(from.bare);
        await login.send(contact, text);
      });
    } catch (error) {
      throw stanzaErrorOf(error);
    }
  });
}
