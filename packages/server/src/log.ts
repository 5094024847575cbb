/** Facts beside a line of the log; errors are given under `error`. */
export interface Facts {
  readonly [name: string]: unknown;
}

/** Where the server says what happens. Secrets and message texts never go here. */
export interface Log {
  debug(text: string, facts?: Facts): void;
  info(text: string, facts?: Facts): void;
  warn(text: string, facts?: Facts): void;
  error(text: string, facts?: Facts): void;
  /** The same log with a name for the part that speaks. */
  part(name: string): Log;
}

/** Says nothing; the default of tests and of programs that embed the server. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  part: () => silentLog,
};
