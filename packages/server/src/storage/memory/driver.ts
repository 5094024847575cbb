import type { WriteOp } from "../api.ts";
import { StorageUnavailable } from "../api.ts";
import {
  type Driver,
  type EngineCalls,
  type EngineMethod,
  type NumberedWrite,
  READS,
} from "../driver.ts";
import { Progress } from "../progress.ts";
import { MemoryEngine } from "./engine.ts";

/**
 * Storage that lives and dies with the process. Everything happens at once, in the order it is
 * asked for; promises settle in a later turn of the microtask queue, like those of other drivers.
 */
export function memoryDriver(): Driver {
  return new MemoryDriver();
}

class MemoryDriver implements Driver {
  readonly progress: Progress = new Progress();
  readonly #engine = new MemoryEngine();
  #closed = false;

  call<M extends EngineMethod>(
    method: M,
    ...args: Parameters<EngineCalls[M]>
  ): Promise<ReturnType<EngineCalls[M]>> {
    const result = this.#call(method, args);
    return READS.has(method) ? result : this.progress.track(result);
  }

  write(store: number, op: WriteOp): Promise<number> {
    return this.progress.track(this.#write(store, op));
  }

  async done(store: number, op: WriteOp): Promise<void> {
    await this.write(store, op);
  }

  batch(writes: readonly NumberedWrite[]): Promise<void> {
    const done = this.#batch(writes);
    return writes.length === 0 ? done : this.progress.track(done);
  }

  async #call<M extends EngineMethod>(
    method: M,
    args: Parameters<EngineCalls[M]>,
  ): Promise<ReturnType<EngineCalls[M]>> {
    this.#check();
    const engine: { [K in EngineMethod]: (...args: never[]) => unknown } = this.#engine;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the signature ties both to M
    return Reflect.apply(engine[method], engine, args) as ReturnType<EngineCalls[M]>;
  }

  async #write(store: number, op: WriteOp): Promise<number> {
    this.#check();
    return this.#engine.apply(store, op);
  }

  async #batch(writes: readonly NumberedWrite[]): Promise<void> {
    this.#check();
    this.#engine.together(writes);
  }

  async flush(): Promise<void> {
    this.#check();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #check(): void {
    if (this.#closed) {
      throw new StorageUnavailable("cannot use the storage: it was closed; open it again");
    }
  }
}
