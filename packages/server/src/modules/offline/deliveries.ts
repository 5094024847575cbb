import type { Kept } from "../../im/contract.ts";

/** How many messages out of order are remembered over the end of all sessions. */
const REMEMBERED = 500;

/** A message that is kept until a client of the account has it. */
export interface Waiting extends Kept {
  /** It is in the spool, with this size in bytes; undefined if the archive has it. */
  readonly spooled: number | undefined;
  /** How many sessions were handed it and have not shown to have it. */
  holders: number;
  /** A client has it. */
  taken: boolean;
}

/** How far an account is, as it is stored. */
export interface Position {
  /** A client has this and all that came before it, or need not get it. */
  readonly upTo: Kept | undefined;
  /** Of what came after it, clients have these. */
  readonly taken: readonly string[];
}

/**
 * What of the messages for one account its clients have: while it has sessions, and on paper over
 * the time in between. What came before a position has reached a client; behind it, messages are
 * held by sessions until these acknowledge them, or are held by none.
 */
export class Deliveries {
  #upTo: Kept | undefined;
  /** Of what was kept before there were sessions: read so far, in order. */
  readonly #backlog: Map<string, Waiting> = new Map();
  /** What came since there are sessions, in order. */
  readonly #live: Map<string, Waiting> = new Map();
  readonly #takenBefore: ReadonlySet<string>;
  /** The whole backlog was read. */
  #complete = false;
  /** It says something else than what was stored. */
  changed = false;

  constructor(stored: Position | undefined) {
    this.#upTo = stored?.upTo;
    this.#takenBefore = new Set(stored?.taken);
  }

  get upTo(): Kept | undefined {
    return this.#upTo;
  }

  /** Whether the backlog was read. */
  get complete(): boolean {
    return this.#complete;
  }

  /** A message came and is kept. */
  record(kept: Kept, spooled: number | undefined): void {
    this.#live.set(kept.id, { ...kept, spooled, holders: 0, taken: false });
  }

  /** A message was handed to sessions. */
  hand(kept: Kept, sessions: number): void {
    const waiting = this.#find(kept.id);
    if (waiting) waiting.holders += sessions;
    else if (!this.#complete) {
      this.#live.set(kept.id, { ...kept, spooled: undefined, holders: sessions, taken: false });
    }
  }

  /**
   * A message of the backlog, in order.
   * @returns whether it is to be handed over: nobody holds or has it.
   */
  meet(kept: Kept, spooled: number | undefined): boolean {
    const { id, at } = kept;
    const live = this.#live.get(id);
    this.#live.delete(id); // its place is known now
    const taken = live?.taken ?? this.#takenBefore.has(id);
    const isLeft = !taken && (live === undefined || live.holders === 0);
    const holders = isLeft ? 1 : (live?.holders ?? 0);
    this.#backlog.set(id, { id, at, spooled, holders, taken });
    return isLeft;
  }

  /** The whole backlog was met. */
  completed(): void {
    this.#complete = true;
    this.#advance();
  }

  /** A client has it, or nobody shall get it. @returns it, if this is news. */
  take(id: string): Waiting | undefined {
    const waiting = this.#find(id);
    if (waiting === undefined || waiting.taken) return undefined;
    waiting.taken = true;
    this.#advance();
    return waiting;
  }

  /** A session that held it has ended. */
  leave(id: string): void {
    const waiting = this.#find(id);
    if (waiting && waiting.holders > 0) waiting.holders--;
  }

  /** What no session holds and no client has, in order. */
  left(): readonly Waiting[] {
    return [...this.#backlog.values(), ...this.#live.values()].filter(
      ({ taken, holders }) => !taken && holders === 0,
    );
  }

  /** A client fetches all that came until now by itself: from the archive. */
  skip(upTo: Kept): void {
    for (const waiting of [...this.#backlog.values(), ...this.#live.values()]) {
      if (waiting.spooled === undefined && waiting.holders === 0) waiting.taken = true;
    }
    if (this.#complete) this.#advance();
    else if (this.#backlog.size === 0) {
      this.#upTo = upTo;
      this.changed = true;
      this.#complete = true;
      this.#advance();
    }
  }

  /** What is to be stored. */
  position(): Position {
    const taken = [...this.#backlog.values(), ...this.#live.values()].filter((one) => one.taken);
    const before = this.#complete ? [] : this.#takenBefore;
    const ids = new Set([...before, ...taken.map(({ id }) => id)]);
    return { upTo: this.#upTo, taken: [...ids].slice(-REMEMBERED) };
  }

  #find(id: string): Waiting | undefined {
    return this.#live.get(id) ?? this.#backlog.get(id);
  }

  /** What is taken at the front is behind us. */
  #advance(): void {
    this.changed = true;
    if (!this.#complete) return;
    for (const messages of [this.#backlog, this.#live]) {
      for (const [id, waiting] of messages) {
        if (!waiting.taken) return;
        // the spool knows itself what is left in it; the order is that of the archive
        if (waiting.spooled === undefined) {
          this.#upTo = { id: waiting.id, at: waiting.at };
        }
        messages.delete(id);
      }
    }
  }
}
