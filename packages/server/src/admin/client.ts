import { connect, type Socket } from "node:net";
import { adminSocketPath } from "./address.ts";
import type { CommandArgs, CommandName, CommandResult } from "./commands.ts";
import { AdminError, isAdminErrorCode } from "./errors.ts";
import { Lines, LONGEST_RESPONSE, member, readLine, writeLine } from "./wire.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Commands a running server by the socket in its data directory. */
export class AdminClient {
  readonly #socket: Socket;
  readonly #lines: Lines = new Lines(LONGEST_RESPONSE);
  readonly #waiting: Map<number, Waiting> = new Map();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#gone());
  }

  /**
   * Connects to the server that has a data directory open.
   *
   * @returns undefined if no server listens there.
   * @throws AdminError, or Error (with the system's `code`) if the socket is not ours to open.
   */
  static async connect(directory: string): Promise<AdminClient | undefined> {
    const socket = connect(adminSocketPath(directory));
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        socket.destroy();
        // refused: the socket is left over from a process that was killed
        if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
        else reject(error);
      };
      socket.once("error", failed);
      socket.once("connect", () => {
        socket.off("error", failed);
        resolve(new AdminClient(socket));
      });
    });
  }

  /** Has a command done; several may be asked for at once. @throws AdminError */
  call<N extends CommandName>(command: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (!this.#socket.writable) return Promise.reject(disconnected());
    this.#waiting.set(id, { resolve, reject });
    this.#socket.write(writeLine({ id, command, args }));
    return promise as Promise<CommandResult<N>>;
  }

  /** Closes the connection; what was not answered fails. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.destroySoon();
    await closed;
  }

  #received(bytes: Uint8Array): void {
    try {
      for (const line of this.#lines.write(bytes)) this.#settle(readLine(line));
    } catch {
      this.#socket.destroy(); // it does not speak our language
    }
  }

  #settle(response: unknown): void {
    const id = member(response, "id");
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (typeof id !== "number" || waiting === undefined) return;
    this.#waiting.delete(id);
    if (member(response, "ok") === true) waiting.resolve(member(response, "result"));
    else waiting.reject(errorOf(member(response, "error")));
  }

  #gone(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(disconnected());
    this.#waiting.clear();
  }
}

function errorOf(error: unknown): AdminError {
  const code = member(error, "code");
  const text = member(error, "text");
  return new AdminError(
    typeof code === "string" && isAdminErrorCode(code) ? code : "internal",
    typeof text === "string" ? text : "the server gives no reason",
  );
}

function disconnected(): AdminError {
  return new AdminError(
    "disconnected",
    "the server closed the connection before it answered; it may or may not have done it",
  );
}
