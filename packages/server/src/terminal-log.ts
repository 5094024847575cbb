import { inspect } from "node:util";
import { type Clock, systemClock } from "./clock.ts";
import type { LogLevel } from "./config/config.ts";
import type { Facts, Log } from "./log.ts";

/** Where the lines of a log go, each with its line feed. */
export interface LogSink {
  write(line: string): void;
}

export interface LogOptions {
  /** The least important lines that are written. */
  readonly level: LogLevel;
  readonly sink: LogSink;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A log for people to read: `12:30:05 warn  tls: the certificate … domain="example.org"`. */
export function terminalLog(options: LogOptions & { readonly clock?: Clock }): Log {
  return terminalPart(options, options.clock ?? systemClock, "");
}

function terminalPart({ level: least, sink }: LogOptions, clock: Clock, name: string): Log {
  const say = (level: LogLevel) => (text: string, facts?: Facts) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const part = name === "" ? "" : `${name}: `;
    const time = timeOfDay(clock.now());
    sink.write(`${time} ${level.padEnd(5)} ${part}${printable(text)}${factsText(facts, level)}\n`);
  };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    part: (sub) =>
      terminalPart({ level: least, sink }, clock, name === "" ? sub : `${name}/${sub}`),
  };
}

/** Local time, as the clock on the wall of who reads it. */
function timeOfDay(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((n) => String(n).padStart(2, "0"))
    .join(":");
}

/** The facts on the same line; where something went wrong, the stack of the error below it. */
function factsText(facts: Facts | undefined, level: LogLevel): string {
  let line = "";
  let stack = "";
  for (const [name, value] of Object.entries(facts ?? {})) {
    if (value === undefined) continue;
    if (!(value instanceof Error)) {
      line += ` ${name}=${printable(oneLine(value))}`;
    } else if (level === "error") {
      stack += `\n${inspect(value).split("\n").map(printable).join("\n")}`;
    } else {
      line += ` ${name}=${printable(JSON.stringify(value.message))}`;
    }
  }
  return line + stack;
}

function oneLine(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true });
}

/** What clients sent may stand in a line: it must not steer the terminal, nor forge another line. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
