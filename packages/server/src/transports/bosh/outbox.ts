import type { BodyContent } from "./body-writer.ts";
import { hasStreamPrefix } from "./framing.ts";

/** Someone who waits until what was sent is safely with the client. */
interface Waiter {
  /** How many pieces have to be there. */
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a session has to say to its client, until a response takes it. */
export class Outbox {
  #pieces: { readonly text: string; readonly bytes: number }[] = [];
  #streams = false;
  #waiters: Waiter[] = [];
  /** Bytes of UTF-8 that wait. */
  bytes = 0;
  /** How many pieces were taken since the beginning. */
  taken = 0;

  /** Nothing waits. */
  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Something waits, and someone for it to be gone. */
  get urgent(): boolean {
    return this.#waiters.length > 0 && !this.empty;
  }

  /** Adds one element. */
  add(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#pieces.push({ text, bytes });
    this.bytes += bytes;
    this.#streams ||= hasStreamPrefix(text);
  }

  /** Takes what waits: whole elements, one at least, and no more than fit into so many bytes. */
  take(mostBytes: number): BodyContent {
    const streams = this.#streams;
    let count = 0;
    let size = 0;
    for (const { bytes } of this.#pieces) {
      if (count > 0 && size + bytes > mostBytes) break;
      size += bytes;
      count++;
    }
    let text = "";
    for (const piece of this.#pieces.splice(0, count)) text += piece.text;
    this.bytes -= size;
    this.taken += count;
    if (this.empty) this.#streams = false;
    return { text, streams };
  }

  /** Settles when all that waits or was taken until now is delivered. */
  flushed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ until: this.taken + this.#pieces.length, resolve, reject });
    });
  }

  /** So many pieces since the beginning were delivered, and none before them is missing. */
  delivered(count: number): void {
    if (this.#waiters.length === 0) return;
    const done = this.#waiters.filter(({ until }) => until <= count);
    this.#waiters = this.#waiters.filter(({ until }) => until > count);
    for (const { resolve } of done) resolve();
  }

  /** Nothing is delivered any more. */
  drop(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#pieces = [];
    this.bytes = 0;
    for (const { reject } of waiters) reject(new Error("the connection closed"));
  }
}
