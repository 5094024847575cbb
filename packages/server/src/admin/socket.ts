import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { adminSocketPath } from "./address.ts";
import type { Administration } from "./administration.ts";
import { AdminConnection } from "./connection.ts";

/** Connections at once; a command line needs one. */
const MOST_CONNECTIONS = 16;

export interface AdminSocketOptions {
  /** Absolute path of the data directory, which this process has locked. */
  readonly directory: string;
  readonly administration: Administration;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The door for administrators of the same machine: a socket in the data directory, which only the
 * user of the server may open.
 */
export class AdminSocket {
  readonly #server: Server;
  readonly #options: AdminSocketOptions;
  readonly #connections: Set<AdminConnection> = new Set();

  private constructor(options: AdminSocketOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#connected(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** @throws AdminError if the path is too long, Error (with the system's `code`) otherwise. */
  static async listen(options: AdminSocketOptions): Promise<AdminSocket> {
    const path = adminSocketPath(options.directory);
    await rm(path, { force: true }); // left by a process that was killed: the lock is ours
    const socket = new AdminSocket(options);
    await new Promise<void>((resolve, reject) => {
      socket.#server.once("error", reject);
      socket.#server.listen(path, () => {
        socket.#server.off("error", reject);
        socket.#server.on("error", (error) =>
          options.log.error("the admin socket failed", { error }),
        );
        resolve();
      });
    });
    // the directory is private already (mode 0700); this holds if someone opens that up
    await chmod(path, 0o600);
    return socket;
  }

  /** Takes no further commands, finishes those that were begun, and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([...this.#connections].map((connection) => connection.finish()));
    await closed;
  }

  #connected(socket: Socket): void {
    const connection = new AdminConnection(socket, this.#options);
    this.#connections.add(connection);
    socket.once("close", () => this.#connections.delete(connection));
  }
}
