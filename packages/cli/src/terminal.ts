import type { Readable } from "node:stream";
import type { Environment } from "@rookery/server";

/** What a command talks to; `process` is one. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** What was asked for. */
  readonly stdout: Output;
  /** The log, questions and what went wrong. */
  readonly stderr: Output;
  readonly env: Environment;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}
