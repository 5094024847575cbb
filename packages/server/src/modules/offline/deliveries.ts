import type { Kept } from "../../im/contract.ts";

/** How many messages out of order are remembered over the end of all sessions. */
const REMEMBERED = 500;
/** How many that clients have are remembered while the backlog was not read. */
const TAKEN_UNMET = 5000;
/** If more wait than this, they are read again from where they are kept. */
const REMEMBERED_WAITING = 5000;

/** In the place of an id: all of that millisecond. */
const ALL = "";

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
  /** Further on: what clients have of what the archive got up to a time. */
  readonly seen?: SeenUntil;
}

/** Clients have what the archive got before a time, but for some, and some of what it got then. */
interface SeenUntil {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly missing: readonly string[];
  /** Of that very millisecond, in which more may come, they have these. */
  readonly had: readonly string[];
}

/**
 * What of the messages for one account its clients have: while it has sessions, and on paper over
 * the time in between. What came before a position has reached a client; behind it, messages are
 * held by sessions until these acknowledge them, or are held by none. Once the backlog was read, what
 * clients have is forgotten: no more is remembered than waits.
 */
export class Deliveries {
  #upTo: Kept | undefined;
  /** Of what was kept before there were sessions: read so far, in order. */
  readonly #backlog: Map<string, Waiting> = new Map();
  /** What came since there are sessions, in order. */
  readonly #live: Map<string, Waiting> = new Map();
  /** What clients have of what was not read yet. */
  readonly #takenBefore: Set<string>;
  #seen: Seen | undefined;
  /** The last that clients have of what the archive keeps: all of one millisecond. */
  #last: Pick<SeenUntil, "at" | "had"> | undefined;
  /** What came until this time a client has fetched itself. */
  #skipped = -Infinity;
  /** How many read the backlog now: what they have read is not to be forgotten meanwhile. */
  #readers = 0;
  /** The whole backlog was read. */
  #complete = false;
  /** It says something else than what was stored. */
  changed = false;

  constructor(stored: Position | undefined) {
    this.#upTo = stored?.upTo;
    this.#last = stored?.seen;
    if (stored?.upTo) this.#tookLast(stored.upTo);
    this.#takenBefore = new Set(stored?.taken);
    this.#seen = stored?.seen && new Seen(stored.seen);
  }

  get upTo(): Kept | undefined {
    return this.#upTo;
  }

  /** Whether the backlog was read. */
  get complete(): boolean {
    return this.#complete;
  }

  /** How many messages are remembered. */
  get size(): number {
    return this.#backlog.size + this.#live.size + this.#takenBefore.size;
  }

