import { inspect } from "node:util";
import { AdminError, CertificateError, ConfigError, StorageUnavailable } from "@rookery/server";

/** The exit status of the command. */
export const EXIT = {
  ok: 0,
  /** It could not be done, or not all of it. */
  failed: 1,
  /** The command line, the configuration or a file that it names is wrong: trying again is of no use. */
  wrongUse: 2,
  /** Ctrl-C at a question (128 + SIGINT). */
  cancelled: 130,
} as const;

/** Why a command ends, in words for who typed it. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly exitCode: number;

  constructor(text: string, exitCode: number = EXIT.failed) {
    super(text);
    this.exitCode = exitCode;
  }
}

/** What to print about an error, and the exit status that goes with it. */
export function explain(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof ConfigError) return { text: error.message, exitCode: EXIT.wrongUse };
  if (error instanceof CommandError) return { text: named(error), exitCode: error.exitCode };
  if (error instanceof CertificateError) return { text: named(error), exitCode: EXIT.wrongUse };
  const expected =
    error instanceof AdminError ||
    error instanceof StorageUnavailable ||
    (error instanceof Error && error.constructor === Error);
  // anything else is a fault of a program, this one or a module: its stack says where
  return { text: expected ? named(error) : inspect(error), exitCode: EXIT.failed };
}

function named(error: Error): string {
  return `rookery: ${error.message}`;
}
