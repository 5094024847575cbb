/** Functions that want to be told of something. */
export class Listeners<T> {
  readonly #all: Set<(value: T) => void> = new Set();
  readonly #failed: (error: unknown) => void;

  /** @param failed is told what a listener throws; the others are told nevertheless. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** @returns a function that takes the listener away. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T): void => listener(value);
    this.#all.add(own);
    return () => this.#all.delete(own);
  }

  tell(value: T): void {
    for (const listener of this.#all) {
      try {
        listener(value);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
