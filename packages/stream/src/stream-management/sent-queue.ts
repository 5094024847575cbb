/** Counters of stream management are unsigned 32-bit numbers that wrap (XEP-0198 §4). */
const MODULUS = 2 ** 32;

/** The other end acknowledged more than it was sent (XEP-0198 §6). */
export class HandledCountTooHigh extends Error {
  override readonly name: string = "HandledCountTooHigh";
  /** What the other end says it has handled. */
  readonly handled: number;
  /** How many it was sent. */
  readonly sent: number;

  constructor(handled: number, sent: number) {
    super(`${handled} stanzas are acknowledged, and ${sent} were sent`);
    this.handled = handled;
    this.sent = sent;
  }
}

/** What is kept of something that was sent, with its size in bytes. */
export interface Sized {
  readonly bytes: number;
}

/**
 * What one end of a stream has sent and the other has not acknowledged (XEP-0198 §4): for both
 * ends, in order.
 */
export class SentQueue<T extends Sized> {
  /** Acknowledged entries at the front are dropped now and then, not each by itself. */
  #entries: T[] = [];
  #first = 0;
  #bytes = 0;
  /** How many were sent, modulo 2³². */
  #sent: number;

  /** @param sent how many were sent and acknowledged before, modulo 2³². */
  constructor(sent = 0) {
    this.#sent = sent;
  }

  /** How many wait for their acknowledgement. */
  get size(): number {
    return this.#entries.length - this.#first;
  }

  /** Their size. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many were sent in all, modulo 2³²: the highest `h` that may come. */
  get sent(): number {
    return this.#sent;
  }

  /** How many were acknowledged in all, modulo 2³². */
  get acknowledged(): number {
    return (this.#sent - this.size + MODULUS) % MODULUS;
  }

  add(entry: T): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    this.#sent = (this.#sent + 1) % MODULUS;
  }

  /**
   * The other end has handled so many (`h`).
   * @returns those that it did not acknowledge before, in order.
   * @throws HandledCountTooHigh if it was not sent so many, or had acknowledged more before.
   */
  acknowledge(h: number): readonly T[] {
    const still = (this.#sent - h + MODULUS) % MODULUS;
    if (still > this.size) throw new HandledCountTooHigh(h, this.#sent);
    const end = this.#entries.length - still;
    const done = this.#entries.slice(this.#first, end);
    for (const { bytes } of done) this.#bytes -= bytes;
    this.#first = end;
    if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    if (still === 0) {
      this.#entries = [];
      this.#first = 0;
    }
    return done;
  }

  /** What was not acknowledged, in order. */
  waiting(): readonly T[] {
    return this.#entries.slice(this.#first);
  }

  /** Gives all of it up; what was sent counts as before. */
  clear(): readonly T[] {
    const waiting = this.waiting();
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
    return waiting;
  }
}

/** The count after one more (XEP-0198 §4). */
export function countOn(count: number, by = 1): number {
  return (count + by) % MODULUS;
}
