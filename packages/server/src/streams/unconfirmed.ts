import type { Stanza } from "@rookery/protocol";

interface Sent {
  readonly stanza: Stanza;
  readonly bytes: number;
}

/**
 * What a peer was sent and has not shown to have read. A mark is set behind it by asking the peer
 * something; its answer shows that it has read all before, since a stream is read in order.
 */
export class Unconfirmed {
  readonly #most: number;
  #sent: Sent[] = [];
  /** How many of them stand before the mark; undefined while nothing is asked. */
  #marked: number | undefined = undefined;
  #bytes = 0;

  /** @param most bytes that are kept; beyond them the oldest are taken for read. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#sent.length;
  }

  /** The peer was asked and has not answered. */
  get marked(): boolean {
    return this.#marked !== undefined;
  }

  add(stanza: Stanza): void {
    const bytes = stanza.toXml().length;
    this.#sent.push({ stanza, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#most) this.#forget(1);
  }

  /** The peer was asked. */
  mark(): void {
    this.#marked = this.#sent.length;
  }

  /** The peer has answered. */
  confirm(): void {
    this.#forget(this.#marked ?? 0);
    this.#marked = undefined;
  }

  /** Gives all of it up, in order. */
  take(): Stanza[] {
    const stanzas = this.#sent.map(({ stanza }) => stanza);
    this.#sent = [];
    this.#bytes = 0;
    this.#marked = undefined;
    return stanzas;
  }

  #forget(count: number): void {
    for (const { bytes } of this.#sent.splice(0, count)) this.#bytes -= bytes;
    if (this.#marked !== undefined) this.#marked = Math.max(0, this.#marked - count);
  }
}
