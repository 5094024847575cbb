/** Something outside the server that knows accounts and their passwords. */
export interface Backend {
  /** As it is called in what is said about it. */
  readonly title: string;
  /**
   * Whether the password is that of the user.
   *
   * @param username a localpart.
   * @throws Error with whatever kept it from being told.
   */
  verify(username: string, password: string): Promise<boolean>;
  /** Whether there is such a user; undefined where nobody can be asked. Throws as `verify`. */
  readonly exists: ((username: string) => Promise<boolean>) | undefined;
}

/** Too much is asked at once. */
export class Overloaded extends Error {
  override readonly name: string = "Overloaded";
}

/** Requests that wait, for each that is under way. */
const WAITING_EACH = 10;

/** Lets so much be under way at once; the rest waits in order, and what is too much is refused. */
export class Slots {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws Overloaded, and whatever `work` throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#most) this.#taken++;
    else await this.#turn(); // the slot is handed over
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#most * WAITING_EACH) {
      throw new Overloaded(`${this.#waiting.length} requests wait already`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
