import type { WriteOp } from "../api.ts";
import type { Call, Wire } from "./wire.ts";

/**
 * What is sent at once, in rows that it may touch; the rest follows, so that acknowledgements keep
 * coming and nobody waits long for the rows of another.
 */
const GROUP_ROWS = 1024;
/** The same in UTF-16 units. */
const GROUP_LENGTH = 4 * 1024 * 1024;

/** Who waits for a request. */
export interface Waiter {
  /** With what the type of the promise says: the worker vouches for it. */
  resolve(result: unknown): void;
  reject(error: Error): void;
  /** Whether there is a result to wait for, or only the commit. */
  readonly result: boolean;
}

/** What a request asks of the storage. */
export interface Weight {
  /** Of its texts, in UTF-16 units. */
  readonly length: number;
  /** That it may touch. */
  readonly rows: number;
}

/** Requests on their way, and those who made them. */
export class RequestGroup {
  readonly words: Wire[] = [];
  readonly calls: Call[] = [];
  readonly waiters: Waiter[] = [];
  length = 0;
  rows = 0;
  /** Someone waits for it to go on: it is not to gather. */
  urgent = false;
  /** The last write asked for, in it or refused after it; 0 for none. */
  mark = 0;
  /** Whose values it writes; undefined stands for anyone's. */
  readonly #owners: (string | undefined)[] = [];
  #touched: Set<string | undefined> | undefined;

  get isFull(): boolean {
    return this.rows >= GROUP_ROWS || this.length >= GROUP_LENGTH;
  }

  /** Whether one more request fits; a large one goes alone. */
  hasRoomFor({ length, rows }: Weight): boolean {
    if (this.waiters.length === 0) return true;
    return this.rows + rows <= GROUP_ROWS && this.length + length <= GROUP_LENGTH;
  }

  add(waiter: Waiter, { length, rows }: Weight): void {
    this.waiters.push(waiter);
    this.length += length;
    this.rows += rows;
  }

  /** Notes that it writes values of this owner, or of anyone. */
  writes(owner: string | undefined): void {
    this.#owners.push(owner);
  }

  /** Whether it may write values of this owner. */
  touches(owner: string): boolean {
    this.#touched ??= new Set();
    for (const written of this.#owners) this.#touched.add(written);
    this.#owners.length = 0;
    return this.#touched.has(owner) || this.#touched.has(undefined);
  }
}

/** What a call weighs beside its text. */
const LENGTH_OF_CALL = 100;

export function weightOfWrite(op: WriteOp): Weight {
  switch (op.do) {
    case "append": {
      const { id, value, text } = op.entry;
      let length = id.length + value.length + (text?.length ?? 0);
      for (const { owner, with: peer } of op.owners) length += owner.length + (peer?.length ?? 0);
      return { length, rows: op.owners.length };
    }
    case "put":
      return { length: op.owner.length + op.key.length + op.value.length, rows: 1 };
    case "replace":
      return { length: op.id.length + op.value.length + (op.text?.length ?? 0), rows: 1 };
    case "remove":
      return {
        length: op.ids.reduce((sum, id) => sum + id.length, op.owner.length),
        rows: op.ids.length,
      };
    case "expire":
      return { length: op.owner.length, rows: op.limit };
    case "delete":
    case "clear":
      return { length: op.owner.length, rows: 1 };
  }
}

/** By the texts of a call's arguments; only those of `stage` are ever long. */
export function weightOfCall(args: readonly unknown[]): Weight {
  let length = LENGTH_OF_CALL;
  for (const argument of args.flat(2)) if (typeof argument === "string") length += argument.length;
  return { length, rows: 1 };
}

/** Notes whose values a write concerns. */
export function noteOwners(group: RequestGroup, op: WriteOp): void {
  if (op.do !== "append") return group.writes(op.owner);
  for (const { owner } of op.owners) group.writes(owner);
}
