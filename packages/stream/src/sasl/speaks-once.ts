import { SaslError } from "./error.ts";
import type { ClientMechanism } from "./mechanism.ts";

/** The client's side of a mechanism in which the client says one thing and the server nothing. */
export class SpeaksOnce implements ClientMechanism {
  readonly name: string;
  readonly #message: Uint8Array;
  #said = false;

  constructor(name: string, message: Uint8Array) {
    this.name = name;
    this.#message = message;
  }

  start(): Uint8Array {
    this.#said = true;
    return this.#message;
  }

  respond(_challenge: Uint8Array): Uint8Array {
    throw new SaslError("aborted", `the server sent a challenge, which ${this.name} does not have`);
  }

  finish(data: Uint8Array | undefined): void {
    if (!this.#said) throw new SaslError("aborted", "the server cannot know yet who this is");
    if (data !== undefined && data.length > 0) {
      throw new SaslError("aborted", `the server added data, which ${this.name} does not have`);
    }
  }
}
