import { type ArchivePreferences, Jid } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { MapSpec, MapStore } from "../../storage/api.ts";
import { jsonCodec } from "../../storage/json-codec.ts";

/** Accounts, and addresses in their lists, that stay in memory in each of two generations. */
const REMEMBERED = 50_000;
/** The one entry of an account. */
const KEY = "preferences";

interface Stored {
  readonly default: ArchivePreferences["default"];
  readonly always: readonly string[];
  readonly never: readonly string[];
}

const preferences: MapSpec<Stored> = {
  shape: "map",
  name: "archive/preferences",
  version: 1,
  codec: jsonCodec<Stored>(),
};

/** Preferences as they are looked up. */
interface Rules {
  readonly default: ArchivePreferences["default"];
  readonly always: ReadonlySet<string>;
  readonly never: ReadonlySet<string>;
}

/** What accounts want archived (XEP-0441), in memory as far as there is room. */
export class Preferences {
  readonly #store: MapStore<Stored>;
  readonly #host: Host;
  readonly #unset: Rules;
  readonly #remembered: number;
  /** What was asked for since the other generation was full. */
  #young: Map<string, Maybe<Rules>> = new Map();
  #old: Map<string, Maybe<Rules>> = new Map();
  #size = 0;

  private constructor(host: Host, store: MapStore<Stored>, options: PreferencesOptions) {
    this.#host = host;
    this.#store = store;
    this.#unset = { default: options.unset, always: new Set(), never: new Set() };
    this.#remembered = options.remembered ?? REMEMBERED;
  }

  static async open(host: Host, options: PreferencesOptions): Promise<Preferences> {
    return new Preferences(host, await host.mapStore(preferences), options);
  }

  /** Whether an account wants to keep what it says to, or hears from, someone (XEP-0441 §2.3). */
  wants(account: Jid, other: Jid): Maybe<boolean> {
    return after(this.#rules(account.toString()), (rules) => this.#decide(rules, account, other));
  }

  /** The address as it stands counts before its account, and "never" before "always". */
  #decide(rules: Rules, account: Jid, other: Jid): Maybe<boolean> {
    const { always, never } = rules;
    if (always.size + never.size > 0) {
      for (const jid of [other.toString(), other.bare.toString()]) {
        if (never.has(jid)) return false;
        if (always.has(jid)) return true;
      }
    }
    if (rules.default !== "roster") return rules.default === "always";
    if (other.bare.equals(account)) return true;
    return after(this.#host.roster(account), (roster) => roster.isContact(other.bare));
  }

  get(account: Jid): Maybe<ArchivePreferences> {
    return after(this.#rules(account.toString()), ({ default: unlisted, always, never }) => ({
      default: unlisted,
      always: [...always].map((jid) => Jid.parse(jid)),
      never: [...never].map((jid) => Jid.parse(jid)),
    }));
  }

  /** They hold at once. @returns a promise of the commit. */
  async set(account: Jid, wanted: ArchivePreferences): Promise<void> {
    const key = account.toString();
    const stored = {
      default: wanted.default,
      always: wanted.always.map(String),
      never: wanted.never.map(String),
    };
    this.#remember(key, rulesOf(stored));
    try {
      await this.#store.put(key, KEY, stored);
    } catch (error) {
      this.forget(account);
      throw error;
    }
  }

  /** Forgets what is in memory of an account, to read it anew. */
  forget(account: Jid): void {
    this.#young.delete(account.toString());
    this.#old.delete(account.toString());
  }

  #rules(key: string): Maybe<Rules> {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return this.#load(key);
    this.#remember(key, old);
    return old;
  }

  #load(key: string): Promise<Rules> {
    const isLatest = (): boolean =>
      this.#young.get(key) === loading || this.#old.get(key) === loading;
    const loading = this.#store.get(key, KEY).then(
      (stored): Rules => {
        const rules = stored === undefined ? this.#unset : rulesOf(stored.value);
        if (isLatest()) this.#remember(key, rules);
        return rules;
      },
      (error: unknown) => {
        if (this.#young.get(key) === loading) this.#young.delete(key);
        if (this.#old.get(key) === loading) this.#old.delete(key);
        throw error;
      },
    );
    this.#remember(key, loading);
    return loading;
  }

  #remember(key: string, rules: Maybe<Rules>): void {
    this.#old.delete(key);
    this.#young.set(key, rules);
    this.#size += rules instanceof Promise ? 1 : 1 + rules.always.size + rules.never.size;
    if (this.#size <= this.#remembered) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }
}

export interface PreferencesOptions {
  /** What holds for those who have not said. */
  readonly unset: ArchivePreferences["default"];
  /** For tests: how much stays in memory. */
  readonly remembered?: number;
}

function rulesOf({ default: unlisted, always, never }: Stored): Rules {
  return { default: unlisted, always: new Set(always), never: new Set(never) };
}
