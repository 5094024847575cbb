import type { MapRange, WriteOp } from "../api.ts";
import type { MapRow, OwnersPage, StagedRow } from "../driver.ts";
import { versionConflict, wrongOp } from "../errors.ts";
import { compareUtf8 } from "../order.ts";
import type { Undo } from "./engine.ts";
import { pageOfOwners } from "./owners.ts";

interface Values {
  readonly byKey: Map<string, MapRow>;
  /** The keys in order, made when a range is read, dropped when a key comes or goes. */
  sorted: readonly string[] | undefined;
}

/** One map store. */
export class MemoryMap {
  readonly staged: Map<string, StagedRow> = new Map<string, StagedRow>();
  readonly #name: string;
  readonly #owners = new Map<string, Values>();
  /** The highest version of anything deleted: what comes after gets a higher one. */
  #floor = 0;

  constructor(name: string) {
    this.#name = name;
  }

  apply(op: WriteOp, undo: Undo[] | undefined): number {
    switch (op.do) {
      case "put":
        return this.#put(op, undo);
      case "delete":
        return this.#delete(op, undo);
      case "clear":
        return this.#clear(op.owner, undo);
      default:
        throw wrongOp(this.#name, "map", op.do);
    }
  }

  get(owner: string, key: string): MapRow | undefined {
    return this.#owners.get(owner)?.byKey.get(key);
  }

  range(owner: string, { prefix = "", after, limit = Infinity }: MapRange): readonly MapRow[] {
    const values = this.#owners.get(owner);
    if (values === undefined) return [];
    values.sorted ??= [...values.byKey.keys()].sort(compareUtf8);
    const rows: MapRow[] = [];
    for (const key of values.sorted) {
      if (rows.length >= limit) break;
      if (!key.startsWith(prefix)) continue;
      if (after !== undefined && compareUtf8(key, after) <= 0) continue;
      const row = values.byKey.get(key);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  owners(page: OwnersPage): readonly string[] {
    return pageOfOwners(this.#owners.keys(), page);
  }

  everything(): readonly StagedRow[] {
    const rows: StagedRow[] = [];
    for (const [owner, { byKey }] of this.#owners) {
      for (const [key, value] of byKey.values()) rows.push([[owner, key], value]);
    }
    return rows;
  }

  adopt([[owner, key], value]: StagedRow): void {
    const values = this.#owners.get(String(owner));
    const row = values?.byKey.get(String(key));
    if (values !== undefined && row !== undefined) {
      values.byKey.set(row[0], [row[0], value, row[2]]);
    }
  }

  #put(op: WriteOp & { do: "put" }, undo: Undo[] | undefined): number {
    const { owner, key, value, ifVersion } = op;
    const old = this.get(owner, key);
    if (ifVersion !== undefined && ifVersion !== (old?.[2] ?? 0)) {
      throw versionConflict("put", this.#name, op);
    }
    const version = (old?.[2] ?? this.#floor) + 1;
    this.#set(owner, key, [key, value, version]);
    undo?.push(() => this.#set(owner, key, old));
    return version;
  }

  #delete(op: WriteOp & { do: "delete" }, undo: Undo[] | undefined): number {
    const { owner, key, ifVersion } = op;
    const old = this.get(owner, key);
    if (ifVersion !== undefined && ifVersion !== (old?.[2] ?? 0)) {
      throw versionConflict("delete", this.#name, op);
    }
    if (old === undefined) return 0;
    this.#raiseFloor(old[2]);
    this.#set(owner, key, undefined);
    undo?.push(() => this.#set(owner, key, old));
    return 1;
  }

  #clear(owner: string, undo: Undo[] | undefined): number {
    const values = this.#owners.get(owner);
    if (values === undefined) return 0;
    for (const [, , version] of values.byKey.values()) this.#raiseFloor(version);
    this.#owners.delete(owner);
    undo?.push(() => this.#owners.set(owner, values));
    return values.byKey.size;
  }

  #set(owner: string, key: string, row: MapRow | undefined): void {
    const values = this.#owners.get(owner) ?? { byKey: new Map(), sorted: undefined };
    const old = values.byKey.get(key);
    if (row === undefined) {
      values.byKey.delete(key);
    } else {
      values.byKey.set(key, row);
    }
    if ((old === undefined) !== (row === undefined)) values.sorted = undefined;
    if (values.byKey.size === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, values);
  }

  #raiseFloor(version: number): void {
    if (version > this.#floor) this.#floor = version;
  }
}
