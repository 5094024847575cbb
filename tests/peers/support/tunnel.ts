import { connect, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** What of a connection gets lost: what the client says (`up`), what it is told (`down`), or both. */
export type Loss = "up" | "down" | "both";

/** A connection through the tunnel. */
interface Passage {
  readonly sockets: readonly Socket[];
  /** The directions in which nothing arrives any more. */
  holes: readonly ("up" | "down")[];
}

/**
 * The network between a client and a server. Connections through it can be broken as networks
 * break them: neither end is told that what it sends no longer arrives.
 */
export class Tunnel {
  readonly #server: Server;
  readonly #target: () => number | undefined;
  readonly #passages: Set<Passage> = new Set();
  #down = false;

  private constructor(target: () => number | undefined) {
    this.#target = target;
    this.#server = createServer((client) => this.#accepted(client));
  }

  /**
   * Begins to accept connections; ends with the test.
   *
   * @param target the port of the server, which may be another one after a restart.
   */
  static async start(t: TestContext, target: () => number | undefined): Promise<Tunnel> {
    const tunnel = new Tunnel(target);
    t.after(() => {
      tunnel.cut("away");
      tunnel.#server.close();
    });
    await new Promise<void>((resolve) => tunnel.#server.listen(0, "127.0.0.1", resolve));
    return tunnel;
  }

  /** Where clients connect to. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it has ended");
    return address.port;
  }

  /** From now on, what is sent over the connections that there are gets lost. */
  swallow(loss: Loss): void {
    for (const passage of this.#passages) {
      passage.holes = loss === "both" ? ["up", "down"] : [loss];
    }
  }

  /** Cuts all connections; new ones work, unless it is said that the client is away. */
  cut(next: "reconnect" | "away" = "reconnect"): void {
    this.#down = next === "away";
    for (const { sockets } of this.#passages) {
      for (const socket of sockets) socket.resetAndDestroy();
    }
  }

  /** Lets new connections through again. */
  open(): void {
    this.#down = false;
  }

  #accepted(client: Socket): void {
    client.on("error", () => {});
    const port = this.#target();
    if (this.#down || port === undefined) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(port, "127.0.0.1");
    server.on("error", () => {});
    const passage: Passage = { sockets: [client, server], holes: [] };
    this.#passages.add(passage);
    const carries = (from: Socket, to: Socket, direction: "up" | "down"): void => {
      from.on("data", (data) => {
        if (!passage.holes.includes(direction)) to.write(data);
      });
      from.on("close", () => {
        this.#passages.delete(passage);
        to.end(); // neither end waits for the other one for ever
      });
    };
    carries(client, server, "up");
    carries(server, client, "down");
  }
}
