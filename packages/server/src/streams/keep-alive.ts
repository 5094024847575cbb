import { StreamError } from "@rookery/protocol";
import type { Clock, Timer } from "../clock.ts";

/** A stream that is watched. */
interface Watched {
  readonly connection: { readonly heardAt: number; readonly receivedBytes: number };
  /** Asks the peer for a sign of life. */
  ask(): void;
  close(error?: StreamError): void;
}

/** When a stream is looked at next, and what it had sent when it was asked, if it was. */
interface Seat {
  readonly second: number;
  readonly askedAfter: number | undefined;
}

export interface KeepAliveOptions {
  /** Silence after which the peer is asked for a sign of life; 0 switches the watch off. */
  readonly idleSeconds: number;
  /** How long it may take to answer; 0 for as long as it likes. */
  readonly answerSeconds: number;
}

/**
 * Finds connections that died without a word: one wheel for all of them, not a timer each. A
 * stream is looked at when its silence could have lasted too long, not before.
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #options: KeepAliveOptions;
  /** Streams by the second at which they are looked at next. */
  readonly #wheel: Map<number, Set<Watched>> = new Map();
  readonly #state: Map<Watched, Seat> = new Map();
  #turn: Timer | undefined = undefined;
  #turned: number;

  constructor(clock: Clock, options: KeepAliveOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#turned = this.#second(clock.now());
  }

  /** How many streams are watched. */
  get size(): number {
    return this.#state.size;
  }

  /** Watches a stream until it is forgotten; `close` has to make it so. */
  watch(stream: Watched): void {
    if (this.#options.idleSeconds === 0 || this.#state.has(stream)) return;
    this.#put(stream, stream.connection.heardAt + this.#options.idleSeconds * 1000, undefined);
    if (this.#turn === undefined) {
      this.#turned = this.#second(this.#clock.now());
      this.#schedule();
    }
  }

  forget(stream: Watched): void {
    const state = this.#state.get(stream);
    if (state === undefined) return;
    this.#state.delete(stream);
    const seat = this.#wheel.get(state.second);
    seat?.delete(stream);
    if (seat?.size === 0) this.#wheel.delete(state.second);
    if (this.#state.size === 0) {
      this.#turn?.cancel();
      this.#turn = undefined;
    }
  }

  #second(ms: number): number {
    return Math.floor(ms / 1000);
  }

  #put(stream: Watched, at: number, askedAfter: number | undefined): void {
    const second = Math.max(this.#second(at), this.#turned) + 1;
    this.#state.set(stream, { second, askedAfter });
    const seat = this.#wheel.get(second);
    if (seat) seat.add(stream);
    else this.#wheel.set(second, new Set([stream]));
  }

  #schedule(): void {
    this.#turn = this.#clock.after(1000, () => {
      this.#schedule();
      const now = this.#second(this.#clock.now());
      while (this.#turned < now) this.#look(++this.#turned);
    });
  }

  #look(second: number): void {
    const seat = this.#wheel.get(second);
    if (seat === undefined) return;
    this.#wheel.delete(second);
    for (const stream of seat) this.#check(stream);
  }

  #check(stream: Watched): void {
    const state = this.#state.get(stream);
    if (state === undefined) return;
    const now = this.#clock.now();
    const { heardAt, receivedBytes } = stream.connection;
    const { idleSeconds, answerSeconds } = this.#options;
    // An answer may come in the millisecond of the question: bytes tell, not times.
    if (state.askedAfter === receivedBytes) {
      stream.close(new StreamError("connection-timeout", "nothing was heard for too long"));
      return;
    }
    if (now - heardAt < idleSeconds * 1000) {
      this.#put(stream, heardAt + idleSeconds * 1000, undefined);
      return;
    }
    if (answerSeconds > 0) this.#put(stream, now + answerSeconds * 1000, receivedBytes);
    else this.#put(stream, now + idleSeconds * 1000, undefined);
    stream.ask(); // after it has its seat, since asking may close it
  }
}
