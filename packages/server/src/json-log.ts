import { type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { Facts, Log } from "./log.ts";
import type { LogOptions } from "./terminal-log.ts";

/**
 * A log for programs to read: one line of JSON each, with `level`, `time` (ISO 8601), `part`, `msg`
 * and the facts beside.
 */
export function jsonLog({ level, sink }: LogOptions): Log {
  const root = pino(
    {
      level,
      errorKey: "error",
      serializers: { error: stdSerializers.err },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      base: null,
    },
    sink,
  );
  return over(root, root, "");
}

/** @param root without a part: each part is named once, in full. */
function over(root: Logger, own: Logger, name: string): Log {
  const say =
    (level: "debug" | "info" | "warn" | "error") =>
    (text: string, facts: Facts = {}): void =>
      own[level](facts, text);
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    part(sub) {
      const full = name === "" ? sub : `${name}/${sub}`;
      return over(root, root.child({ part: full }), full);
    },
  };
}
