/** Something that will happen unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

/** The only source of time in this package, so that tests can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `action` once after `ms` milliseconds. */
  after(ms: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