  /** A message came and is kept. */
  record(kept: Kept, spooled: number | undefined): void {
    if (this.#live.size >= REMEMBERED_WAITING) this.#forgetWaiting();
    // whoever reads the backlog will find it there
    if (!this.#complete && this.#readers === 0 && spooled === undefined) return;
    this.#live.set(kept.id, { ...kept, spooled, holders: 0, taken: false });
  }

  /** A message was handed to sessions. */
  hand(kept: Kept, sessions: number): void {
    const waiting = this.known(kept.id);
    if (waiting) waiting.holders += sessions;
    else if (!this.#complete && !this.#takenBefore.has(kept.id)) {
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
    const before = this.known(id);
    this.#live.delete(id); // its place is known now
    const holders = before?.holders ?? 0;
    const had = this.#takenBefore.delete(id);
    // the spool knows itself what is left in it
    const isSeen = spooled === undefined && this.#seen?.has(kept) === true;
    const isSkipped = spooled === undefined && holders === 0 && at <= this.#skipped;
    const taken = before?.taken ?? (had || isSeen || isSkipped);
    this.#backlog.set(id, { id, at, spooled, holders, taken });
    return !taken && holders === 0;
  }

  /** What is known of one that was read, or came since there are sessions. */
  known(id: string): Waiting | undefined {
    return this.#live.get(id) ?? this.#backlog.get(id);
  }

  /** It was read, or came since there are sessions. */
  knows(id: string): boolean {
    return this.known(id) !== undefined;
  }

  /**
   * Of one that is kept and not behind what it is up to: no session holds it, and no client has it.
   * @param at when the archive got it; left out for one of the spool.
   */
  waits(id: string, at?: number): boolean {
    const known = this.known(id);
    if (known !== undefined) return !known.taken && known.holders === 0;
    if (this.#complete || this.#takenBefore.has(id)) return false;
    return at === undefined || this.#seen?.has({ id, at }) !== true;
  }

  /** The whole backlog was met. */
  completed(): void {
    this.#complete = true;
    this.#takenBefore.clear();
    this.changed = true;
    this.#advance();
  }

  /** A client has it, or nobody shall get it. @returns it, if this is news. */
  take(id: string): Waiting | undefined {
    const waiting = this.known(id);
    if (waiting === undefined || waiting.taken) return undefined;
    waiting.taken = true;
    this.changed = true;
    if (!this.#complete && this.#live.delete(id)) this.#rememberTaken(id);
    else this.#advance(waiting);
    return waiting;
  }

  /** A client has one that is kept, and was not met yet. */
  takeUnmet(id: string): void {
    if (this.#complete) return;
    this.#rememberTaken(id);
    this.changed = true;
  }

  #rememberTaken(id: string): void {
    this.#takenBefore.add(id);
    for (const oldest of this.#takenBefore) {
      if (this.#takenBefore.size <= TAKEN_UNMET) return;
      this.#takenBefore.delete(oldest);
    }
  }

  /** A session that held it has ended. */
  leave(id: string): void {
    const waiting = this.known(id);
    if (waiting && waiting.holders > 0) waiting.holders--;
  }

  /** What no session holds and no client has, in order. */
  left(): readonly Waiting[] {
    return [...this.#backlog.values(), ...this.#live.values()].filter(
      ({ taken, holders }) => !taken && holders === 0,
    );
  }

  /** A client fetches from the archive what came until a time, in milliseconds since 1970. */
  skip(until: number): void {
    this.#skipped = Math.max(this.#skipped, until);
    let isHeld = false;
    for (const waiting of [...this.#backlog.values(), ...this.#live.values()]) {
      const { spooled, holders, at } = waiting;
      if (spooled !== undefined || at > until) continue;
      if (holders === 0) waiting.taken = true;
      else isHeld ||= !waiting.taken;
    }
    this.changed = true;
    this.#advance();
    if (this.#complete || this.#backlog.size > 0 || this.#readers > 0 || isHeld) return;
    if ((this.#upTo?.at ?? 0) > until) return;
    this.#upTo = { id: ALL, at: until };
    this.#tookLast(this.#upTo);
  }

  /** What is to be stored. */
  position(): Position {
    const ids = new Set(this.#takenBefore);
    for (const messages of [this.#backlog, this.#live]) {
      for (const { id, taken } of messages.values()) if (taken) ids.add(id);
    }
    const taken = [...ids].slice(-REMEMBERED);
    const upTo = this.#upTo;
    const seen = this.#complete ? this.#seenNow() : this.#seen?.stored;
    if (seen === undefined || seen.missing.length > REMEMBERED) return { upTo, taken };
    if (later(upTo, lastOf(seen)) === upTo) return { upTo, taken };
    if (!this.#complete || seen.missing.length > 0) return { upTo, taken, seen };
    // nothing is missing up to there
    const front = { upTo: lastOf(seen), taken };
    return seen.had.length === 1 ? front : { ...front, seen };
  }

  /** Once the backlog was read: how far clients are, and what they lack up to there. */
  #seenNow(): SeenUntil | undefined {
    if (this.#last === undefined) return undefined;
    const missing: string[] = [];
    for (const messages of [this.#backlog, this.#live]) {
      for (const { id, at, taken, spooled } of messages.values()) {
        if (!taken && spooled === undefined && at <= this.#last.at) missing.push(id);
      }
    }
    return { ...this.#last, missing };
  }

  /** What no session holds is read again when someone takes messages: it is kept, after all. */
  #forgetWaiting(): void {
    if (!this.#complete || this.#readers > 0) return;
    const seen = this.#seenNow();
    this.#seen = seen && new Seen(seen);
    this.#complete = false;
    for (const messages of [this.#backlog, this.#live]) {
      for (const [id, { holders, spooled }] of messages) {
        if (holders === 0 && spooled === undefined) messages.delete(id);
      }
    }
  }

  /** What is taken at the front is behind us; what is taken further on need not be remembered. */
  #advance(news?: Waiting): void {
    if (this.#readers > 0) return;
    // what came since lies behind all of the backlog
    const [first, second] = [this.#backlog, this.#live];
    if (this.#leaveBehind(first) && this.#complete) this.#leaveBehind(second);
    if (!this.#complete) return;
    for (const one of news ? [news] : [...first.values(), ...second.values()]) {
      if (!one.taken) continue;
      if (one.spooled === undefined) this.#tookLast(one);
      if (!first.delete(one.id)) second.delete(one.id);
    }
    if (first.size === 0 && second.size === 0 && this.#last)
      this.#upTo = later(this.#upTo, lastOf(this.#last));
  }

  /** @returns whether nothing is left of them. */
  #leaveBehind(messages: Map<string, Waiting>): boolean {
    for (const [id, waiting] of messages) {
      if (!waiting.taken) return false;
      // the spool knows itself what is left in it; the order is that of the archive
      if (waiting.spooled === undefined) {
        this.#upTo = later(this.#upTo, waiting);
        this.#tookLast(waiting);
      }
      messages.delete(id);
      this.changed = true;
    }
    return true;
  }

  #tookLast({ id, at }: Kept): void {
    const last = this.#last;
    if (last === undefined || at > last.at || (at === last.at && id === ALL))
      this.#last = { at, had: [id] };
    else if (at === last.at && !last.had.includes(id) && !last.had.includes(ALL))
      this.#last = { at, had: [...last.had, id].slice(-REMEMBERED) };
  }
}

/** Where clients were when it was stored. */
class Seen {
  readonly stored: SeenUntil;
  readonly #missing: ReadonlySet<string>;
  readonly #had: ReadonlySet<string>;

  constructor(stored: SeenUntil) {
    this.stored = stored;
    this.#missing = new Set(stored.missing);
    this.#had = new Set(stored.had);
  }

  /** A client has this message of the archive. */
  has({ id, at }: Kept): boolean {
    return at === this.stored.at
      ? this.#had.has(id)
      : at < this.stored.at && !this.#missing.has(id);
  }
}

function lastOf({ at, had }: Pick<SeenUntil, "at" | "had">): Kept {
  return { id: had.at(-1) ?? ALL, at };
}

/** Never back: of some messages it is not known when they came. */
function later(before: Kept | undefined, { id, at }: Kept): Kept {
  if (before === undefined || at > before.at) return { id, at };
  return before.at > at || before.id === ALL ? before : { id, at };
}
