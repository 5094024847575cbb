import type { ServerMechanism } from "@rookery/stream";

/** What a stream knows of its SASL negotiation. */
export interface SaslState {
  /** Failed attempts. */
  tries: number;
  /** The exchange in progress. */
  mechanism: ServerMechanism | undefined;
}
