import { Jid, opaqueString } from "@rookery/protocol";
import {
  deriveScramKeys,
  type PlainVerifier,
  SCRAM_HASHES,
  type ScramHash,
  type ScramKeys,
  type ScramSource,
  scramVerifier,
} from "@rookery/stream";
import { type Clock, type Random, systemRandom } from "../clock.ts";
import type { Maybe } from "../hooks.ts";
import type { MapSpec, MapStore, Storage, Write } from "../storage/api.ts";
import { StorageConflict } from "../storage/api.ts";
import { AccountError, type ManagedAccounts } from "./accounts.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { ownersOf } from "./owners.ts";

/** PBKDF2 iterations of new passwords. Clients pay for them at each login, attackers at each guess. */
const ITERATIONS = 10_000;
const SALT_BYTES = 16;
const SECRET_BYTES = 32;
const HASH_BYTES: { readonly [hash in ScramHash]: number } = {
  "SHA-1": 20,
  "SHA-256": 32,
  "SHA-512": 64,
};

/** SCRAM keys by hash function, never the password (RFC 5802 §3). */
export type AccountKeys = { readonly [hash in ScramHash]?: ScramKeys };

interface AccountRecord {
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly keys: AccountKeys;
}

/** How it is kept: bytes as base64. */
interface StoredAccount {
  readonly created: number;
  readonly keys: { readonly [hash in ScramHash]?: readonly [string, number, string, string] };
}

const RECORD = "account";

const records: MapSpec<AccountRecord> = {
  shape: "map",
  name: "accounts/internal",
  version: 1,
  codec: {
    encode: (record) => JSON.stringify(stored(record)),
    decode: (text) => restored(JSON.parse(text) as StoredAccount),
  },
};

/** A record as long as that of an account. */
const NOBODY: string = records.codec.encode({
  created: 0,
  keys: Object.fromEntries(
    SCRAM_HASHES.map((hash) => {
      const key = new Uint8Array(HASH_BYTES[hash]);
      const salt = new Uint8Array(SALT_BYTES);
      return [hash, { salt, iterations: ITERATIONS, storedKey: key, serverKey: key }];
    }),
  ),
});

export interface AccountServices {
  readonly clock: Clock;
  readonly random: Random;
}

interface AccountStores {
  readonly storage: Storage;
  readonly records: MapStore<AccountRecord>;
  /** What unknown users' salts are made from. */
  readonly secret: Uint8Array;
}

/** Random bytes by domain, which stay the same as long as the data. */
const secrets: MapSpec<Uint8Array> = {
  shape: "map",
  name: "accounts/secret",
  version: 1,
  codec: { encode: base64, decode: bytes },
};

/** Accounts that are known to be there, at most. */
const REMEMBERED = 100_000;

/** Accounts with their SCRAM keys in storage; the owner of a record is the account's bare JID. */
export class InternalAccounts implements ManagedAccounts {
  readonly #domain: Jid;
  readonly #storage: Storage;
  readonly #records: MapStore<AccountRecord>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly scram: ScramSource;
  readonly plain: PlainVerifier;
  /** Accounts that are known to be there. */
  readonly #present: Set<string> = new Set();
  #removals = 0;

  private constructor(domain: Jid, stores: AccountStores, { clock, random }: AccountServices) {
    this.#domain = domain;
    this.#storage = stores.storage;
    this.#records = stores.records;
    this.#clock = clock;
    this.#random = random;
    this.scram = {
      scram: (username, hash) => this.#keys(username, hash),
      fake: { secret: stores.secret, iterations: ITERATIONS },
    };
    this.plain = scramVerifier(nodeCrypto, this.scram);
  }

  static async open(
    domain: Jid,
    storage: Storage,
    services: AccountServices,
  ): Promise<InternalAccounts> {
    const secret = await openSecret(domain, storage, services.random);
    return new InternalAccounts(
      domain,
      { storage, secret, records: await storage.map(records) },
      services,
    );
  }

  /** At once for an account that was asked for lately; most messages are for the same ones. */
  exists(account: Jid): Maybe<boolean> {
    const key = account.toString();
    return this.#present.has(key) || this.#isStored(key);
  }

