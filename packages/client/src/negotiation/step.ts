import type { Jid } from "@rookery/protocol";
import type { Crypto } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Channel } from "../channel.ts";

/** What is known of the client while it logs in. */
export interface Login {
  readonly channel: Channel;
  /** The account, with the resource that is asked for if there is one. */
  readonly jid: Jid;
  readonly password: string;
  /** Nothing of importance is said in the clear. */
  readonly requireTls: boolean;
  /** The password may be sent as it is without TLS: only to a server on the same machine. */
  readonly plainWithoutTls: boolean;
  readonly crypto: Crypto;
  /** The full JID, once it is bound. */
  bound: Jid | undefined;
  authenticated: boolean;
}

/**
 * One thing that is negotiated (RFC 6120 §4.3), if it is due.
 *
 * @param features what the server offers on the stream as it is now.
 * @returns `restart` if a new stream begins (§4.3.3), else `continue`.
 */
export type Step = (login: Login, features: Element) => Promise<"restart" | "continue">;
