import type { DatabaseSync } from "node:sqlite";
import type { LogOwner, LogQuery, StoredEntry, WriteOp } from "../api.ts";
import type { LogRow, OwnersPage, Position, StagedRow } from "../driver.ts";
import { anotherEntry, whoGets } from "../taken-ids.ts";
import { Entries, type OwnerOfEntry } from "./entries.ts";
import { Lists } from "./lists.ts";
import { LogMigration } from "./log-migration.ts";
import { LogReads } from "./log-reads.ts";
import { LogTidying, type TidyingOptions } from "./log-tidying.ts";
import { Pending } from "./pending.ts";
import { type Place, Places } from "./places.ts";
import { RecentIds } from "./recent-ids.ts";
import { TextIndex } from "./text-index.ts";

/**
 * All log stores. What an entry holds is written at once, at the end of the table `entry`; where
 * it is in the logs of its owners is kept in memory (`Pending`) and comes into the index
 * (`Places`) with many others, by `tidy`. Whatever asks sees both as one.
 */
export class LogTable {
  readonly #db: DatabaseSync;
  readonly #lists: Lists;
  readonly #entries: Entries;
  readonly #places: Places;
  readonly #pending = new Pending();
  readonly #recent = new RecentIds();
  readonly #reads: LogReads;
  readonly #tidying: LogTidying;
  readonly #migration: LogMigration;
  #text: TextIndex | undefined;
  /** The number of the next entry: higher than any in use or known as indexed. */
  #next: number;

  constructor(db: DatabaseSync, tidying: TidyingOptions) {
    this.#db = db;
    this.#lists = new Lists(db);
    this.#entries = new Entries(db);
    this.#places = new Places(db);
    this.#text = TextIndex.open(db, false);
    this.#reads = new LogReads(db, this.#entries, this.#places, this.#pending);
    this.#tidying = new LogTidying(
      db,
      { lists: this.#lists, entries: this.#entries, places: this.#places, pending: this.#pending },
      (place) => this.#removePlace(place),
      tidying,
    );
    this.#migration = new LogMigration(db);
    this.#next = Math.max(this.#entries.last(), this.#tidying.indexed()) + 1;
    this.#tidying.recover();
  }

  /** How many entries of logs are not in the index; see `Pending`. */
  get pending(): Pending {
    return this.#pending;
  }

  get tidying(): LogTidying {
    return this.#tidying;
  }

  /** Makes the text index if there is none. */
  needSearch(): void {
    this.#text ??= TextIndex.open(this.#db, true);
  }

  /** Writes what is kept back of new entries; to be called before all but `append`. */
  flush(): void {
    this.#entries.flush();
  }

  /** To be called after a rollback of writes. */
  forgetWrites(): void {
    this.#entries.forget();
    this.#lists.forgetAll();
  }

  /** To be called after a rollback of anything else. */
  forget(): void {
    this.forgetWrites();
    this.#tidying.forget();
    this.#text = TextIndex.open(this.#db, false);
  }

  append(store: number, name: string, op: WriteOp & { do: "append" }): number {
    const { owners, entry } = op;
    if (!this.#recent.mayHave(entry.id, entry.series)) {
      this.#insert(store, owners, entry);
      return 1;
    }
    const there = owners.map(({ owner }) => this.#place(store, owner, entry.id)?.at);
    const { absent, others } = whoGets(name, op, there);
    if (absent.length > 0) this.#insert(store, absent, entry);
    if (others.length > 0) this.#insert(store, others, anotherEntry(entry, this.#next));
    return 1;
  }

  /** Inserts an entry into logs that have none of its id. */
  #insert(store: number, owners: readonly LogOwner[], entry: StoredEntry): void {
    const { id, at, value, text } = entry;
    const body = this.#next++;
    const owned: OwnerOfEntry[] = [];
    const places: Place[] = [];
    for (const { owner, with: jid } of owners) {
      const list = this.#lists.find(store, owner) ?? this.#lists.add(store, owner);
      const peer = jid ?? null;
      owned.push([list, peer]);
      places.push({ list, at, seq: body, id, peer, body });
    }
    const found = text !== undefined && this.#text !== undefined;
    this.#entries.insert({ body, seq: body, at, id, owners: owned, found, value });
    if (found) this.#index(body, owned, at, body, text);
    for (const place of places) this.#pending.add(place);
  }