  async #isStored(key: string): Promise<boolean> {
    const removals = this.#removals;
    const stored = (await this.#records.get(key, RECORD)) !== undefined;
    // what was removed while it was read is not there any more
    if (stored && removals === this.#removals) this.#remember(key);
    return stored;
  }

  #remember(key: string): void {
    if (this.#present.size >= REMEMBERED) this.#present.clear();
    this.#present.add(key);
  }

  admit(): void {}

  async create(account: Jid, password: string, alongside: readonly Write[] = []): Promise<void> {
    const keys = await deriveAccountKeys(password, this.#random);
    await this.createWithKeys(account, keys, alongside);
  }

  /** As `create`, for an account that comes from elsewhere with its keys. */
  async createWithKeys(
    account: Jid,
    keys: AccountKeys,
    alongside: readonly Write[] = [],
  ): Promise<void> {
    this.#check(account);
    const record = { created: this.#clock.now(), keys };
    try {
      const made = this.#records.write.put(account.toString(), RECORD, record, { ifVersion: 0 });
      await this.#storage.batch([made, ...alongside]);
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error;
      // or it is something alongside that was changed by others
      if (alongside.length > 0 && !(await this.exists(account))) throw error;
      throw new AccountError("exists", `the account ${account} exists already`);
    }
  }

  async setPassword(account: Jid, password: string): Promise<void> {
    const keys = await deriveAccountKeys(password, this.#random);
    const changed = await this.#records.update(account.toString(), RECORD, (old) =>
      old === undefined ? undefined : { ...old, keys },
    );
    if (changed === undefined)
      throw new AccountError("not-found", `there is no account ${account}`);
  }

  async addScramKeys(account: Jid, hash: ScramHash, added: ScramKeys): Promise<void> {
    await this.#records.update(account.toString(), RECORD, (old) =>
      old === undefined ? undefined : { ...old, keys: { [hash]: added, ...old.keys } },
    );
  }

  async remove(account: Jid): Promise<void> {
    if (!(await this.exists(account)))
      throw new AccountError("not-found", `there is no account ${account}`);
    await this.#storage.clear(account.toString()).finally(() => {
      this.#removals++;
      this.#present.delete(account.toString());
    });
  }

  async list(
    page: { readonly after?: Jid; readonly limit?: number } = {},
  ): Promise<readonly Jid[]> {
    return ownersOf(this.#records, this.#domain.domain, page);
  }

  #keys(username: string, hash: ScramHash): Promise<ScramKeys | undefined> {
    const owner = Jid.of(username, this.#domain.domain).toString();
    return this.#records.get(owner, RECORD).then((entry) => {
      if (entry !== undefined) return entry.value.keys[hash];
      records.codec.decode(NOBODY); // reading the record of a known user takes a measurable while
      return undefined;
    });
  }

  #check(account: Jid): void {
    if (account.local === "" || !account.isBare || account.domain !== this.#domain.domain) {
      throw new AccountError("refused", `"${account}" is not an account of ${this.#domain}`);
    }
  }
}

/**
 * The keys of a password, each with a salt of its own.
 * @throws AccountError if the password is not acceptable.
 */
export async function deriveAccountKeys(
  password: string,
  random: Random = systemRandom,
): Promise<AccountKeys> {
  const prepared = prepare(password);
  const keys: { [hash in ScramHash]?: ScramKeys } = {};
  for (const hash of SCRAM_HASHES) {
    const salt = random.bytes(SALT_BYTES);
    keys[hash] = await deriveScramKeys(nodeCrypto, hash, prepared, salt, ITERATIONS);
  }
  return keys;
}

async function openSecret(domain: Jid, storage: Storage, random: Random): Promise<Uint8Array> {
  const store = await storage.map(secrets);
  const owner = domain.toString();
  const secret = await store.update(owner, "scram", (old) => old ?? random.bytes(SECRET_BYTES));
  return secret as Uint8Array;
}

function prepare(password: string): string {
  try {
    return opaqueString(password);
  } catch {
    throw new AccountError(
      "refused",
      "the password is empty or has characters that cannot be typed everywhere",
    );
  }
}

function stored(record: AccountRecord): StoredAccount {
  const keys: { [hash in ScramHash]?: readonly [string, number, string, string] } = {};
  for (const hash of SCRAM_HASHES) {
    const k = record.keys[hash];
    if (k) keys[hash] = [base64(k.salt), k.iterations, base64(k.storedKey), base64(k.serverKey)];
  }
  return { created: record.created, keys };
}

function restored(record: StoredAccount): AccountRecord {
  const keys: { [hash in ScramHash]?: ScramKeys } = {};
  for (const hash of SCRAM_HASHES) {
    const k = record.keys[hash];
    if (k === undefined) continue;
    const [salt, iterations, storedKey, serverKey] = k;
    keys[hash] = {
      salt: bytes(salt),
      iterations,
      storedKey: bytes(storedKey),
      serverKey: bytes(serverKey),
    };
  }
  return { created: record.created, keys };
}

function base64(data: Uint8Array): string {
  return Buffer.from(data).toString("base64");
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
