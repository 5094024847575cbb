import type { Host } from "../../host.ts";
import type { MapEntry, MapStore, Write } from "../../storage/api.ts";
import { type InvitationRecord, makers, names, records } from "./record.ts";

const PAGE = 500;
/** Whoever has shown a token before it expired may still use it for so long (XEP-0445 §4). */
const GRACE_MS = 3_600_000;

/** An invitation as it is kept. */
export interface Kept {
  readonly digest: string;
  /** The bare JID of who made it; the domain for the operator. */
  readonly maker: string;
  readonly record: InvitationRecord;
  readonly version: number;
}

/** The invitations of one domain in storage. */
export class InvitationStore {
  readonly #host: Host;
  readonly #records: MapStore<InvitationRecord>;
  readonly #makers: MapStore<string>;
  readonly #names: MapStore<string>;

  private constructor(
    host: Host,
    stores: readonly [MapStore<InvitationRecord>, MapStore<string>, MapStore<string>],
  ) {
    this.#host = host;
    [this.#records, this.#makers, this.#names] = stores;
  }

  static async open(host: Host): Promise<InvitationStore> {
    return new InvitationStore(host, [
      await host.mapStore(records),
      await host.mapStore(makers),
      await host.mapStore(names),
    ]);
  }

  /** An invitation that is not expired. */
  async get(digest: string): Promise<Kept | undefined> {
    const maker = await this.#makers.get(this.#domain, digest);
    return maker === undefined ? undefined : this.#of(maker.value, digest);
  }

  /** The one whose digest begins so. */
  async find(prefix: string): Promise<Kept | undefined> {
    const [found] = await this.#makers.range(this.#domain, { prefix, limit: 1 });
    return found && this.#of(found.value, found.key);
  }

  /** Open invitations of one maker. */
  async of(maker: string): Promise<readonly Kept[]> {
    const entries = await this.#records.range(maker);
    return entries
      .filter(({ value }) => this.#isValid(value))
      .map(({ key, value, version }) => ({ digest: key, maker, record: value, version }));
  }

  /** How many are kept, some of which may have expired. */
  async count(): Promise<number> {
    let count = 0;
    for (let after: string | undefined; ; ) {
      const page = await this.#page(after);
      count += page.length;
      after = page.at(-1)?.key;
      if (page.length < PAGE) return count;
    }
  }

  /** All that are open; what has expired is deleted on the way. */
  async all(): Promise<readonly Kept[]> {
    const found: Kept[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#page(after);
      const kept = await Promise.all(page.map(({ key, value }) => this.#read(value, key)));
      for (const [i, one] of kept.entries()) {
        const entry = page[i];
        if (one === undefined && entry) await this.#makers.delete(this.#domain, entry.key);
        else if (one && this.#isValid(one.record)) found.push(one);
        else if (one && this.#isOver(one.record)) await this.#host.batch(await this.removal(one));
      }
      after = page.at(-1)?.key;
      if (page.length < PAGE) return found;
    }
  }

  /** The invitation that keeps a localpart for somebody. */
  async holder(local: string): Promise<Kept | undefined> {
    const digest = await this.#names.get(this.#domain, local);
    return digest && this.get(digest.value);
  }

  async put(maker: string, digest: string, record: InvitationRecord): Promise<void> {
    const writes = [
      this.#records.write.put(maker, digest, record, { ifVersion: 0 }),
      this.#makers.write.put(this.#domain, digest, maker, { ifVersion: 0 }),
    ];
    if (record.username !== undefined) {
      writes.push(this.#names.write.put(this.#domain, record.username, digest));
    }
    await this.#host.batch(writes);
  }

  /** Uses an invitation once; fails with StorageConflict if it was changed since it was read. */
  async use(kept: Kept): Promise<readonly Write[]> {
    const { maker, digest, record, version } = kept;
    const uses = record.uses - 1;
    if (uses <= 0) return this.removal(kept);
    return [this.#records.write.put(maker, digest, { ...record, uses }, { ifVersion: version })];
  }

  /** Deletes an invitation; fails with StorageConflict if it was changed since it was read. */
  async removal({ maker, digest, record, version }: Kept): Promise<readonly Write[]> {
    const writes = [
      this.#records.write.delete(maker, digest, { ifVersion: version }),
      this.#makers.write.delete(this.#domain, digest),
    ];
    const { username } = record;
    const held = username && (await this.#names.get(this.#domain, username));
    if (username && held && held.value === digest) {
      writes.push(this.#names.write.delete(this.#domain, username, { ifVersion: held.version }));
    }
    return writes;
  }

  /** An invitation as it is now, expired or not; undefined if it is used up or taken back. */
  async again({ maker, digest }: Kept): Promise<Kept | undefined> {
    const kept = await this.#read(maker, digest);
    return kept && kept.record.uses > 0 ? kept : undefined;
  }

  get #domain(): string {
    return this.#host.domain.toString();
  }

  #page(after: string | undefined): Promise<readonly MapEntry<string>[]> {
    const range = { ...(after !== undefined && { after }), limit: PAGE };
    return this.#makers.range(this.#domain, range);
  }

  async #of(maker: string, digest: string): Promise<Kept | undefined> {
    const kept = await this.#read(maker, digest);
    return kept && this.#isValid(kept.record) ? kept : undefined;
  }

  async #read(maker: string, digest: string): Promise<Kept | undefined> {
    const entry = await this.#records.get(maker, digest);
    return entry && { digest, maker, record: entry.value, version: entry.version };
  }

  #isOver({ expires }: InvitationRecord): boolean {
    return expires + GRACE_MS < this.#host.clock.now();
  }

  #isValid({ expires, uses }: InvitationRecord): boolean {
    return uses > 0 && expires > this.#host.clock.now();
  }
}
