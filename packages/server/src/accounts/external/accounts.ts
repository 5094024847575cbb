import { type Jid, StanzaError } from "@rookery/protocol";
import { type PlainVerifier, SaslError } from "@rookery/stream";
import type { Clock } from "../../clock.ts";
import type { BackendConfig } from "../../config/auth.ts";
import type { Log } from "../../log.ts";
import type { MapSpec, MapStore, Storage } from "../../storage/api.ts";
import { LatestMap } from "../latest-map.ts";
import { ownersOf } from "../owners.ts";
import { type Backend, Slots } from "./backend.ts";

const KEY = "known";
/** Answers that are remembered for `cacheSeconds`. */
const ANSWERS = 10_000;
/** A back end that fails is told of so often. */
const COMPLAIN_MS = 60_000;

/** An account from elsewhere that has been here. */
interface Known {
  /** Of its first login: milliseconds since 1970. */
  readonly since: number;
}

const spec: MapSpec<Known> = {
  shape: "map",
  name: "accounts/external",
  version: 1,
  codec: {
    encode: ({ since }) => JSON.stringify({ since }),
    decode: (text) => JSON.parse(text) as Known,
  },
};

export interface ExternalServices {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Accounts whose passwords something else looks after. There is an account once it has logged in,
 * and before that if the back end says so: what is sent to it is kept.
 */
export class ExternalAccounts {
  readonly plain: PlainVerifier;
  readonly #backend: Backend;
  readonly #config: BackendConfig;
  readonly #services: ExternalServices;
  readonly #store: MapStore<Known>;
  readonly #logins: Slots;
  /** Apart from logins: anyone who sends a message to a name that nobody has makes one necessary. */
  readonly #lookups: Slots;
  /** What the back end said of whom, and until when it is believed. */
  readonly #answers: LatestMap<{ readonly exists: boolean; readonly until: number }>;
  #complainedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    backend: Backend,
    config: BackendConfig,
    services: ExternalServices,
    store: MapStore<Known>,
  ) {
    this.#backend = backend;
    this.#config = config;
    this.#services = services;
    this.#store = store;
    const lookups = Math.ceil(config.connections / 4);
    this.#logins = new Slots(Math.max(1, config.connections - lookups));
    this.#lookups = new Slots(lookups);
    this.#answers = new LatestMap(ANSWERS);
    this.plain = { verify: (username, password) => this.#verify(username, password) };
  }

  static async open(
    backend: Backend,
    config: BackendConfig,
    services: ExternalServices,
  ): Promise<ExternalAccounts> {
    return new ExternalAccounts(backend, config, services, await services.storage.map(spec));
  }

  /** @throws StanzaError that tells the sender to try later, if the back end does not answer. */
  async exists(account: Jid): Promise<boolean> {
    if (await this.isKnown(account)) return true;
    return this.#ask(account).catch((error: unknown) => {
      this.#complain(error);
      const text = `whether there is ${account} can not be told now; try again later`;
      throw new StanzaError("internal-server-error", text, { type: "wait" });
    });
  }

  /** True if it has logged in here. */
  async isKnown(account: Jid): Promise<boolean> {
    return (await this.#store.get(account.toString(), KEY)) !== undefined;
  }

  /** From now on there is such an account, whatever the back end says. */
  async remember(account: Jid): Promise<void> {
    if (await this.isKnown(account)) return;
    await this.#store.put(account.toString(), KEY, { since: this.#services.clock.now() });
  }

  /** Those of a domain who have been here, in order. */
  async list(
    { domain }: Jid,
    page: { readonly after?: Jid; readonly limit?: number },
  ): Promise<readonly Jid[]> {
    return ownersOf(this.#store, domain, page);
  }

  async #verify(username: string, password: string): Promise<boolean> {
    try {
      return await this.#logins.run(() => this.#backend.verify(username, password));
    } catch (error) {
      this.#complain(error);
      throw new SaslError("temporary-auth-failure", "passwords can not be checked now; try later");
    }
  }

  async #ask(account: Jid): Promise<boolean> {
    const { exists } = this.#backend;
    if (exists === undefined) return false;
    const { clock } = this.#services;
    const known = this.#answers.get(account.local);
    if (known !== undefined && known.until > clock.now()) return known.exists;
    const answer = await this.#lookups.run(() => exists(account.local));
    const until = clock.now() + this.#config.cacheSeconds * 1000;
    this.#answers.set(account.local, { exists: answer, until });
    return answer;
  }

  #complain(error: unknown): void {
    const now = this.#services.clock.now();
    if (now - this.#complainedAt < COMPLAIN_MS) return;
    this.#complainedAt = now;
    this.#services.log.error(`${this.#backend.title} does not answer as it should`, { error });
  }
}
