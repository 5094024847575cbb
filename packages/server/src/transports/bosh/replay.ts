/** A response that was given. */
export interface Given {
  readonly rid: number;
  /** Of the request. */
  readonly digest: string;
  readonly body: string;
  /** How many pieces the outbox had given before it. */
  readonly before: number;
  /** By the server's clock. */
  readonly at: number;
  /** How often the request was repeated. */
  repeats: number;
  /** The network took the response. */
  delivered: boolean;
}

/** The last responses of a session, for clients that did not get them (XEP-0124 §14.3). */
export class Replay {
  readonly #most: number;
  #given: Given[] = [];

  /** @param most how many are kept; a client that asks so far beyond one has got it. */
  constructor(most: number) {
    this.#most = most;
  }

  add(given: Given): void {
    this.#given.push(given);
    if (this.#given.length > this.#most) this.#given.shift();
  }

  find(rid: number): Given | undefined {
    return this.#given.find((given) => given.rid === rid);
  }

  /** The client has the responses to these requests (§9.2). */
  acknowledged(rid: number): void {
    this.#given = this.#given.filter((given) => given.rid > rid);
  }

  /** How many pieces the client has got without a gap, of so many that it was given. */
  delivered(taken: number): number {
    return this.#given.find((given) => !given.delivered)?.before ?? taken;
  }
}
