import type { Jid } from "@rookery/protocol";
import type { Clock, Random } from "../../clock.ts";

/** What a place for an upload is bound to (XEP-0363 §4). */
export interface SlotTerms {
  /** A bare JID. */
  readonly account: Jid;
  /** As it stands in addresses. */
  readonly name: string;
  /** In bytes, exactly. */
  readonly size: number;
  /** Without parameters; undefined if the client did not say. */
  readonly type: string | undefined;
  /** When the file goes, in milliseconds since 1970; undefined for never. */
  readonly expires: number | undefined;
}

/** A place for one upload. */
export interface Slot extends SlotTerms {
  /** Whoever knows it may fill the place, once. */
  readonly token: string;
  /** Names the file from then on; nobody learns the token from it. */
  readonly id: string;
  /** The upload has to have begun by then. */
  readonly until: number;
  /** The account is gone: what was received is not kept. */
  cancelled: boolean;
}

/** What the places of one account hold. */
interface Pending {
  count: number;
  bytes: number;
}

/**
 * The places that are not filled yet. A restart forgets them; clients ask for others then
 * (XEP-0363 §7).
 */
export class Slots {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lifetime: number;
  /** Nothing has come yet; in the order in which they end. */
  readonly #open: Map<string, Slot> = new Map();
  readonly #filling: Set<Slot> = new Set();
  readonly #pending: Map<string, Pending> = new Map();
  #bytes = 0;

  /** @param lifetime in milliseconds. */
  constructor(clock: Clock, random: Random, lifetime: number) {
    this.#clock = clock;
    this.#random = random;
    this.#lifetime = lifetime;
  }

  /** How many there are. */
  get size(): number {
    this.#expire();
    return this.#open.size + this.#filling.size;
  }

  /** What may still come for all of them, in bytes. */
  get bytes(): number {
    this.#expire();
    return this.#bytes;
  }

  /** How many an account has, and for how many bytes. */
  of(account: Jid): Readonly<Pending> {
    this.#expire();
    return this.#pending.get(account.toString()) ?? { count: 0, bytes: 0 };
  }

  add(terms: SlotTerms): Slot {
    const slot = {
      ...terms,
      token: this.#name(),
      id: this.#name(),
      until: this.#clock.now() + this.#lifetime,
      cancelled: false,
    };
    this.#open.set(slot.token, slot);
    const pending = this.#pending.get(terms.account.toString()) ?? { count: 0, bytes: 0 };
    pending.count += 1;
    pending.bytes += slot.size;
    this.#bytes += slot.size;
    this.#pending.set(terms.account.toString(), pending);
    return slot;
  }

  /** The place of a token that nobody has begun to fill. */
  get(token: string): Slot | undefined {
    this.#expire();
    return this.#open.get(token);
  }

  /** From now on nobody else can fill it. */
  begin(slot: Slot): void {
    this.#open.delete(slot.token);
    this.#filling.add(slot);
  }

  /** It was filled, or will never be. */
  end(slot: Slot): void {
    if (!this.#open.delete(slot.token) && !this.#filling.delete(slot)) return;
    const account = slot.account.toString();
    this.#bytes -= slot.size;
    const pending = this.#pending.get(account);
    if (pending === undefined) return;
    pending.count -= 1;
    pending.bytes -= slot.size;
    if (pending.count === 0) this.#pending.delete(account);
  }

  /** The account is gone. */
  cancel(account: Jid): void {
    for (const slot of [...this.#open.values(), ...this.#filling]) {
      if (!slot.account.equals(account)) continue;
      slot.cancelled = true;
      if (this.#open.has(slot.token)) this.end(slot);
    }
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const slot of this.#open.values()) {
      if (slot.until > now) return;
      this.end(slot);
    }
  }

  /** 144 random bits. */
  #name(): string {
    return Buffer.from(this.#random.bytes(18)).toString("base64url");
  }
}
