import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StorageUnavailable, type WriteOp } from "../api.ts";
import type { Driver, EngineCalls, EngineMethod, NumberedWrite } from "../driver.ts";
import { errorOf, failureOf } from "./failure.ts";
import {
  addBatch,
  addCall,
  addWrite,
  type Call,
  type Outcome,
  type Reply,
  type Request,
  type Wire,
} from "./wire.ts";
import type { WorkerOptions } from "./worker.ts";

/** Bounds of the driver; 0 is no bound. */
export interface SqliteLimits {
  /** Requests that wait for their commit: 100,000 unless told. */
  readonly queueRequests?: number;
  /** Their text, in UTF-16 units: 64 Mi unless told. */
  readonly queueLength?: number;
  /** The size the database may grow to; beyond it writes fail as on a full disk. */
  readonly databaseBytes?: number;
}

/** What is sent at once; the rest follows, so that acknowledgements keep coming. */
const GROUP_REQUESTS = 2048;
const GROUP_LENGTH = 4 * 1024 * 1024;
/** Milliseconds from one group of writes to the next while more than one writes at a time. */
const GATHERING = 3;

/**
 * Opens a database file in a worker thread of its own.
 *
 * Requests of one turn of the event loop are sent together and committed together; those that
 * come while a group is on its way, and for 3 ms if several write, make up the next one. A writer that waits for its promise is
 * thereby slowed to the pace of the disk. One that does not wait fills the queue; beyond its
 * bound requests are refused with `StorageUnavailable`.
 *
 * @throws StorageUnavailable if the file is no database, or of a newer program.
 */
export async function sqliteDriver(file: string, limits: SqliteLimits = {}): Promise<Driver> {
  const driver = new SqliteDriver(file, limits);
  await driver.ready;
  return driver;
}

interface Waiter {
  /** With what the type of the promise says: the worker vouches for it. */
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Requests on their way, and what to tell those who made them. */
class Group {
  readonly words: Wire[] = [];
  readonly calls: Call[] = [];
  readonly waiters: Waiter[] = [];
  length = 0;
  /** Someone waits for it to go on: it is not to gather. */
  urgent = false;

  get isFull(): boolean {
    return this.waiters.length >= GROUP_REQUESTS || this.length >= GROUP_LENGTH;
  }
}

class SqliteDriver implements Driver {
  /** Settles when the database is open. */
  readonly ready: Promise<void>;
  readonly #file: string;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #maxRequests: number;
  readonly #maxLength: number;
  /** Groups not sent yet; all but the last are full. */
  readonly #queue: Group[] = [];
  #inFlight: Group | undefined;
  #backup: { resolve(): void; reject(error: Error): void } | undefined;
  #requests = 0;
  #length = 0;
  #scheduled: NodeJS.Timeout | "soon" | undefined;
  /** Until when, by the monotonic clock, the next group is left to grow. */
  #gatheringUntil = 0;
  #closing: Promise<void> | undefined;
  #failure: StorageUnavailable | undefined;

  constructor(file: string, limits: SqliteLimits) {
    this.#file = file;
    this.#maxRequests = (limits.queueRequests ?? 100_000) || Infinity;
    this.#maxLength = (limits.queueLength ?? 64 * 1024 * 1024) || Infinity;
    const workerData: WorkerOptions = { file, databaseBytes: limits.databaseBytes ?? 0 };
    // The extension of the running file: compiled, the worker is a .js beside this one.
    const entry = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(entry, { name: "storage", workerData, execArgv: [] });
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    worker.on("message", (reply: Reply) => {
      if (reply.do === "outcome") this.#settle(reply);
      else if (reply.do === "backed-up") this.#backedUp(reply.failure && errorOf(reply.failure));
      else if (reply.do === "failed") reject(errorOf(reply.failure));
      else {
        this.#rest();
        resolve();
      }
    });
    worker.on("error", (error: unknown) => this.#fail(error));
    this.#exited = new Promise((done) => {
      worker.on("exit", () => {
        reject(new StorageUnavailable(`cannot open the database "${file}": its thread ended`));
        this.#fail(undefined);
        done();
      });
    });
  }

  call<M extends EngineMethod>(
    method: M,
    ...args: Parameters<EngineCalls[M]>
  ): Promise<ReturnType<EngineCalls[M]>> {
    return new Promise((resolve, reject) => {
      const group = this.#admit(LENGTH_OF_CALL + lengthOf(args), true, resolve, reject);
      if (group === undefined) return;
      addCall(group.words);
      group.calls.push({ method, args });
    });
  }

  write(store: number, op: WriteOp): Promise<number> {
    return new Promise((resolve, reject) => {
      const group = this.#admit(lengthOfWrite(op), false, resolve, reject);
      if (group !== undefined) addWrite(group.words, store, op);
    });
  }

  done(store: number, op: WriteOp): Promise<void> {
    return new Promise((resolve, reject) => {
      const group = this.#admit(lengthOfWrite(op), false, () => resolve(), reject);
      if (group !== undefined) addWrite(group.words, store, op);
    });
  }

