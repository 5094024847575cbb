import type { Maybe } from "../maybe.ts";
import type { SaslError } from "./error.ts";

/** The server's side of one exchange (RFC 4422 §3). Made for one exchange and used up by it. */
export interface ServerMechanism {
  readonly name: string;
  /** Who the client says it is, prepared, once it has said so: not proven before the success. */
  readonly claimed: string | undefined;
  /**
   * Takes the initial response, undefined if the client sent none, and then each response.
   *
   * Never throws and its promise never rejects: whatever goes wrong is a failure, and after a
   * failure or a success everything is one.
   */
  respond(message: Uint8Array | undefined): Maybe<SaslStep>;
}

/** What the server does next. */
export type SaslStep = SaslChallenge | SaslSuccess | SaslFailure;

/** A challenge is to be sent, which may be empty. */
export interface SaslChallenge {
  readonly step: "challenge";
  readonly data: Uint8Array;
}

/** The client is who it says. */
export interface SaslSuccess {
  readonly step: "success";
  /**
   * Who authenticated: for SCRAM and PLAIN the prepared user name (a localpart), for EXTERNAL the
   * identity as the server had listed it, for ANONYMOUS the name that the server made up.
   */
  readonly username: string;
  /** Who the client acts as, if it said so and the server allowed it. */
  readonly authzid: string | undefined;
  /** Additional data that goes with the success (RFC 6120 §6.3.10). */
  readonly data: Uint8Array | undefined;
}

/** The exchange has failed. */
export interface SaslFailure {
  readonly step: "failure";
  /** What to answer; its `cause`, if there is one, is for the log. */
  readonly error: SaslError;
}

/**
 * The client's side of one exchange. Its methods throw, or reject with, a {@link SaslError} when the
 * server breaks the rules or does not prove who it is: the client then aborts (RFC 6120 §6.4.4).
 */
export interface ClientMechanism {
  readonly name: string;
  /** The initial response, or undefined if there is none. */
  start(): Uint8Array | undefined;
  /** The response to a challenge. */
  respond(challenge: Uint8Array): Maybe<Uint8Array>;
  /**
   * To be called with the additional data of a success: only when it has returned (or its promise is
   * fulfilled) is the server authenticated too.
   */
  finish(data: Uint8Array | undefined): Maybe<void>;
}

/** Bytes of a SASL message; the longest that the mechanisms here need is shorter. */
export const MESSAGE_BYTES = 8192;
