import type { Maybe } from "../maybe.ts";
import { SaslError } from "./error.ts";
import {
  MESSAGE_BYTES,
  type SaslFailure,
  type SaslStep,
  type ServerMechanism,
} from "./mechanism.ts";

/** Handles one message of the client; throws SaslError to fail. */
export type Turn = (message: Uint8Array) => Maybe<Outcome>;

/** As {@link Turn}, for the first message; tells who the client says it is. */
export type FirstTurn = (message: Uint8Array, claim: (username: string) => void) => Maybe<Outcome>;

/** What comes of a message: a challenge and who handles its answer, or success. */
export type Outcome = { readonly challenge: Uint8Array; readonly next: Turn } | Success;

export interface Success {
  readonly username: string;
  readonly authzid: string | undefined;
  readonly data?: Uint8Array;
}

/** The server's side of a mechanism in which the client speaks first, from the handler of its first message. */
export class Exchange implements ServerMechanism {
  readonly name: string;
  /** Who handles the next message; undefined while one is handled and when the exchange is over. */
  #turn: Turn | undefined;
  #begun = false;
  #claimed: string | undefined = undefined;

  constructor(name: string, first: FirstTurn) {
    this.name = name;
    this.#turn = (message) =>
      first(message, (username) => {
        this.#claimed = username;
      });
  }

  get claimed(): string | undefined {
    return this.#claimed;
  }

  respond(message: Uint8Array | undefined): Maybe<SaslStep> {
    const turn = this.#turn;
    if (turn === undefined) return failure(new SaslError("malformed-request", "no message is due"));
    if (message === undefined && !this.#begun) {
      // RFC 4422 §3: the client is asked for its first message by an empty challenge
      this.#begun = true;
      return { step: "challenge", data: new Uint8Array() };
    }
    this.#begun = true;
    this.#turn = undefined;
    if (message === undefined) return failure(new SaslError("malformed-request", "no response"));
    if (message.length > MESSAGE_BYTES) {
      const text = `a message of ${message.length} bytes, ${MESSAGE_BYTES} are allowed`;
      return failure(new SaslError("malformed-request", text));
    }
    try {
      const outcome = turn(message);
      return outcome instanceof Promise
        ? outcome.then((o) => this.#step(o), failure)
        : this.#step(outcome);
    } catch (error) {
      return failure(error);
    }
  }

  #step(outcome: Outcome): SaslStep {
    if ("challenge" in outcome) {
      this.#turn = outcome.next;
      return { step: "challenge", data: outcome.challenge };
    }
    const { username, authzid, data } = outcome;
    return { step: "success", username, authzid, data };
  }
}

/** What is not a failure of the client's is one of ours (a storage that is not there). */
function failure(error: unknown): SaslFailure {
  return {
    step: "failure",
    error:
      error instanceof SaslError
        ? error
        : new SaslError("temporary-auth-failure", "authentication is not possible now", error),
  };
}
