import { type Duplex, duplexPair } from "node:stream";
import { Jid } from "@rookery/protocol";
import {
  type AccountKeys,
  Administration,
  type ConfigInput,
  createServer,
  deriveAccountKeys,
  Flusher,
  type Log,
  type Server,
  StreamConnection,
  systemRandom,
  type TlsFacts,
} from "@rookery/server";
import { TestClient } from "./test-client.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The password of every account that a test server makes. */
export const PASSWORD = "pencil";

/** TLS 1.3, as far as a server can tell: what SASL2 is offered on (XEP-0388 §4). */
export const TLS: TlsFacts = {
  protocol: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  bindings: {
    types: ["tls-exporter", "tls-server-end-point"],
    data: (type) => Buffer.from(`the ${type} of a test`),
  },
};

/** One for what is under way, one for what comes of that. */
const QUIET_ROUNDS = 2;

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
  #keys: Promise<AccountKeys> | undefined = undefined;

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
        listen: { c2s: false, c2sTls: false, http: false, https: false, ...config.listen },
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
      if (await accounts.exists(account)) continue;
      // the same keys for all of them: deriving them takes longer than most conversations
      await accounts.createWithKeys(account, await (this.#keys ??= deriveAccountKeys(PASSWORD)));
    }
  }

  /** Removes an account, as an administrator does. */
  async remove(account: string): Promise<void> {
    await new Administration(this.server).removeUser(account);
  }

  /**
   * A connection to the server, with nothing said yet.
   *
   * @param tls what TLS would have given; in the clear if left out.
   */
  connect(address = "192.0.2.1", tls?: TlsFacts): TestClient {
    const [socket, connection] = this.#pipe(address, tls);
    this.server.accept(connection);
    const client = new TestClient(socket);
    this.#clients.push(client);
    return client;
  }

  /** A connection for an external component (XEP-0114), with nothing said yet. */
  connectComponent(address = "127.0.0.1"): TestClient {
    const [socket, connection] = this.#pipe(address);
    this.server.acceptComponent(connection);
    return new TestClient(socket);
  }

  #pipe(address: string, tls?: TlsFacts): [Duplex, StreamConnection] {
    const [socket, peer] = duplexPair();
    socket.once("close", () => peer.destroy()); // as a network does
    const connection = new StreamConnection(peer, {
      address,
      limits: this.server.preAuthLimits,
      clock: this.clock,
      flusher: this.#flusher,
      tls,
    });
    return [socket, connection];
  }

  /** Connects and logs in as `account@domain/resource`; the account is made if it is not there. */
  async login(full: string): Promise<TestClient> {
    const jid = Jid.parse(full);
    await this.accounts(jid.bare.toString());
    const client = this.connect();
    await client.login(jid.bare, PASSWORD, jid.resource || undefined);
    return client;
  }

  /** Waits until everything that clients have sent is handled, and nothing comes of it any more. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
      const before = this.#received();
      for (const client of this.#clients) if (client.jid && !client.closed) await client.sync();
      await new Promise(setImmediate);
      quiet = this.#received() === before ? quiet + 1 : 0;
    }
  }

  #received(): number {
    let received = 0;
    for (const client of this.#clients) received += client.received;
    return received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}
