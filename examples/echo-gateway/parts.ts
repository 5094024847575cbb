import type { Component } from "@rookery/client";
import type { Jid } from "@rookery/protocol";
import type { Network } from "./network.ts";
import type { Registrations } from "./registrations.ts";
import type { Sessions } from "./sessions.ts";
import type { Turns } from "./turns.ts";

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly network: Network;
  readonly registrations: Registrations;
  /** Who may register; think of those who reach the server from others (federation). */
  readonly allows: (user: Jid) => boolean;
  /** Is told of errors that nobody can be answered with. */
  readonly onError: (error: unknown) => void;
}

/** What the parts of a gateway share. */
export interface GatewayParts extends GatewayOptions {
  readonly component: Component;
  readonly sessions: Sessions;
  readonly turns: Turns;
}