  batch(writes: readonly NumberedWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const length = writes.reduce((sum, { op }) => sum + lengthOfWrite(op), 0);
      const group = this.#admit(length, writes.length === 0, () => resolve(), reject);
      if (group === undefined) return;
      addBatch(group.words, writes.length);
      for (const { store, op } of writes) addWrite(group.words, store, op);
    });
  }

  flush(): Promise<void> {
    return this.batch([]);
  }

  async backup(path: string): Promise<void> {
    if (this.#backup !== undefined) {
      throw new StorageUnavailable(`cannot write the backup "${path}": another one is under way`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#backup = { resolve, reject };
    await this.flush().catch((error: unknown) => {
      this.#backup = undefined;
      throw error;
    });
    this.#worker.ref();
    this.#worker.postMessage({ do: "backup", path } satisfies Request);
    return promise;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const flushed = this.#failure === undefined ? this.flush().catch(() => {}) : undefined;
    this.#failure ??= new StorageUnavailable(
      `cannot use the storage "${this.#file}": it was closed; open it again`,
    );
    await flushed;
    this.#worker.ref();
    this.#worker.postMessage({ do: "close" } satisfies Request);
    await this.#exited;
  }

  /** The group that takes one more request, or undefined if it was refused. */
  #admit(
    length: number,
    urgent: boolean,
    resolve: Waiter["resolve"],
    reject: Waiter["reject"],
  ): Group | undefined {
    if (this.#failure !== undefined) {
      reject(this.#failure);
      return undefined;
    }
    if (this.#requests >= this.#maxRequests || this.#length + length > this.#maxLength) {
      reject(this.#overloaded());
      return undefined;
    }
    let group = this.#queue.at(-1);
    if (group === undefined || group.isFull) this.#queue.push((group = new Group()));
    group.waiters.push({ resolve, reject });
    group.length += length;
    this.#length += length;
    if (this.#requests++ === 0) this.#worker.ref();
    group.urgent ||= urgent;
    if (this.#inFlight === undefined && (this.#scheduled === undefined || urgent)) this.#schedule();
    return group;
  }

  /** Sends the next group when this turn is over, or when it has gathered. */
  #schedule(): void {
    const next = this.#queue[0];
    if (next === undefined || this.#scheduled === "soon") return;
    clearTimeout(this.#scheduled);
    const wait = this.#gatheringUntil - performance.now();
    if (next.urgent || next.isFull || wait <= 0) {
      this.#scheduled = "soon";
      setImmediate(() => this.#send());
    } else {
      this.#scheduled = setTimeout(() => this.#send(), wait);
    }
  }

  #send(): void {
    this.#scheduled = undefined;
    const group = this.#queue.shift();
    if (group === undefined) return;
    this.#inFlight = group;
    const alone = group.waiters.length === 1;
    this.#gatheringUntil = alone ? 0 : performance.now() + GATHERING;
    const { words, calls } = group;
    try {
      this.#worker.postMessage({ do: "group", words, calls } satisfies Request);
    } catch (error) {
      // Something in it cannot cross into a thread: nothing of it was sent.
      const failure = failureOf(error, "send a request to the storage");
      const failures = group.waiters.map((_, place) => [place, failure] as const);
      this.#settle({ do: "outcome", numbers: [], answers: [], failures });
    }
  }

  #settle({ numbers, answers, failures }: Outcome): void {
    const group = this.#inFlight;
    if (group === undefined) return;
    this.#inFlight = undefined;
    this.#length -= group.length;
    this.#requests -= group.waiters.length;
    this.#schedule();
    this.#rest();
    let number = 0;
    let answer = 0;
    let failure = 0;
    for (const [place, waiter] of group.waiters.entries()) {
      const answered = answers[answer];
      const failed = failures[failure];
      if (failed !== undefined && failed[0] === place) {
        failure++;
        waiter.reject(errorOf(failed[1]));
      } else if (answered !== undefined && answered[0] === place) {
        answer++;
        waiter.resolve(answered[1]);
      } else if (numbers[number] === place) {
        waiter.resolve(numbers[number + 1]);
        number += 2;
      } else {
        waiter.resolve(1);
      }
    }
  }

  #backedUp(error: Error | undefined): void {
    const waiting = this.#backup;
    this.#backup = undefined;
    this.#rest();
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }

  /** Idle, the worker does not keep the process alive. */
  #rest(): void {
    if (this.#requests === 0 && this.#backup === undefined) this.#worker.unref();
  }

  /** The worker is gone: nothing that waits will be answered any more. */
  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? ` (${cause.message})` : "";
    this.#failure ??= new StorageUnavailable(
      `cannot use the storage "${this.#file}": its thread ended unexpectedly${reason}; ` +
        "what was not acknowledged may not be kept. Restart the server",
      { cause },
    );
    const failure = this.#failure;
    const groups = [...(this.#inFlight === undefined ? [] : [this.#inFlight]), ...this.#queue];
    this.#inFlight = undefined;
    if (this.#scheduled !== "soon") clearTimeout(this.#scheduled);
    this.#queue.length = 0;
    for (const group of groups) for (const waiter of group.waiters) waiter.reject(failure);
    this.#backup?.reject(failure);
    this.#backup = undefined;
  }

  #overloaded(): StorageUnavailable {
    return new StorageUnavailable(
      `cannot queue more for the storage "${this.#file}": ${this.#requests} requests with ` +
        `${this.#length} characters wait for the disk; await earlier writes, or raise the limits ` +
        "queueRequests and queueLength",
    );
  }
}

/** What a request costs beside its text. */
const LENGTH_OF_CALL = 100;

function lengthOfWrite(op: WriteOp): number {
  switch (op.do) {
    case "append": {
      const { id, with: peer, value, text } = op.entry;
      return op.owner.length + id.length + (peer?.length ?? 0) + value.length + (text?.length ?? 0);
    }
    case "put":
      return op.owner.length + op.key.length + op.value.length;
    case "replace":
      return op.owner.length + op.id.length + op.value.length + (op.text?.length ?? 0);
    case "remove":
      return op.ids.reduce((sum, id) => sum + id.length, op.owner.length);
    case "delete":
    case "clear":
    case "expire":
      return op.owner.length;
  }
}

/** The texts of a call's arguments; only those of `stage` are ever long. */
function lengthOf(args: readonly unknown[]): number {
  let sum = 0;
  for (const argument of args.flat(2)) if (typeof argument === "string") sum += argument.length;
  return sum;
}
