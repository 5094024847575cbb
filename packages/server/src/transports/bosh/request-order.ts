import { BindingError } from "./binding-error.ts";
import type { Held } from "./held.ts";

/** Puts requests in the order of their IDs, where HTTP brings them in any (XEP-0124 §14.2). */
export class RequestOrder {
  #next: number;
  readonly #early: Map<number, Held> = new Map();

  /** @param first the ID of the request that begins the session. */
  constructor(first: number) {
    this.#next = first;
  }

  /** The newest request of which none before is missing. */
  get newest(): number {
    return this.#next - 1;
  }

  /** Requests that follow one which has not come. */
  get early(): readonly Held[] {
    return [...this.#early.values()];
  }

  /** A request that waits for one before it. */
  find(rid: number): Held | undefined {
    return this.#early.get(rid);
  }

  /**
   * Takes a new request, to be given out when it is its turn.
   * @param unanswered how many were given out and have no response.
   * @param most how many may have none, this one among them; also how far ahead an ID may be.
   * @throws BindingError for one too many
   */
  add(held: Held, unanswered: number, most: number): void {
    if (held.rid >= this.#next + most) {
      throw new BindingError("item-not-found", "the request ID is beyond the window");
    }
    if (unanswered + this.#early.size >= most) {
      throw new BindingError("policy-violation", "too many requests at once (XEP-0124 §11)");
    }
    this.#early.set(held.rid, held);
  }

  /** The next request in order, if it has come. */
  take(): Held | undefined {
    const held = this.#early.get(this.#next);
    if (held !== undefined) this.#early.delete(this.#next++);
    return held;
  }

  clear(): void {
    this.#early.clear();
  }
}
