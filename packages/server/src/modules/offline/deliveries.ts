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
  readonly #takenBefore: Set<string>;
  /** How many read the backlog now: what they have read is not to be forgotten meanwhile. */
  #readers = 0;
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

  /** Someone begins to read the backlog, from what it is up to on. */
  beginReading(): void {
    this.#readers++;
  }

  endReading(): void {
    this.#readers--;
    this.#advance();
  }

  /**
   * A message of the backlog, in order, to one who reads it.
   * @returns whether nobody holds or has it.
   */
  meet(kept: Kept, spooled: number | undefined): boolean {
    const { id, at } = kept;
    const known = this.#find(id);
    this.#live.delete(id); // its place is known now
    const taken = known?.taken ?? this.#takenBefore.has(id);
    this.#takenBefore.delete(id);
    const holders = known?.holders ?? 0;
    this.#backlog.set(id, { id, at, spooled, holders, taken });
    return !taken && holders === 0;
  }

  /** It was read, or came since there are sessions. */
  knows(id: string): boolean {
    return this.#find(id) !== undefined;
  }

  /** Of one that is kept and not behind what it is up to: no session holds it, and no client has it. */
  waits(id: string): boolean {
    const known = this.#find(id);
    if (known !== undefined) return !known.taken && known.holders === 0;
    return !this.#complete && !this.#takenBefore.has(id);
  }

  /** The whole backlog was met. */
  completed(): void {
    this.#complete = true;
    this.changed = true;
    this.#advance();
  }

  /** A client has it, or nobody shall get it. @returns it, if this is news. */
  take(id: string): Waiting | undefined {
    const waiting = this.#find(id);
    if (waiting === undefined || waiting.taken) return undefined;
    waiting.taken = true;
    this.changed = true;
    this.#advance();
    return waiting;
  }

  /** A client has one that is kept, and was not met yet. */
  takeUnmet(id: string): void {
    if (this.#complete) return;
    this.#takenBefore.add(id);
    this.changed = true;
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
    this.changed = true;
    this.#advance();
    if (this.#complete || this.#backlog.size > 0) return;
    this.#upTo = upTo;
    this.#complete = true;
    this.#advance();
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
    if (this.#readers > 0) return;
    // what came since lies behind all of the backlog
    for (const messages of this.#complete ? [this.#backlog, this.#live] : [this.#backlog]) {
      for (const [id, waiting] of messages) {
        if (!waiting.taken) return;
        // the spool knows itself what is left in it; the order is that of the archive
        if (waiting.spooled === undefined) {
          this.#upTo = { id: waiting.id, at: waiting.at };
        }
        messages.delete(id);
        this.changed = true;
      }
    }
  }
}
