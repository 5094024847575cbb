/** What the system asks of a running server. */
export interface Signals {
  /** Settles when the server shall stop: SIGTERM or SIGINT. */
  readonly stop: Promise<void>;
  readonly stopping: boolean;
  /** Called on SIGHUP, to read again what may have changed. */
  onReload: () => void;
  /** Lets go of the signals. */
  release(): void;
}

/**
 * A second signal within so many milliseconds is the same one: `npm start` passes Ctrl-C on to a
 * process that has got it from the terminal already.
 */
const SAME_MS = 300;

/**
 * Listens for signals.
 *
 * @param source `process`, or what a test sends from.
 * @param kill called on a second SIGTERM or SIGINT, to end at once.
 */
export function listenForSignals(source: SignalSource, kill: () => void): Signals {
  const stop = Promise.withResolvers<void>();
  let stoppedAt: number | undefined;
  const onStop = (): void => {
    const now = performance.now();
    if (stoppedAt === undefined) {
      stoppedAt = now;
      stop.resolve();
    } else if (now - stoppedAt > SAME_MS) {
      kill();
    }
  };
  const onHangUp = (): void => signals.onReload();
  const signals: Signals = {
    stop: stop.promise,
    get stopping() {
      return stoppedAt !== undefined;
    },
    onReload() {},
    release() {
      source.off("SIGTERM", onStop).off("SIGINT", onStop).off("SIGHUP", onHangUp);
    },
  };
  source.on("SIGTERM", onStop).on("SIGINT", onStop).on("SIGHUP", onHangUp);
  return signals;
}

/** What signals come from. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): this;
  off(signal: NodeJS.Signals, listener: () => void): this;
}
