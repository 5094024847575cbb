import type { Socket } from "node:net";
import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Administration } from "./administration.ts";
import { isCommand, performCommand } from "./commands.ts";
import { AdminError } from "./errors.ts";
import { Lines, LONGEST_REQUEST, member, type Response, readLine, writeLine } from "./wire.ts";

/** Commands that are done at once: enough for the threads that derive keys from passwords. */
const AT_ONCE = 8;
/** A connection on which nothing happens for so long is closed. */
const IDLE_MS = 300_000;
/** A client that does not take the last answers for so long is cut off. */
const CLOSE_WAIT_MS = 2000;

export interface AdminConnectionOptions {
  readonly administration: Administration;
  readonly clock: Clock;
  readonly log: Log;
}

/** One connection to the admin socket: does what its lines ask for. */
export class AdminConnection {
  readonly #socket: Socket;
  readonly #options: AdminConnectionOptions;
  readonly #lines: Lines = new Lines(LONGEST_REQUEST);
  readonly #running: Set<Promise<void>> = new Set();
  /** Lines that wait for their turn: those of one read at most, since nothing is read meanwhile. */
  #waiting: Uint8Array[] = [];
  #closing = false;
  /** The client will send no more, and waits for the answers. */
  #ended = false;
  #heardAt: number;
  #timer: Timer;

  constructor(socket: Socket, options: AdminConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#timer = this.#watch(IDLE_MS);
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("end", () => {
      this.#ended = true;
      this.#work();
    });
    socket.on("drain", () => this.#work());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#gone());
  }

  /** Reads no more, answers what was begun, and closes. */
  async finish(): Promise<void> {
    this.#closing = true;
    this.#waiting = [];
    await Promise.all(this.#running);
    this.#socket.destroySoon();
    this.#options.clock.after(CLOSE_WAIT_MS, () => this.#socket.destroy());
  }

  #received(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#heardAt = this.#options.clock.now();
    try {
      this.#waiting.push(...this.#lines.write(bytes));
    } catch (error) {
      this.#answer(failure(null, new AdminError("bad-request", messageOf(error))));
      void this.finish();
      return;
    }
    this.#work();
  }

  /** Begins what may be begun; reads on only when nothing waits and the answers are taken. */
  #work(): void {
    while (this.#running.size < AT_ONCE && !this.#socket.writableNeedDrain) {
      const line = this.#waiting.shift();
      if (line === undefined) {
        if (this.#ended && this.#running.size === 0) void this.finish();
        else this.#socket.resume();
        return;
      }
      const done = this.#do(line).finally(() => {
        this.#running.delete(done);
        this.#work();
      });
      this.#running.add(done);
    }
    this.#socket.pause();
  }

  async #do(line: Uint8Array): Promise<void> {
    this.#answer(await respond(line, this.#options));
    this.#heardAt = this.#options.clock.now();
  }

  #answer(response: Response): void {
    if (this.#socket.writable) this.#socket.write(writeLine(response));
  }

  #watch(ms: number): Timer {
    const { clock } = this.#options;
    return clock.after(ms, () => {
      const left = this.#heardAt + IDLE_MS - clock.now();
      if (left > 0 || this.#running.size > 0) this.#timer = this.#watch(Math.max(left, 1000));
      else this.#socket.destroy();
    });
  }

  #gone(): void {
    this.#closing = true;
    this.#waiting = [];
    this.#timer.cancel();
  }
}

async function respond(line: Uint8Array, options: AdminConnectionOptions): Promise<Response> {
  let id: number | null = null;
  try {
    const request = parse(line);
    const given = member(request, "id");
    if (typeof given !== "number" || !Number.isSafeInteger(given)) {
      throw new AdminError("bad-request", "the request has no whole number as its id");
    }
    id = given;
    const command = member(request, "command");
    if (typeof command !== "string") throw new AdminError("bad-request", "there is no command");
    if (!isCommand(command)) {
      throw new AdminError("unknown-command", `there is no command ${quote(command)}`);
    }
    const args = member(request, "args") ?? {};
    const result = await performCommand(options.administration, command, args as never);
    return { id, ok: true, result };
  } catch (error) {
    if (!(error instanceof AdminError)) options.log.error("a command failed", { error });
    return failure(id, error);
  }
}

function parse(line: Uint8Array): unknown {
  try {
    return readLine(line);
  } catch {
    // not quoted: it may hold a password
    throw new AdminError("bad-request", "the line is not JSON in UTF-8");
  }
}

function failure(id: number | null, error: unknown): Response {
  const known = error instanceof AdminError;
  const code = known ? error.code : "internal";
  const text = known ? error.message : `the server failed: ${messageOf(error)}; its log says more`;
  return { id, ok: false, error: { code, text } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown reason";
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
