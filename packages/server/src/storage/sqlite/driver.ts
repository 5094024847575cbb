import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StorageUnavailable, type WriteOp } from "../api.ts";
import {
  type Driver,
  type EngineCalls,
  type EngineMethod,
  type NumberedWrite,
  READS,
} from "../driver.ts";
import { Progress } from "../progress.ts";
import { errorOf, failureOf } from "./failure.ts";
import { TIDYING, type TidyingOptions } from "./log-tidying.ts";
import {
  noteOwners,
  RequestGroup,
  type Waiter,
  type Weight,
  weightOfCall,
  weightOfWrite,
} from "./request-group.ts";
import { addBatch, addCall, addWrite, type Outcome, type Reply, type Request } from "./wire.ts";
import type { WorkerOptions } from "./worker.ts";

/** Bounds of the driver; 0 is no bound. */
export interface SqliteLimits {
  /** Requests that wait for their commit: 100,000 unless told. */
  readonly queueRequests?: number;
  /** Their text, in UTF-16 units: 64 Mi unless told. */
  readonly queueLength?: number;
  /** The size the database may grow to; beyond it writes fail as on a full disk. */
  readonly databaseBytes?: number;
  /** When the work that is put off is done; for tests. */
  readonly tidying?: TidyingOptions;
}

/**
 * Milliseconds from one group of writes to the next while more than one writes at a time; more
 * when there is much to write, for a commit costs as much as twenty entries.
 */
const GATHERING = 3;
const GATHERING_MOST = 12;
/** Requests in a group for each further millisecond. */
const GATHERING_STEP = 6;

/**
 * Opens a database file in a worker thread of its own.
 *
 * Requests of one turn of the event loop are sent together and committed together; those that
 * come while a group is on its way, and for 3 to 12 ms if many write, make up the next one. A writer
 * that waits for its promise is thereby slowed to the pace of the disk. One that does not wait
 * fills the queue; beyond its bound requests are refused with `StorageUnavailable`. Writes are
 * carried out in the order they were asked for. A read overtakes those that wait to be sent,
 * unless one of them concerns the same owner.
 *
 * @throws StorageUnavailable if the file is no database, or of a newer program.
 */
export async function sqliteDriver(file: string, limits: SqliteLimits = {}): Promise<Driver> {
  const driver = new SqliteDriver(file, limits);
  await driver.ready;
  return driver;
}

