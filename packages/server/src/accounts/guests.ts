import { Jid } from "@rookery/protocol";
import { SaslError } from "@rookery/stream";
import type { Clock, Random, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import { networkOf } from "../network.ts";
import type { MapSpec, MapStore, Storage } from "../storage/api.ts";
import type { GuestSource } from "./accounts.ts";
import { ownersOf } from "./owners.ts";

const KEY = "guest";

/** Who is a guest, so that what those of a server that was killed have left can be removed. */
const spec: MapSpec<true> = {
  shape: "map",
  name: "accounts/guests",
  version: 1,
  codec: { encode: () => "", decode: () => true },
};

/** A guest who is there. */
interface Present {
  /** Of the address that the guest came from. */
  readonly network: string;
  /** Ends it if no resource is bound by then. */
  readonly due: Timer;
}

export interface GuestServices {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Domains that guests reach beside their own and those below it. */
  readonly reach: readonly string[];
  /** Guests at once, and of these from one address (IPv6: one /64 network); 0 for no bound. */
  readonly most: number;
  readonly mostPerAddress: number;
  /** A guest who has not bound a resource by then is gone. */
  readonly bindMs: number;
  /** True for an account of the host that is no guest. */
  readonly isAccount: (account: Jid) => Promise<boolean>;
}

/** People without an account (XEP-0175): each has a name for one session, and leaves nothing behind. */
export class Guests implements GuestSource {
  readonly #domain: Jid;
  readonly #services: GuestServices;
  readonly #store: MapStore<true>;
  /** By localpart. */
  readonly #present: Map<string, Present> = new Map();
  /** Removes a guest with everything; set by the host. */
  remove: (guest: Jid) => Promise<void> = async () => {};

  private constructor(domain: Jid, services: GuestServices, store: MapStore<true>) {
    this.#domain = domain;
    this.#services = services;
    this.#store = store;
  }

  /** Removes what guests have left behind whose server was killed. */
  static async open(domain: Jid, services: GuestServices): Promise<Guests> {
    const store = await services.storage.map(spec);
    for (const guest of await ownersOf(store, domain.domain)) {
      await services.storage.clear(guest.toString());
    }
    return new Guests(domain, services, store);
  }

  get reach(): readonly string[] {
    return this.#services.reach;
  }

  /** True for the localpart of someone who is a guest now. */
  has(local: string): boolean {
    return this.#present.has(local);
  }

  async enter(address: string): Promise<string> {
    const { random, clock, bindMs } = this.#services;
    const network = networkOf(address);
    this.#checkRoom(network);
    const guest = Jid.of(random.id(), this.#domain.domain);
    this.#present.set(guest.local, {
      network,
      due: clock.after(bindMs, () => this.#leave(guest)),
    });
    if (await this.#services.isAccount(guest)) {
      this.#forget(guest);
      throw new SaslError("temporary-auth-failure", "no name was found for the guest");
    }
    await this.#store.put(guest.toString(), KEY, true);
    return guest.local;
  }

  /** The guest has bound a resource. */
  bound(guest: Jid): void {
    if (!this.has(guest.local)) return;
    this.#present.get(guest.local)?.due.cancel();
  }

  /** The last session of the guest has ended. */
  left(guest: Jid): void {
    if (this.has(guest.local)) this.#leave(guest.bare);
  }

  /** @throws SaslError if there are too many guests. */
  #checkRoom(network: string): void {
    const { most, mostPerAddress } = this.#services;
    const here = [...this.#present.values()].filter((one) => one.network === network).length;
    if (this.#present.size < most && (mostPerAddress === 0 || here < mostPerAddress)) return;
    throw new SaslError("temporary-auth-failure", "there are too many guests now; try later");
  }

  #leave(guest: Jid): void {
    const failed = (error: unknown): void =>
      this.#services.log.error("what a guest left behind was not removed", { error });
    void this.remove(guest)
      .catch(failed)
      .finally(() => this.#forget(guest));
  }

  #forget({ local }: Jid): void {
    this.#present.get(local)?.due.cancel();
    this.#present.delete(local);
  }
}
