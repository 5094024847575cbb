import { randomBytes, randomUUID } from "node:crypto";

/** Something that will happen unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

/** The only source of time in the server, so that tests can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `action` once after `ms` milliseconds; a waiting timer does not keep the process alive. */
  after(ms: number, action: () => void): Timer;
}

/** The only source of randomness in the server. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** An unguessable identifier of at least 120 random bits that is legal in an XML attribute and as a resourcepart. */
  id(): string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  id: () => randomUUID(),
};