  replace(store: number, op: WriteOp & { do: "replace" }): number {
    const list = this.#lists.find(store, op.owner);
    const place = list === undefined ? undefined : this.#find(list, op.id);
    if (list === undefined || place === undefined) return 0;
    const { owners, found: was } = this.#entries.owners(place.body);
    const found = op.text !== undefined && this.#text !== undefined;
    const mine: readonly OwnerOfEntry[] = [[list, place.peer]];
    let { body } = place;
    if (owners.length === 1) {
      if (was) this.#text?.delete(body);
      this.#entries.setValue(body, op.value, found);
    } else {
      // The others keep what they have: this log goes on with an entry of its own.
      this.#release(place);
      body = this.#next++;
      const { at, seq, id } = place;
      this.#entries.insert({ body, seq, at, id, owners: mine, found, value: op.value });
      this.#move(place, body);
    }
    if (found) this.#index(body, mine, place.at, place.seq, op.text);
    return 1;
  }

  remove(store: number, op: WriteOp & { do: "remove" }): number {
    const list = this.#lists.find(store, op.owner);
    if (list === undefined) return 0;
    let removed = 0;
    for (const id of op.ids) {
      const place = this.#find(list, id);
      if (place === undefined) continue;
      this.#removePlace(place);
      removed++;
    }
    return removed;
  }

  expire(store: number, op: WriteOp & { do: "expire" }): number {
    const list = this.#lists.find(store, op.owner);
    if (list === undefined) return 0;
    const old = [...this.#places.older(list, op.before, op.limit)];
    for (const place of this.#pending.of(list)) {
      if (old.length >= op.limit || place.at >= op.before) break;
      old.push(place);
    }
    for (const place of old) this.#removePlace(place);
    if (old.length < op.limit && !this.#hasAny(list)) {
      this.#lists.drop(store, op.owner, list, false);
    }
    return old.length;
  }

  /** Takes its entries from an owner at once; `tidy` removes them. */
  clear(store: number, owner: string): number {
    const list = this.#lists.find(store, owner);
    if (list === undefined) return 0;
    this.#lists.drop(store, owner, list, this.#hasAny(list));
    return 1;
  }

  find(store: number, owner: string, id: string): LogRow | undefined {
    const place = this.#place(store, owner, id);
    return place && [place.id, place.at, place.peer, this.#entries.value(place.body)];
  }

  owners(store: number, page: OwnersPage): readonly string[] {
    return this.#lists.owners(store, page, (list) => this.#pending.has(list));
  }

  read(store: number, name: string, owner: string, wanted: LogQuery): readonly LogRow[] {
    const log = { name, owner, list: this.#lists.find(store, owner) };
    return this.#reads.read(log, wanted, this.#text);
  }

  count(store: number, name: string, owner: string, wanted: LogQuery): number {
    const log = { name, owner, list: this.#lists.find(store, owner) };
    return this.#reads.count(log, wanted, this.#text);
  }

  unmigrated(store: number, after: Position | undefined): readonly StagedRow[] {
    return this.#migration.unmigrated(store, after);
  }

  stage(store: number, row: StagedRow): void {
    this.#migration.stage(store, row);
  }

  adopt(store: number): void {
    this.#migration.adopt(store);
  }

  forgetStaged(store: number): void {
    this.#migration.forget(store);
  }

  #place(store: number, owner: string, id: string): Place | undefined {
    const list = this.#lists.find(store, owner);
    return list === undefined ? undefined : this.#find(list, id);
  }

  #find(list: number, id: string): Place | undefined {
    return this.#pending.find(list, id) ?? this.#places.find(list, id);
  }

  #hasAny(list: number): boolean {
    return this.#pending.has(list) || !this.#places.isEmpty(list);
  }

  #removePlace(place: Place): void {
    const waiting = this.#pending.find(place.list, place.id);
    if (waiting === undefined) this.#places.delete(place);
    else this.#pending.remove(waiting);
    this.#release(place);
  }

  /** What an entry holds goes with the last log that it is in. */
  #release({ list, body }: Place): void {
    const { owners, found } = this.#entries.owners(body);
    const others = owners.filter(([owner]) => owner !== list);
    if (others.length > 0) return this.#entries.setOwners(body, others);
    this.#entries.delete(body);
    if (found) this.#text?.delete(body);
  }

  #move(place: Place, body: number): void {
    const waiting = this.#pending.find(place.list, place.id);
    if (waiting === undefined) return this.#places.setBody(place, body);
    this.#pending.remove(waiting);
    this.#pending.add({ ...waiting, body });
  }

  #index(
    body: number,
    owners: readonly OwnerOfEntry[],
    at: number,
    seq: number,
    text: string | undefined,
  ): void {
    const lists = owners.map(([list]) => list);
    this.#text?.insert(body, lists, at, seq, text ?? "");
  }
}
