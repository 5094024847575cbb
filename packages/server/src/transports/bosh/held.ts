import type { HttpReply } from "../../http/reply.ts";
import type { BoshBody } from "./body-reader.ts";

/** A request that has no response yet. */
export class Held {
  readonly rid: number;
  readonly body: BoshBody;
  /** When it came, or was repeated last; by the server's clock. */
  at: number;
  /** All that it brought is handled. */
  taken = false;
  /** How often it was repeated. */
  repeats = 0;
  #respond: (reply: HttpReply) => void = () => {};
  #signal: AbortSignal | undefined = undefined;

  constructor(rid: number, body: BoshBody, at: number) {
    this.rid = rid;
    this.body = body;
    this.at = at;
  }

  /** Somebody waits for the response. */
  get attached(): boolean {
    return this.#signal?.aborted === false;
  }

  /** The response, for who waits now; nobody else gets it any more. */
  wait(signal: AbortSignal): Promise<HttpReply> {
    const { promise, resolve } = Promise.withResolvers<HttpReply>();
    this.#respond = resolve;
    this.#signal = signal;
    return promise;
  }

  respond(reply: HttpReply): void {
    this.#respond(reply);
  }
}
