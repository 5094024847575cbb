/**
 * Remembers the last values by text, so that preparing the same text again costs a look-up.
 *
 * This is the one kind of module-level state here: its values are immutable and can be computed anew
 * at any time, so nobody can tell (but by a clock) whether something was remembered. What a sender of
 * hostile texts can do is bounded: no more than twice `size` texts of `longest` UTF-16 code units are
 * kept, and all that a flood of new texts does is to make others be prepared again.
 *
 * Two generations instead of a list in order of use: a hit in the young one writes nothing, and when
 * it is full it becomes the old one, whose texts are forgotten unless they are asked for meanwhile.
 */
export class Interned<T> {
  readonly #size: number;
  readonly #longest: number;
  #young: Map<string, T> = new Map();
  #old: Map<string, T> = new Map();

  /**
   * @param size how many texts a generation has.
   * @param longest longer texts, in UTF-16 code units, are not kept.
   */
  constructor(size: number, longest: number) {
    this.#size = size;
    this.#longest = longest;
  }

  get(text: string): T | undefined {
    const hit = this.#young.get(text);
    if (hit !== undefined) return hit;
    const old = this.#old.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  /** @param text should be a copy that keeps no longer text alive, see {@link ownText}. */
  set(text: string, value: T): void {
    if (text.length > this.#longest) return;
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, value);
  }

  /** How many texts are kept now. */
  get count(): number {
    return this.#young.size + this.#old.size;
  }
}

/**
 * A copy of a text in memory of its own. JavaScript engines make a part of a text a reference into
 * the whole, so that a remembered address would keep alive all that was received along with it.
 */
export function ownText(text: string): string {
  // a concatenation is made flat before a part is taken, and the whole is only one longer
  return `${text} `.slice(0, -1);
}
