import type { Element, StreamClose, StreamOpen } from "@rookery/xml";
import type { Clock, Timer } from "../clock.ts";
import type { Maybe } from "../hooks.ts";
import type { StorageProgress } from "../storage/api.ts";
import type { Connection } from "../transports/connection.ts";
import type { RateLimit } from "./rate-limit.ts";

/** Items that one stream may have handled before others get their turn. */
const TURN = 50;

export interface PumpOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** How fast the peer may send. */
  readonly rate: RateLimit;
  /** What may wait for a peer before it is no longer read from. */
  readonly queuedBytes: number;
  /** How far the storage is, and how many writes may wait for it before nothing more is read. */
  readonly storage: { readonly progress: StorageProgress; readonly backlog: number };
  /** Handles one item; the next one waits for its promise. */
  readonly handle: (item: Element | StreamOpen | StreamClose) => Maybe<void>;
  /** Told what reading or handling threw. */
  failed(error: unknown): void;
  /** The peer has closed its side, and all that it had sent is handled. */
  ended(): void;
}

/**
 * Pulls what comes on a stream, strictly in order (RFC 6120 §10.1).
 *
 * It reads no further while a handler has to wait, while the peer sends too fast, while the peer
 * does not take what it was sent, and while the disk does not take what all of them have sent.
 */
export class Pump {
  readonly #options: PumpOptions;
  #stopped = false;
  /** Something is waited for; nothing is read meanwhile. */
  #busy = false;
  /** What is in hand, if its handler has to wait. */
  #handling: Promise<void> | undefined = undefined;
  /** Items that may still be handled before a turn of the event loop is let pass. */
  #left = TURN;
  /** While the peer sends too fast. */
  #slowed: Timer | undefined = undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
    options.connection.onReadable = () => this.#readable();
  }

  /** Handles nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#slowed?.cancel();
  }

  /** Settles when nothing is in hand any more. */
  async idle(): Promise<void> {
    try {
      await this.#handling;
    } catch {
      // told already
    }
  }

  #readable(): void {
    if (this.#busy) this.#options.connection.pause();
    else this.#run();
  }

  /** Handles what is there; waits where a handler has to wait. */
  #run(): void {
    const { connection, queuedBytes, handle } = this.#options;
    try {
      while (!this.#stopped) {
        if (connection.queuedBytes > queuedBytes) return this.#untilTaken();
        if (this.#isBehind()) return this.#untilStored();
        if (this.#left-- <= 0) return this.#untilNextTurn();
        const item = connection.read();
        if (item === undefined) return this.#mayRead();
        const done = handle(item);
        if (done instanceof Promise) {
          this.#handling = done;
          return this.#wait(done);
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Whatever goes wrong in telling what went wrong ends this connection and nothing else. */
  #fail(error: unknown): void {
    try {
      this.#options.failed(error);
    } catch {
      this.#options.connection.destroy();
    }
  }

  #wait(done: Promise<void>): void {
    this.#busy = true;
    done.then(
      () => {
        this.#busy = false;
        this.#handling = undefined;
        this.#run();
      },
      (error: unknown) => {
        this.#handling = undefined;
        this.#fail(error);
      },
    );
  }

  /** Who does not read its answers asks no more questions. */
  #untilTaken(): void {
    const { connection } = this.#options;
    connection.pause();
    this.#wait(connection.flushed().catch(() => connection.destroy()));
  }

  #isBehind(): boolean {
    const { progress, backlog } = this.#options.storage;
    return backlog > 0 && progress.asked - progress.settled > backlog;
  }

  /** What is written faster than the disk takes it is left with who sends it. */
  #untilStored(): void {
    const { connection, storage } = this.#options;
    connection.pause();
    const { progress, backlog } = storage;
    this.#wait(progress.whenSettled(progress.asked - Math.floor(backlog / 2)));
  }

  /** However much has come, and even if all is answered at once, the others are not kept waiting. */
  #untilNextTurn(): void {
    this.#left = TURN;
    this.#wait(new Promise((resolve) => setImmediate(resolve)));
  }

  /** All that came is handled: takes more from the network, later if the peer is too fast. */
  #mayRead(): void {
    const { connection, clock, rate } = this.#options;
    if (connection.ended) return this.#options.ended();
    const waitMs = rate.take(connection.receivedBytes);
    if (waitMs === 0) return connection.resume();
    connection.pause();
    this.#wait(
      new Promise((resolve) => {
        this.#slowed = clock.after(waitMs, resolve);
      }),
    );
  }
}
