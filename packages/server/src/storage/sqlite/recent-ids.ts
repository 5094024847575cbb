/** Bits of a generation; ten for each id find one in a hundred that is not there. */
const BITS = 1 << 22;
const IDS = Math.floor(BITS / 10);
/** Bits for each id. */
const PROBES = 4;

/**
 * Which ids of series were appended lately (see `LogEntry.series`): a filter that may take an id for
 * one of them, and never misses one. It has two generations of as many ids as there is room for; the
 * ids of a series that is older than both it does not know.
 */
export class RecentIds {
  #now = new Generation(1);
  #before: Generation | undefined = undefined;
  /** The highest number of a series so far. */
  #highest = 0;

  /** Whether there may be an entry of this id, which is appended now unless there is. */
  mayHave(id: string, series: number | undefined): boolean {
    if (series === 0) return false;
    if (this.#now.size >= IDS) {
      this.#before = this.#now;
      this.#now = new Generation(this.#highest + 1);
    }
    this.#highest = Math.max(this.#highest, series ?? 0);
    // in this order: it is to be in the younger generation, whatever the older one has
    const isNew = this.#now.add(id);
    if (series === undefined) return true;
    const oldest = this.#before ?? this.#now;
    return !isNew || series < oldest.from || this.#before?.has(id) === true;
  }
}

/** A Bloom filter. */
class Generation {
  /** It has all ids of series from this number on, unless a later generation has them. */
  readonly from: number;
  readonly #bits = new Uint32Array(BITS / 32);
  size = 0;

  constructor(from: number) {
    this.from = from;
  }

  /** @returns true if it was not there; false if it may have been. */
  add(id: string): boolean {
    const wasThere = this.#each(id, true);
    if (!wasThere) this.size++;
    return !wasThere;
  }

  has(id: string): boolean {
    return this.#each(id, false);
  }

  /** @returns whether all bits of an id are set, before they are if that is asked for. */
  #each(id: string, sets: boolean): boolean {
    let a = 0x9e37_79b9;
    let b = 0x85eb_ca6b;
    for (let i = 0; i < id.length; i++) {
      const code = id.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01_00_01_93);
      b = Math.imul(b ^ code, 0xc2b2_ae35);
    }
    a ^= a >>> 15;
    b = (b ^ (b >>> 13)) | 1;
    let all = true;
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = (a + Math.imul(probe, b)) & (BITS - 1);
      const place = bit >>> 5;
      const mask = 1 << (bit & 31);
      const word = this.#bits[place] ?? 0;
      if ((word & mask) !== 0) continue;
      all = false;
      if (!sets) return false;
      this.#bits[place] = word | mask;
    }
    return all;
  }
}
