import type { Jid } from "@rookery/protocol";
import type { ChannelBindingType, Crypto, Maybe, UserAgent } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Channel } from "../channel.ts";

/** A token that the server gave, to come back by (XEP-0484). As secret as a password. */
export interface FastToken {
  readonly mechanism: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiry: number;
  /** How often it was tried. */
  readonly count: number;
}

/** Where a client keeps its token. */
export interface TokenStore {
  load(): Maybe<FastToken | undefined>;
  /** Keeps the token in place of another; undefined: there is none any more. */
  save(token: FastToken | undefined): Maybe<void>;
}

/** What a client can show, and what of it may be used. */
export interface Credentials {
  readonly password?: string | undefined;
  /** A token of OAuth 2 (RFC 7628). */
  readonly bearer?: string | undefined;
  /** TLS presents a certificate that says who the client is (XEP-0178). */
  readonly certificate?: boolean | undefined;
  /** Comes as a guest if there is nothing better (XEP-0175). */
  readonly anonymous?: boolean | undefined;
  /** Which client this is; with an `id`, a UUID, it may get a token and keeps its resource. */
  readonly userAgent?: UserAgent | undefined;
  /** Where the token is kept by which the client comes back; without it, there is none. */
  readonly tokens?: TokenStore | undefined;
  /** How the resource begins that the server makes up. Others can see it. */
  readonly tag?: string | undefined;
  /** The only mechanisms that may be used; all if left out. */
  readonly mechanisms?: readonly string[] | undefined;
  /** The only channel bindings that may be used; all that the connection has if left out. */
  readonly channelBindings?: readonly ChannelBindingType[] | undefined;
}

/** What is known of the client while it logs in. */
export interface Login {
  readonly channel: Channel;
  /** The account, with the resource that is asked for if there is one. */
  readonly jid: Jid;
  readonly credentials: Credentials;
  /** Nothing of importance is said in the clear. */
  readonly requireTls: boolean;
  /** The password may be sent as it is without TLS: only to a server on the same machine. */
  readonly plainWithoutTls: boolean;
  readonly crypto: Crypto;
  /** The full JID, once it is bound. */
  bound: Jid | undefined;
  authenticated: boolean;
  /** What the token is for that the server may give. */
  tokenMechanism: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * One thing that is negotiated (RFC 6120 §4.3), if it is due.
 *
 * @param features what the server offers on the stream as it is now.
 * @returns `restart` if a new stream begins (§4.3.3), what is offered on this one from now on, or
 *   `continue` if that has not changed.
 */
export type Step = (login: Login, features: Element) => Promise<"restart" | "continue" | Element>;
