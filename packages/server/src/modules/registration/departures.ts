import { Jid } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { MapSpec, MapStore } from "../../storage/api.ts";

/** The owner is the account: when it is removed, so is this. */
const leaving: MapSpec<true> = {
  shape: "map",
  name: "registration/leaving",
  version: 1,
  codec: { encode: () => "", decode: () => true },
};

const KEY = "leaving";
const PAGE = 500;
/** When the server has begun to serve. */
const RESUME_MS = 1000;

/**
 * Accounts whose owners leave. What is announced will happen, even if the server is killed right
 * after: an owner can be told that it is done before the sessions end, which has to come first.
 */
export class Departures {
  readonly #host: Host;
  readonly #store: MapStore<true>;

  private constructor(host: Host, store: MapStore<true>) {
    this.#host = host;
    this.#store = store;
  }

  static async open(host: Host): Promise<Departures> {
    const departures = new Departures(host, await host.mapStore(leaving));
    const left = await departures.#left();
    if (left.length === 0) return departures;
    host.after(RESUME_MS, () => {
      for (const account of left) departures.complete(account);
    });
    return departures;
  }

  /** Settles when it is certain that the account will be removed. */
  async announce(account: Jid): Promise<void> {
    await this.#store.put(account.toString(), KEY, true);
  }

  /** Removes an account that was announced. */
  complete(account: Jid): void {
    const { log, administration } = this.#host;
    const facts = { account: account.toString() };
    administration.remove(account).then(
      () => log.info("an account was removed by its owner", facts),
      (error: unknown) =>
        log.error("an account is not removed yet, and will be at the next start", {
          ...facts,
          error,
        }),
    );
  }

  /** Those of this host that were announced and are still there. */
  async #left(): Promise<readonly Jid[]> {
    const found: Jid[] = [];
    for (let after: string | undefined; ; ) {
      const owners = await this.#store.owners({
        ...(after !== undefined && { after }),
        limit: PAGE,
      });
      found.push(...owners.map((owner) => Jid.parse(owner)));
      after = owners.at(-1);
      if (owners.length < PAGE) break;
    }
    return found.filter(({ domain }) => domain === this.#host.domain.domain);
  }
}
