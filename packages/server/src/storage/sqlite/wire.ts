/**
 * How requests cross into the worker: the writes of one turn of the event loop as one flat list of
 * texts and numbers, which costs a third of what a list of objects does to clone.
 */
import type { LogOwner, WriteOp } from "../api.ts";
import type { EngineMethod, NumberedWrite } from "../driver.ts";

export type Wire = string | number | undefined;

/** One request of a group; each is all or nothing. */
export type Unit =
  | { readonly kind: "write"; readonly write: NumberedWrite }
  | { readonly kind: "batch"; readonly writes: readonly NumberedWrite[] }
  | { readonly kind: "call"; readonly call: Call };

/** A method of the engine and its arguments. */
export interface Call {
  readonly method: EngineMethod;
  readonly args: readonly unknown[];
}

/** What the main thread sends: requests in order, committed together. */
export type Request =
  | { readonly do: "group"; readonly words: readonly Wire[]; readonly calls: readonly Call[] }
  | { readonly do: "backup"; readonly path: string }
  | { readonly do: "close" };

export type FailureKind = "conflict" | "not-found" | "unavailable" | "other";

export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
}

/**
 * What became of a group, by the place of each request in it, ascending: numbers of writes that
 * gave another than 1, answers of calls, failures. A write that is not mentioned is committed.
 */
export interface Outcome {
  readonly do: "outcome";
  readonly numbers: readonly number[];
  readonly answers: readonly (readonly [unit: number, answer: unknown])[];
  readonly failures: readonly (readonly [unit: number, failure: Failure])[];
}

export type Reply =
  | Outcome
  | { readonly do: "ready" }
  | { readonly do: "backed-up"; readonly failure: Failure | undefined }
  | { readonly do: "failed"; readonly failure: Failure };

const PUT = 0;
const DELETE = 1;
const CLEAR = 2;
const APPEND = 3;
const REPLACE = 4;
const REMOVE = 5;
const EXPIRE = 6;
const BATCH = 7;
const CALL = 8;
/** An entry for two that concerns each other. */
const APPEND_BETWEEN = 9;

/** Adds one write to a list. */
export function addWrite(words: Wire[], store: number, op: WriteOp): void {
  switch (op.do) {
    case "append":
      addOwners(words, store, op.owners);
      words.push(op.entry.id, op.entry.at, op.entry.value, op.entry.text);
      words.push(op.entry.series, op.entry.sameBefore);
      break;
    case "put":
      words.push(PUT, store, op.owner, op.key, op.value, op.ifVersion);
      break;
    case "delete":
      words.push(DELETE, store, op.owner, op.key, op.ifVersion);
      break;
    case "clear":
      words.push(CLEAR, store, op.owner);
      break;
    case "replace":
      words.push(REPLACE, store, op.owner, op.id, op.value, op.text);
      break;
    case "remove":
      words.push(REMOVE, store, op.owner, op.ids.length);
      for (const id of op.ids) words.push(id);
      break;
    case "expire":
      words.push(EXPIRE, store, op.owner, op.before, op.limit);
      break;
  }
}

function addOwners(words: Wire[], store: number, owners: readonly LogOwner[]): void {
  const [one, other] = owners;
  if (owners.length === 2 && one?.with === other?.owner && other?.with === one?.owner) {
    words.push(APPEND_BETWEEN, store, one?.owner, other?.owner);
    return;
  }
  words.push(APPEND, store, owners.length);
  for (const { owner, with: peer } of owners) words.push(owner, peer);
}

/** Announces that the next `count` writes are one request. */
export function addBatch(words: Wire[], count: number): void {
  words.push(BATCH, count);
}

/** Adds a call; its method and arguments travel beside the list, in the same order. */
export function addCall(words: Wire[]): void {
  words.push(CALL);
}

/** Reads the requests of a group, in order. */
export function units(words: readonly Wire[], calls: readonly Call[]): readonly Unit[] {
  const found: Unit[] = [];
  const reader = new WireReader(words);
  let nextCall = 0;
  while (!reader.done) {
    const code = reader.number();
    if (code === CALL) {
      const call = calls[nextCall++];
      if (call === undefined) throw new TypeError("a call of this group did not come with it");
      found.push({ kind: "call", call });
    } else if (code === BATCH) {
      const count = reader.number();
      found.push({ kind: "batch", writes: Array.from({ length: count }, () => reader.write()) });
    } else {
      found.push({ kind: "write", write: reader.write(code) });
    }
  }
  return found;
}

class WireReader {
  readonly #words: readonly Wire[];
  #next = 0;

  constructor(words: readonly Wire[]) {
    this.#words = words;
  }

  get done(): boolean {
    return this.#next >= this.#words.length;
  }

  write(code: number = this.number()): NumberedWrite {
    const store = this.number();
    return { store, op: this.#op(code) };
  }

  number(): number {
    const word = this.#words[this.#next++];
    if (typeof word === "number") return word;
    throw new TypeError(`expected a number at ${this.#next - 1}, found ${typeof word}`);
  }

  text(): string {
    const word = this.#words[this.#next++];
    if (typeof word === "string") return word;
    throw new TypeError(`expected a text at ${this.#next - 1}, found ${typeof word}`);
  }

  #optionalText(): string | undefined {
    if (this.#words[this.#next] !== undefined) return this.text();
    this.#next++;
    return undefined;
  }

  #optionalNumber(): number | undefined {
    if (this.#words[this.#next] !== undefined) return this.number();
    this.#next++;
    return undefined;
  }

  #op(code: number): WriteOp {
    if (code === APPEND) return this.#append(this.#owners());
    const owner = this.text();
    switch (code) {
      case APPEND_BETWEEN: {
        const other = this.text();
        return this.#append([
          { owner, with: other },
          { owner: other, with: owner },
        ]);
      }
      case PUT: {
        const key = this.text();
        return { do: "put", owner, key, value: this.text(), ifVersion: this.#optionalNumber() };
      }
      case DELETE: {
        const key = this.text();
        return { do: "delete", owner, key, ifVersion: this.#optionalNumber() };
      }
      case CLEAR:
        return { do: "clear", owner };
      case REPLACE: {
        const id = this.text();
        return { do: "replace", owner, id, value: this.text(), text: this.#optionalText() };
      }
      case REMOVE: {
        const length = this.number();
        return { do: "remove", owner, ids: Array.from({ length }, () => this.text()) };
      }
      case EXPIRE: {
        const before = this.number();
        return { do: "expire", owner, before, limit: this.number() };
      }
      default:
        throw new TypeError(`there is no write with the code ${code}`);
    }
  }

  #owners(): readonly LogOwner[] {
    const length = this.number();
    const owners: LogOwner[] = [];
    for (let i = 0; i < length; i++)
      owners.push({ owner: this.text(), with: this.#optionalText() });
    return owners;
  }

  #append(owners: readonly LogOwner[]): WriteOp {
    const id = this.text();
    const at = this.number();
    const value = this.text();
    const text = this.#optionalText();
    const series = this.#optionalNumber();
    const sameBefore = this.#optionalNumber();
    return { do: "append", owners, entry: { id, at, value, text, series, sameBefore } };
  }
}
