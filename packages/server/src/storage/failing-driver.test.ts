import { StorageUnavailable } from "./api.ts";
import type { Driver } from "./driver.ts";
import { memoryDriver } from "./memory/driver.ts";

/** Memory that fails when it is told to. */
export class FailingDriver implements Driver {
  readonly #inner: Driver = memoryDriver();
  reads: "work" | "fail" = "work";
  writes: "work" | "fail" = "work";
  beforeReads: Promise<void> | undefined = undefined;

  call: Driver["call"] = async (method, ...args) => {
    await this.beforeReads;
    check(this.reads);
    return await this.#inner.call(method, ...args);
  };
  write: Driver["write"] = async (...args) => {
    check(this.writes);
    return await this.#inner.write(...args);
  };
  done: Driver["done"] = async (...args) => {
    check(this.writes);
    await this.#inner.done(...args);
  };
  batch: Driver["batch"] = async (...args) => {
    check(this.writes);
    await this.#inner.batch(...args);
  };
  flush: Driver["flush"] = () => this.#inner.flush();
  close: Driver["close"] = () => this.#inner.close();
}

function check(state: "work" | "fail"): void {
  if (state === "fail") throw new StorageUnavailable("the disk is full");
}
