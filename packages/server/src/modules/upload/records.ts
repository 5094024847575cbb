import { Jid } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import {
  type LogSpec,
  type LogStore,
  type MapSpec,
  type MapStore,
  StorageConflict,
} from "../../storage/api.ts";
import { jsonCodec } from "../../storage/json-codec.ts";

/** What is known of an uploaded file. */
export interface FileRecord {
  readonly size: number;
  /** The media type as the client told it, without parameters. */
  readonly type: string;
  readonly name: string;
  /** When it was uploaded, in milliseconds since 1970. */
  readonly at: number;
  /** When it goes; undefined for never. */
  readonly expires?: number | undefined;
}

/** Where a file is. */
export interface Place {
  readonly id: string;
  readonly account: Jid;
}

/** What an account has uploaded. */
export interface Usage {
  /** Of the files that are kept. */
  readonly bytes: number;
  readonly files: number;
  /** The day (UTC, since 1970) that `dayBytes` were uploaded on. */
  readonly day: number;
  readonly dayBytes: number;
}

const DAY = 86_400_000;
const NOTHING: Usage = { bytes: 0, files: 0, day: 0, dayBytes: 0 };
/** Stands for never, where a time is needed: the last day of the year 9999. */
const NEVER = Date.UTC(9999, 11, 31);
const USAGE = "usage";
const TRIES = 100;

/** By account and id, so that they go with the account. */
const filesSpec: MapSpec<FileRecord> = {
  shape: "map",
  name: "upload/files",
  version: 1,
  codec: jsonCodec(),
};

const usageSpec: MapSpec<Usage> = {
  shape: "map",
  name: "upload/usage",
  version: 1,
  codec: jsonCodec(),
};

/** By domain and id, whose a file is; the time of an entry is when the file goes. */
const placesSpec: LogSpec<string> = {
  shape: "log",
  name: "upload/places",
  version: 1,
  codec: { encode: (text) => text, decode: (text) => text },
};

/** What is known of the uploaded files of one domain. */
export class Records {
  readonly #host: Host;
  readonly #owner: string;
  readonly #files: MapStore<FileRecord>;
  readonly #usage: MapStore<Usage>;
  readonly #places: LogStore<string>;

  private constructor(
    host: Host,
    stores: { files: MapStore<FileRecord>; usage: MapStore<Usage>; places: LogStore<string> },
  ) {
    this.#host = host;
    this.#owner = host.domain.toString();
    this.#files = stores.files;
    this.#usage = stores.usage;
    this.#places = stores.places;
  }

  static async open(host: Host): Promise<Records> {
    return new Records(host, {
      files: await host.mapStore(filesSpec),
      usage: await host.mapStore(usageSpec),
      places: await host.logStore(placesSpec),
    });
  }

  /** What an account has uploaded until now. */
  async usage(account: Jid): Promise<Usage> {
    return (await this.#usage.get(account.toString(), USAGE))?.value ?? NOTHING;
  }

  /** Settles when it is committed. */
  async add({ account, id }: Place, file: FileRecord): Promise<void> {
    const owner = account.toString();
    const day = dayOf(file.at);
    await this.#count(owner, (old = NOTHING) => ({
      next: {
        bytes: old.bytes + file.size,
        files: old.files + 1,
        day,
        dayBytes: (old.day === day ? old.dayBytes : 0) + file.size,
      },
      writes: [
        this.#files.write.put(owner, id, file, { ifVersion: 0 }),
        this.#places.write.append(this.#owner, { id, at: file.expires ?? NEVER, value: owner }),
      ],
    }));
  }

  /** Whose a file is; undefined if there is none, or it is not there any more. */
  async find(id: string): Promise<(Place & { readonly file: FileRecord }) | undefined> {
    const place = await this.#places.get(this.#owner, id);
    if (place === undefined) return undefined;
    const file = (await this.#files.get(place.value, id))?.value;
    const { clock } = this.#host;
    if (file === undefined || (file.expires ?? NEVER) <= clock.now()) return undefined;
    return { id, account: Jid.parse(place.value), file };
  }

  /** Whose a file is or was, whether it is still kept or not. */
  async place(id: string): Promise<Place | undefined> {
    const place = await this.#places.get(this.#owner, id);
    return place && { id, account: Jid.parse(place.value) };
  }

  /** True if the account keeps a file of this id. */
  async keeps({ account, id }: Place): Promise<boolean> {
    return (await this.#files.get(account.toString(), id)) !== undefined;
  }

  /** Forgets a file; what of it is forgotten already does no harm. */
  async remove({ account, id }: Place): Promise<void> {
    const owner = account.toString();
    const file = (await this.#files.get(owner, id))?.value;
    const place = this.#places.write.remove(this.#owner, [id]);
    if (file === undefined) return this.#host.batch([place]);
    await this.#count(owner, (old) => ({
      next: old && {
        ...old,
        bytes: Math.max(0, old.bytes - file.size),
        files: Math.max(0, old.files - 1),
      },
      writes: [this.#files.write.delete(owner, id), place],
    }));
  }

  /** Some of the files that are to go by now. */
  async expired(limit: number): Promise<Place[]> {
    return this.#list({ to: this.#host.clock.now(), limit });
  }

  /** All places, page by page. @throws StorageNotFound if the one named is gone meanwhile. */
  async page(after: string | undefined, limit: number): Promise<Place[]> {
    return this.#list({ limit, ...(after !== undefined && { after }) });
  }

  async #list(query: { to?: number; after?: string; limit: number }): Promise<Place[]> {
    const entries = await this.#places.read(this.#owner, query);
    return entries.map(({ id, value }) => ({ id, account: Jid.parse(value) }));
  }

  /** Writes together with what the account has then, again if something else was written meanwhile. */
  async #count(
    owner: string,
    change: (old: Usage | undefined) => {
      readonly next: Usage | undefined;
      readonly writes: Parameters<Host["batch"]>[0];
    },
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      const entry = await this.#usage.get(owner, USAGE);
      const { next, writes } = change(entry?.value);
      const ifVersion = entry?.version ?? 0;
      const counted = next ? [this.#usage.write.put(owner, USAGE, next, { ifVersion })] : [];
      try {
        await this.#host.batch([...counted, ...writes]);
        return;
      } catch (error) {
        if (!(error instanceof StorageConflict) || tries >= TRIES) throw error;
      }
    }
  }
}

/** The day of a time, since 1970. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY);
}

/** When a day begins, in milliseconds since 1970. */
export function startOf(day: number): number {
  return day * DAY;
}
