import type { Jid } from "@rookery/protocol";

/** Whom an account blocks. Immutable. */
export class BlockList {
  /** Of who blocks nobody, as most do. */
  static readonly NONE: BlockList = new BlockList(new Map());
  /** By their text, in the order they were added. */
  readonly #items: ReadonlyMap<string, Jid>;

  private constructor(items: ReadonlyMap<string, Jid>) {
    this.#items = items;
  }

  static of(items: readonly Jid[]): BlockList {
    if (items.length === 0) return BlockList.NONE;
    return new BlockList(new Map(items.map((jid) => [jid.toString(), jid])));
  }

  get size(): number {
    return this.#items.size;
  }

  get items(): readonly Jid[] {
    return [...this.#items.values()];
  }

  /** True for exactly this item. */
  has(item: Jid): boolean {
    return this.#items.has(item.toString());
  }

  /**
   * True if an item stands for this address (XEP-0191 §6): the address itself, with its resource;
   * its account, or its domain where it has no account; the whole domain.
   */
  covers(address: Jid): boolean {
    if (this.#items.size === 0) return false;
    return (
      this.#items.has(address.toString()) ||
      this.#items.has(address.bare.toString()) ||
      this.#items.has(address.domain)
    );
  }

  with(items: readonly Jid[]): BlockList {
    return BlockList.of([...this.#items.values(), ...items]);
  }

  without(items: readonly Jid[]): BlockList {
    const gone = new Set(items.map(String));
    return BlockList.of(this.items.filter((item) => !gone.has(item.toString())));
  }
}
