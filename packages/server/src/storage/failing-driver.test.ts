import { StorageUnavailable } from "./api.ts";
import { type Driver, READS } from "./driver.ts";
import { memoryDriver } from "./memory/driver.ts";
import { Progress } from "./progress.ts";

/** Memory that fails when it is told to. */
export class FailingDriver implements Driver {
  readonly progress: Progress = new Progress();
  readonly #inner: Driver = memoryDriver();
  reads: "work" | "fail" = "work";
  writes: "work" | "fail" = "work";
  beforeReads: Promise<void> | undefined = undefined;

  call: Driver["call"] = (method, ...args) => {
    const result = this.#call(method, ...args);
    return READS.has(method) ? result : this.progress.track(result);
  };
  write: Driver["write"] = (...args) => this.#tracked(() => this.#inner.write(...args));
  done: Driver["done"] = (...args) => this.#tracked(() => this.#inner.done(...args));
  batch: Driver["batch"] = (...args) => this.#tracked(() => this.#inner.batch(...args));
  flush: Driver["flush"] = () => this.#inner.flush();
  close: Driver["close"] = () => this.#inner.close();

  #call: Driver["call"] = async (method, ...args) => {
    await this.beforeReads;
    check(this.reads);
    return await this.#inner.call(method, ...args);
  };

  #tracked<T>(work: () => Promise<T>): Promise<T> {
    const checked = async (): Promise<T> => {
      check(this.writes);
      return await work();
    };
    return this.progress.track(checked());
  }
}

function check(state: "work" | "fail"): void {
  if (state === "fail") throw new StorageUnavailable("the disk is full");
}
