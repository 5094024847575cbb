import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called with each line of its standard output. */
  readonly onLine?: (line: string) => void;
  /** Called with each line of its standard error. */
  readonly onErrorLine?: (line: string) => void;
}

/** Lines of standard error that are kept to explain a failure. */
const KEPT_LINES = 60;

/** A program that a test has started. It never outlives the test. */
export class Child {
  readonly exited: Promise<Exit>;
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #errorLines: string[] = [];

  /** @param t the test that it ends with. */
  constructor(
    t: TestContext,
    [command, ...args]: readonly [string, ...string[]],
    { env, cwd, onLine, onErrorLine }: ChildOptions = {},
  ) {
    const options: SpawnOptions = {
      stdio: "pipe",
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
    };
    const child = spawn(command, args, options);
    const killNow = (): void => void child.kill("SIGKILL");
    process.once("exit", killNow);
    this.#name = `${command} ${args[0] ?? ""}`;
    this.#process = child;
    this.exited = new Promise((resolve) => {
      // `close` comes when its output has ended too
      child.once("close", (code, signal) => resolve({ code, signal }));
      child.once("error", (error) => {
        this.#errorLines.push(`it could not be started: ${error.message}`);
        resolve({ code: null, signal: null });
      });
    });
    void this.exited.then(() => process.off("exit", killNow));
    child.stdin?.on("error", () => {}); // it may end before it has read everything
    lines(child.stdout, (line) => onLine?.(line));
    lines(child.stderr, (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > KEPT_LINES) this.#errorLines.shift();
      onErrorLine?.(line);
    });
    t.after(() => this.kill("SIGKILL"));
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Ends its standard input. */
  end(text = ""): void {
    this.#process.stdin?.end(text);
  }

  /** Sends it a signal, unless it has ended, and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<Exit> {
    this.#process.kill(signal);
    return this.exited;
  }

  /** Waits until it has ended well. @throws Error with its last words if it has not. */
  async succeeded(): Promise<void> {
    const { code, signal } = await this.exited;
    if (code !== 0) throw this.error(`ended with ${code ?? signal}`);
  }

  /** An error about it, with what it has said last. */
  error(what: string): Error {
    return new Error(`${this.#name}: ${what}\n${this.#errorLines.join("\n")}`);
  }
}

function lines(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", take);
}
