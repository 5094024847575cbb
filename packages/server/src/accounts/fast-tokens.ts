import { createHmac } from "node:crypto";
import type { Jid } from "@rookery/protocol";
import { type FastGrant, SaslError, type TokenVerifier, type UserAgent } from "@rookery/stream";
import type { Clock, Random } from "../clock.ts";
import type { Limits } from "../config/limits.ts";
import {
  type MapEntry,
  type MapSpec,
  type MapStore,
  type Storage,
  StorageConflict,
} from "../storage/api.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** A client of an account that may log in without the password (XEP-0484). */
export interface Device {
  /** The id of its user agent, a UUID; tells nothing of the token. */
  readonly id: string;
  /** The program and the device, as the client calls them. */
  readonly software: string | undefined;
  readonly device: string | undefined;
  /** When it logged in with the password, and when last at all: milliseconds since 1970. */
  readonly created: number;
  readonly used: number;
  /** When it needs the password again, unless it logs in before. */
  readonly expires: number;
}

/** One token: of the token itself only the key that it stands for is kept. */
interface Token {
  readonly mechanism: string;
  readonly key: Uint8Array;
  readonly issued: number;
  readonly expires: number;
  /** The highest count it was used with (XEP-0484 §3.4). */
  readonly count: number;
}

/** What is kept of a client: at most the token it uses, and the one that takes its place (§5.1). */
interface DeviceRecord {
  readonly software: string | undefined;
  readonly device: string | undefined;
  readonly created: number;
  readonly used: number;
  readonly current: Token | undefined;
  readonly next: Token | undefined;
}

type StoredToken = readonly [
  mechanism: string,
  key: string,
  issued: number,
  ends: number,
  count: number,
];
interface StoredDevice extends Omit<DeviceRecord, "current" | "next"> {
  readonly current?: StoredToken;
  readonly next?: StoredToken;
}

const devices: MapSpec<DeviceRecord> = {
  shape: "map",
  name: "accounts/devices",
  version: 1,
  codec: {
    encode: ({ current, next, ...rest }) =>
      JSON.stringify({
        ...rest,
        ...(current && { current: stored(current) }),
        ...(next && { next: stored(next) }),
      }),
    decode(text) {
      const { current, next, software, device, created, used } = JSON.parse(text) as StoredDevice;
      return {
        software,
        device,
        created,
        used,
        current: current && restored(current),
        next: next && restored(next),
      };
    },
  },
};

/** What the resources of devices are made from, the same as long as the data. */
const secrets: MapSpec<string> = {
  shape: "map",
  name: "accounts/device-secret",
  version: 1,
  codec: { encode: (text) => text, decode: (text) => text },
};

/** Tokens have 512 bits: as text they are longer than a block, so that of them a hash suffices. */
const TOKEN_BYTES = 64;
const SECRET_BYTES = 32;
/** A token is replaced at the first login after so long. */
const ROTATE_MS = 24 * 3600 * 1000;
/** Characters of a resource that stand for a device: 96 bits. */
const RESOURCE_CHARACTERS = 16;
/** Logins of one device at one moment; the last of them finds that others came before. */
const TRIES = 4;

export interface FastTokensOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Pick<Limits, "tokenSeconds" | "devicesPerAccount">;
  readonly storage: Storage;
}

/** How a client uses a token (XEP-0484 §3.4, §3.6). */
export interface TokenUse {
  /** The id of its user agent; without one it has no token. */
  readonly device: string | undefined;
  readonly count?: number | undefined;
  /** For the last time. */
  readonly invalidate: boolean;
}

/** The token that a client uses. */
interface UsedToken {
  readonly mechanism: string;
  /** It is to be replaced. */
  readonly isDue: boolean;
}

/** The tokens that the clients of a host's accounts log in with (XEP-0484), by account and device. */
export class FastTokens {
  readonly #domain: Jid;
  readonly #options: FastTokensOptions;
  readonly #devices: MapStore<DeviceRecord>;
  readonly #secret: string;

  private constructor(
    domain: Jid,
    options: FastTokensOptions,
    opened: { readonly devices: MapStore<DeviceRecord>; readonly secret: string },
  ) {
    this.#domain = domain;
    this.#options = options;
    this.#devices = opened.devices;
    this.#secret = opened.secret;
  }

  static async open(domain: Jid, options: FastTokensOptions): Promise<FastTokens> {
    const { storage, random } = options;
    const store = await storage.map(secrets);
    const fresh = base64(random.bytes(SECRET_BYTES));
    const secret = await store.update(domain.toString(), "resource", (old) => old ?? fresh);
    return new FastTokens(domain, options, {
      devices: await storage.map(devices),
      secret: secret as string,
    });
  }

