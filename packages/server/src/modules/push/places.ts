import type { Jid } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { MapStore } from "../../storage/api.ts";
import { Place } from "./place.ts";
import { type Registration, registrationSpec } from "./registration.ts";

type PlacesOfOne = Map<string, Place>;

/** The places at which accounts want to be woken: stored, and remembered for those in use. */
export class Places {
  readonly #host: Host;
  readonly #store: MapStore<Registration>;
  /** By account; those not asked for longest are first. */
  readonly #known: Map<string, Maybe<PlacesOfOne>> = new Map();

  private constructor(host: Host, store: MapStore<Registration>) {
    this.#host = host;
    this.#store = store;
  }

  static async open(host: Host): Promise<Places> {
    return new Places(host, await host.mapStore(registrationSpec));
  }

  /** How many accounts are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** The places of an account. */
  of(account: Jid): Maybe<Iterable<Place>> {
    return after(this.#open(account), (places) => places.values());
  }

  /** True for an account that is remembered to have none, as most have. */
  isEmpty(account: Jid): boolean {
    const known = this.#known.get(account.toString());
    return known !== undefined && !(known instanceof Promise) && known.size === 0;
  }

  /** Those of an account that is remembered. */
  known(account: Jid): Iterable<Place> {
    const known = this.#known.get(account.toString());
    return known === undefined || known instanceof Promise ? [] : known.values();
  }

  find(account: Jid, key: string): Maybe<Place | undefined> {
    return after(this.#open(account), (places) => places.get(key));
  }

  /**
   * A client wants to be woken. What it said of the same place before counts no more (XEP-0357 §5).
   * @returns settles after the commit.
   */
  async add(account: Jid, registration: Registration): Promise<void> {
    const places = await this.#open(account);
    const place = new Place(account, registration);
    const before = places.get(place.key);
    if (before !== undefined) {
      before.registration = registration;
      before.failures = 0;
      before.seen();
    } else places.set(place.key, place);
    const written = this.#store.put(account.toString(), place.key, registration);
    const tooMany = places.size - this.#host.limits.pushRegistrations;
    const oldest = [...places.values()].toSorted((a, b) => a.registration.at - b.registration.at);
    const removed = oldest.slice(0, Math.max(tooMany, 0)).map((old) => this.remove(old));
    await Promise.all([written, ...removed]);
  }

  /** @returns settles after the commit. */
  async remove(place: Place): Promise<void> {
    if (place.isGone) return;
    place.leave();
    const places = await this.#open(place.account);
    if (places.get(place.key) === place) places.delete(place.key);
    await this.#store.delete(place.account.toString(), place.key);
  }

  /** The account is gone, and all that was stored of it. */
  forget(account: Jid): void {
    for (const place of this.known(account)) place.leave();
    this.#known.delete(account.toString());
  }

  /** Nothing is told any more. */
  rest(): void {
    for (const known of this.#known.values()) {
      if (known instanceof Promise) continue;
      for (const place of known.values()) place.rest();
    }
  }

  #open(account: Jid): Maybe<PlacesOfOne> {
    const owner = account.toString();
    const known = this.#known.get(owner);
    if (known !== undefined) {
      this.#known.delete(owner);
      this.#known.set(owner, known);
      return known;
    }
    const read = this.#read(account).then(
      (places) => {
        if (this.#known.get(owner) === read) this.#known.set(owner, places);
        return places;
      },
      (error: unknown) => {
        if (this.#known.get(owner) === read) this.#known.delete(owner);
        throw error;
      },
    );
    this.#known.set(owner, read);
    this.#makeRoom();
    return read;
  }

  async #read(account: Jid): Promise<PlacesOfOne> {
    const entries = await this.#store.range(account.toString());
    return new Map(entries.map(({ key, value }) => [key, new Place(account, value)]));
  }

  #makeRoom(): void {
    for (const owner of this.#known.keys()) {
      if (this.#known.size <= this.#host.limits.pushAccounts) return;
      this.#known.delete(owner);
    }
  }
}
