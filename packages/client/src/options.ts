import { type Crypto, webCrypto } from "@rookery/stream";
import { type Clock, systemClock } from "./clock.ts";

/** What clients and components may be told; each has a value that fits most. */
export interface CommonOptions {
  /** Milliseconds that connecting and logging in may take together; 30,000 if left out. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds that a request waits for its answer if it does not say; 30,000 if left out. */
  readonly requestTimeoutMs?: number | undefined;
  /** Requests that may wait for an answer at a time; 1000 if left out. */
  readonly maxPending?: number | undefined;
  /** Handlers that may be at work at a time; 1000 if left out. */
  readonly maxWorking?: number | undefined;
  /** Bytes that may wait to be sent; beyond, `send` throws. 8 MiB if left out. */
  readonly maxQueuedBytes?: number | undefined;
  /** Is told what handlers throw that is no StanzaError; the console if left out. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Time, so that tests can own it. */
  readonly clock?: Clock | undefined;
  /** The Web Cryptography API if left out. */
  readonly crypto?: Crypto | undefined;
}

/** {@link CommonOptions} with nothing left out. */
export interface EntityOptions {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxPending: number;
  readonly maxWorking: number;
  readonly maxQueuedBytes: number;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly crypto: Crypto;
}

export function entityOptions(options: CommonOptions): EntityOptions {
  return {
    connectTimeoutMs: options.connectTimeoutMs ?? 30_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    maxPending: options.maxPending ?? 1000,
    maxWorking: options.maxWorking ?? 1000,
    maxQueuedBytes: options.maxQueuedBytes ?? 8 * 1024 * 1024,
    onError: options.onError ?? ((error) => console.error(error)),
    clock: options.clock ?? systemClock,
    crypto: options.crypto ?? webCrypto,
  };
}
