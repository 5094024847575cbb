import { duplexPair } from "node:stream";
import { Jid } from "@rookery/protocol";
import {
  type ConfigInput,
  createServer,
  Flusher,
  type Log,
  type Server,
  StreamConnection,
  systemRandom,
} from "@rookery/server";
import { TestClient } from "./test-client.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The password of every account that a test server makes. */
export const PASSWORD = "pencil";

export interface TestServerOptions {
  readonly config?: ConfigInput;
  readonly clock?: VirtualClock;
  readonly log?: Log;
}

/** A server in memory: no port, no file, and a clock that stands still. */
export class TestServer implements AsyncDisposable {
  readonly server: Server;
  readonly clock: VirtualClock;
  readonly #flusher: Flusher = new Flusher();
  readonly #clients: TestClient[] = [];

  private constructor(server: Server, clock: VirtualClock) {
    this.server = server;
    this.clock = clock;
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { config = {}, clock = new VirtualClock(), log } = options;
    const server = await createServer(
      {
        domains: [{ name: "example.org" }],
        storage: "memory",
        auth: { requireTls: false, plainWithoutTls: true },
        ...config,
        listen: { c2s: false, c2sTls: false },
      },
      { clock, random: systemRandom, ...(log && { log }) },
    );
    return new TestServer(server, clock);
  }

  /** Makes accounts, if they are not there. */
  async accounts(...accounts: readonly string[]): Promise<void> {
    for (const text of accounts) {
      const account = Jid.parse(text);
      const { accounts } = this.server.host(account.domain);
      if (!(await accounts.exists(account))) await accounts.create(account, PASSWORD);
    }
  }

  /** A connection to the server, with nothing said yet. */
  connect(address = "192.0.2.1"): TestClient {
    const [client, peer] = duplexPair();
    this.server.accept(
      new StreamConnection(peer, {
        address,
        limits: this.server.preAuthLimits,
        clock: this.clock,
        flusher: this.#flusher,
        tls: undefined,
      }),
    );
    const connected = new TestClient(client);
    this.#clients.push(connected);
    return connected;
  }

  /** Connects and logs in as `account@domain/resource`; the account is made if it is not there. */
  async login(full: string): Promise<TestClient> {
    const jid = Jid.parse(full);
    await this.accounts(jid.bare.toString());
    const client = this.connect();
    await client.login(jid.bare, PASSWORD, jid.resource || undefined);
    return client;
  }

  /** Waits until everything that clients have sent is handled and what it caused is sent. */
  async settled(): Promise<void> {
    for (const client of this.#clients) if (client.jid && !client.closed) await client.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}