class SqliteDriver implements Driver {
  readonly progress: Progress = new Progress();
  /** Settles when the database is open. */
  readonly ready: Promise<void>;
  readonly #file: string;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #maxRequests: number;
  readonly #maxLength: number;
  /** Groups not sent yet; all but the last are full. */
  readonly #queue: RequestGroup[] = [];
  /** Reads that overtake the queue, to be sent when this turn is over. */
  #reads: RequestGroup | undefined;
  /** Groups that the worker has, in its order: one from the queue at most, and reads. */
  readonly #sent: RequestGroup[] = [];
  /** The one of these that came from the queue. */
  #inFlight: RequestGroup | undefined;
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
    const { databaseBytes = 0, tidying = TIDYING } = limits;
    const workerData: WorkerOptions = { file, databaseBytes, tidying };
    // The extension of the running file: compiled, the worker is a .js beside this one.
    const entry = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(entry, { name: "storage", workerData, execArgv: [] });
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    worker.on("message", (reply: Reply) => {
      if (reply.do === "outcome") this.#answered(reply);
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
      const weight = weightOfCall(args);
      const waiter: Waiter = { resolve, reject, result: true };
      const group = this.#isFree(method, args)
        ? this.#admitRead(waiter, weight)
        : this.#admit(waiter, weight, true, !READS.has(method));
      if (group === undefined) return;
      addCall(group.words);
      group.calls.push({ method, args });
      if (!READS.has(method)) group.writes(undefined);
    });
  }

  write(store: number, op: WriteOp): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#write(store, op, { resolve, reject, result: true });
    });
  }

  done(store: number, op: WriteOp): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#write(store, op, { resolve, reject, result: false });
    });
  }

  batch(writes: readonly NumberedWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let length = 0;
      let rows = 0;
      for (const { op } of writes) {
        const weight = weightOfWrite(op);
        length += weight.length;
        rows += weight.rows;
      }
      const flushes = writes.length === 0;
      const waiter: Waiter = { resolve, reject, result: false };
      const group = this.#admit(waiter, { length, rows }, flushes, !flushes);
      if (group === undefined) return;
      addBatch(group.words, writes.length);
      for (const { store, op } of writes) {
        addWrite(group.words, store, op);
        noteOwners(group, op);
      }
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

  #write(store: number, op: WriteOp, waiter: Waiter): void {
    const group = this.#admit(waiter, weightOfWrite(op), false, true);
    if (group === undefined) return;
    addWrite(group.words, store, op);
    noteOwners(group, op);
  }

  /** Whether a call reads what no write that waits to be sent concerns. */
  #isFree(method: EngineMethod, args: readonly unknown[]): boolean {
    if (!READS.has(method)) return false;
    const owner = args[1];
    return typeof owner === "string" && !this.#queue.some((group) => group.touches(owner));
  }

  #admitRead(waiter: Waiter, weight: Weight): RequestGroup | undefined {
    if (!this.#accepts(waiter, weight)) return undefined;
    if (this.#reads === undefined) {
      this.#reads = new RequestGroup();
      setImmediate(() => this.#sendReads());
    }
    this.#reads.add(waiter, weight);
    return this.#reads;
  }

  /** The group that takes one more request, or undefined if it was refused. */
  #admit(
    waiter: Waiter,
    weight: Weight,
    urgent: boolean,
    writes: boolean,
  ): RequestGroup | undefined {
    const mark = writes ? this.progress.ask() : 0;
    let group = this.#queue.at(-1);
    if (!this.#accepts(waiter, weight)) {
      const before = group ?? this.#inFlight;
      if (before === undefined) this.progress.reach(mark);
      else before.mark = Math.max(before.mark, mark);
      return undefined;
    }
    if (group === undefined || !group.hasRoomFor(weight)) {
      this.#queue.push((group = new RequestGroup()));
    }
    group.add(waiter, weight);
    if (writes) group.mark = mark;
    group.urgent ||= urgent;
    if (this.#inFlight === undefined && (this.#scheduled === undefined || urgent)) this.#schedule();
    return group;
  }

  #accepts(waiter: Waiter, { length }: Weight): boolean {
    if (this.#failure !== undefined) {
      waiter.reject(this.#failure);
      return false;
    }
    if (this.#requests >= this.#maxRequests || this.#length + length > this.#maxLength) {
      waiter.reject(this.#overloaded());
      return false;
    }
    this.#length += length;
    if (this.#requests++ === 0) this.#worker.ref();
    return true;
  }

  /** Sends the next group when this turn is over, or when it has gathered. */
  #schedule(): void {
    const next = this.#queue[0];
    if (next === undefined || this.#scheduled === "soon") return;
    clearTimeout(this.#scheduled);
    const wait = this.#gatheringUntil - performance.now();
    if (next.urgent || next.isFull || this.#queue.length > 1 || wait <= 0) {
      this.#scheduled = "soon";
      setImmediate(() => this.#sendNext());
    } else {
      this.#scheduled = setTimeout(() => this.#sendNext(), wait);
    }
  }

  #sendNext(): void {
    this.#scheduled = undefined;
    const group = this.#queue.shift();
    if (group === undefined) return;
    this.#inFlight = group;
    const count = group.waiters.length;
    const gathering = Math.min(GATHERING + count / GATHERING_STEP, GATHERING_MOST);
    this.#gatheringUntil = count === 1 ? 0 : performance.now() + gathering;
    this.#send(group);
  }

  #sendReads(): void {
    const group = this.#reads;
    this.#reads = undefined;
    if (group !== undefined) this.#send(group);
  }

  #send(group: RequestGroup): void {
    const { words, calls } = group;
    try {
      this.#worker.postMessage({ do: "group", words, calls } satisfies Request);
      this.#sent.push(group);
    } catch (error) {
      // Something in it cannot cross into a thread: nothing of it was sent.
      const failure = failureOf(error, "send a request to the storage");
      const failures = group.waiters.map((_, place) => [place, failure] as const);
      this.#settle(group, { do: "outcome", numbers: [], answers: [], failures });
    }
  }

  #settle(group: RequestGroup, { numbers, answers, failures }: Outcome): void {
    if (group === this.#inFlight) this.#inFlight = undefined;
    this.#length -= group.length;
    this.#requests -= group.waiters.length;
    if (this.#inFlight === undefined) this.#schedule();
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
        waiter.resolve(waiter.result ? numbers[number + 1] : undefined);
        number += 2;
      } else {
        waiter.resolve(waiter.result ? 1 : undefined);
      }
    }
    this.progress.reach(group.mark);
  }

  #answered(outcome: Outcome): void {
    const group = this.#sent.shift();
    if (group !== undefined) this.#settle(group, outcome);
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
    const groups = [...this.#sent, ...(this.#reads === undefined ? [] : [this.#reads])];
    groups.push(...this.#queue);
    this.#sent.length = 0;
    this.#reads = undefined;
    this.#inFlight = undefined;
    if (this.#scheduled !== "soon") clearTimeout(this.#scheduled);
    this.#queue.length = 0;
    for (const group of groups) for (const waiter of group.waiters) waiter.reject(failure);
    this.progress.reach(this.progress.asked);
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