  /** The clients of an account that have a token which is still good. */
  async list(account: Jid): Promise<readonly Device[]> {
    const now = this.#options.clock.now();
    return (await this.#devices.range(account.toString()))
      .map(({ key: id, value: { software, device, created, used, ...tokens } }) => {
        const expires = Math.max(tokens.current?.expires ?? 0, tokens.next?.expires ?? 0);
        return { id, software, device, created, used, expires };
      })
      .filter(({ expires }) => expires > now);
  }

  /** The client needs the password from now on. @returns whether it had a token. */
  revoke(account: Jid, device: string): Promise<boolean> {
    return this.#devices.delete(account.toString(), device);
  }

  /** As `revoke`, for all clients of an account but one. */
  async revokeAll(account: Jid, but?: string): Promise<void> {
    const owner = account.toString();
    if (but === undefined) return this.#devices.clear(owner);
    for (const { key } of await this.#devices.range(owner)) {
      if (key !== but) await this.#devices.delete(owner, key);
    }
  }

  /**
   * What a client that uses a token in this way is let in by. Once it proves to have a token, those
   * before it are good no more; it is stored before the client hears of it.
   */
  verifier(use: TokenUse): TokenVerifier {
    return {
      verify: async (username, mechanism, proves) => {
        const owner = `${username}@${this.#domain}`;
        for (let n = 0; n < TRIES; n++) {
          const entry = await this.#entry(owner, use.device);
          const token = await this.#find(entry?.value, mechanism, proves);
          if (entry === undefined || token === undefined) return undefined;
          if (token.expires <= this.#options.clock.now()) {
            throw new SaslError("credentials-expired", "the token is too old; use the password");
          }
          if (use.count !== undefined && use.count <= token.count) return undefined;
          if (await this.#used(owner, entry, token, use)) return token.key;
        }
        throw new SaslError("temporary-auth-failure", "the token is in use; try again");
      },
    };
  }

  /**
   * A new token for a client, to be given to it. The one it has stays good until this one is used.
   *
   * @param agent with an id.
   * @param renewed the client has logged in by the token that it has.
   * @returns undefined if it was signed out since then: who has no token is given none for it.
   */
  async issue(
    account: Jid,
    mechanism: string,
    agent: UserAgent,
    { renewed = false }: { readonly renewed?: boolean } = {},
  ): Promise<FastGrant | undefined> {
    const { clock, random, limits } = this.#options;
    const now = clock.now();
    const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString("base64url");
    const key = nodeCrypto.hash("SHA-256", Buffer.from(token)) as Uint8Array;
    const expires = now + limits.tokenSeconds * 1000;
    const next = { mechanism, key, issued: now, expires, count: -1 };
    const { id = "", software, device } = agent;
    await this.#makeRoom(account.toString(), id);
    const kept = await this.#devices.update(account.toString(), id, (old) => {
      if (renewed && old === undefined) return undefined;
      return {
        software: software ?? old?.software,
        device: device ?? old?.device,
        created: old?.created ?? now,
        used: now,
        current: old?.current,
        next,
      };
    });
    return kept && { token, expiry: expires };
  }

  /** The token that a client has just logged in by; undefined if it was signed out since then. */
  async used(account: Jid, device: string): Promise<UsedToken | undefined> {
    const current = (await this.#devices.get(account.toString(), device))?.value.current;
    if (current === undefined) return undefined;
    const { clock, limits } = this.#options;
    const after = Math.min(ROTATE_MS, limits.tokenSeconds * 500);
    return { mechanism: current.mechanism, isDue: clock.now() - current.issued >= after };
  }

  /** A resource that a client gets each time, and that tells nothing of its id (XEP-0386 §3.2.1). */
  resourceOf(account: Jid, device: string, tag: string): string {
    return createHmac("sha256", this.#secret)
      .update(JSON.stringify([account.toString(), device, tag]))
      .digest("base64url")
      .slice(0, RESOURCE_CHARACTERS);
  }

  /** Looked for in any case: an unknown device takes as long as a known one. */
  #entry(owner: string, device: string | undefined): Promise<MapEntry<DeviceRecord> | undefined> {
    return this.#devices.get(owner, device ?? "");
  }

  /** The newer one first (§5.1). */
  async #find(
    record: DeviceRecord | undefined,
    mechanism: string,
    proves: Parameters<TokenVerifier["verify"]>[2],
  ): Promise<Token | undefined> {
    let found: Token | undefined;
    for (const token of [record?.next, record?.current]) {
      const proven = await proves(token?.key ?? NO_KEY);
      if (proven && token?.mechanism === mechanism) found ??= token;
    }
    return found;
  }

  /** Notes that a token was used. @returns false if another login was quicker. */
  async #used(
    owner: string,
    { key: id, value: record, version }: MapEntry<DeviceRecord>,
    token: Token,
    { count, invalidate }: TokenUse,
  ): Promise<boolean> {
    const options = { ifVersion: version };
    try {
      if (invalidate) {
        await this.#devices.delete(owner, id, options);
        return true;
      }
      const next = token === record.next ? undefined : record.next;
      const current = { ...token, count: count ?? token.count };
      const used = this.#options.clock.now();
      await this.#devices.put(owner, id, { ...record, used, current, next }, options);
      return true;
    } catch (error) {
      if (error instanceof StorageConflict) return false;
      throw error;
    }
  }

  /** Forgets what is over; when an account has too many devices, the one not used for longest. */
  async #makeRoom(owner: string, id: string): Promise<void> {
    const { clock, limits } = this.#options;
    const now = clock.now();
    const others = (await this.#devices.range(owner)).filter(({ key }) => key !== id);
    const good = others.filter(
      ({ value: { current, next } }) => (next?.expires ?? current?.expires ?? 0) > now,
    );
    const oldestFirst = good.toSorted((a, b) => a.value.used - b.value.used);
    const tooMany = oldestFirst.slice(0, Math.max(0, good.length - limits.devicesPerAccount + 1));
    for (const { key } of [...others.filter((one) => !good.includes(one)), ...tooMany]) {
      await this.#devices.delete(owner, key);
    }
  }
}

/** Proves nothing. */
const NO_KEY = new Uint8Array(32);

function stored({ mechanism, key, issued, expires, count }: Token): StoredToken {
  return [mechanism, base64(key), issued, expires, count];
}

function restored([mechanism, key, issued, expires, count]: StoredToken): Token {
  return { mechanism, key: new Uint8Array(Buffer.from(key, "base64")), issued, expires, count };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
