/** A gateway to another network: XEP-0100 (1.0). */
import type { Component } from "@rookery/client";
import { JID_ESCAPING, Jid } from "@rookery/protocol";
import { relayMessages } from "./messages.ts";
import type { GatewayOptions, GatewayParts } from "./parts.ts";
import { servePresence } from "./presence.ts";
import { servePrompt } from "./prompt.ts";
import { serveRegistration } from "./registration.ts";
import { Sessions } from "./sessions.ts";
import { Turns } from "./turns.ts";

/**
 * Makes a component a gateway.
 *
 * @returns a function that logs everybody out, to be called before the component is stopped.
 */
export function gateway(component: Component, options: GatewayOptions): () => Promise<void> {
  const sessions = new Sessions({ component, ...options });
  const parts: GatewayParts = { ...options, component, sessions, turns: new Turns() };
  const { type, name } = options.network;
  component.disco.identity({ category: "gateway", type, name });
  component.disco.feature(JID_ESCAPING);
  serveRegistration(parts);
  servePrompt(parts);
  servePresence(parts);
  relayMessages(parts);
  // also when the connection comes back: the server may have been away as well
  component.onConnected(() => void sessions.askAll().catch(options.onError));
  return async () => {
    for (const user of sessions.users) await sessions.logOut(Jid.parse(user));
  };
}
