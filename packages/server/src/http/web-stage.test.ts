/** What tests of HTTP share: a listener on a free port of the loopback, and what is said to it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemClock } from "../clock.ts";
import type { ConfigInput } from "../config/config.ts";
import { Networks } from "../config/networks.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { Log } from "../log.ts";
import { ConnectionCount } from "../transports/connection-count.ts";
import { HttpListener } from "./listener.ts";
import { HttpRouter } from "./router.ts";
import { HttpService } from "./service.ts";

/** A listener of HTTP in the clear for example.org. */
export class WebStage implements AsyncDisposable {
  readonly router: HttpRouter = new HttpRouter();
  readonly service: HttpService;
  readonly count: ConnectionCount;
  /** What was told as an error. */
  readonly faults: unknown[] = [];
  #listener: HttpListener | undefined = undefined;
  readonly #sockets: Socket[] = [];

  private constructor(readonlyConfig: ReturnType<typeof resolveConfig>) {
    const config = readonlyConfig;
    const { connections, connectionsPerAddress } = config.limits;
    this.count = new ConnectionCount(connections, connectionsPerAddress);
    const log = logTo(this.faults);
    this.service = new HttpService({ config, router: this.router, clock: systemClock, log });
  }

  static async start(input: ConfigInput = {}): Promise<WebStage> {
    const config = resolveConfig({ domains: [{ name: "example.org" }], ...input });
    const stage = new WebStage(config);
    stage.#listener = await HttpListener.listen({
      address: { host: "127.0.0.1", port: 0 },
      count: stage.count,
      clock: systemClock,
      proxies: new Networks(config.proxies.trusted),
      proxyProtocol: config.proxies.protocol.includes("http"),
      limits: config.limits,
      service: stage.service,
      log: logTo(stage.faults),
      tls: undefined,
    });
    return stage;
  }

  get listener(): HttpListener {
    if (this.#listener === undefined) throw new Error("it does not listen yet");
    return this.#listener;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.listener.port}${path}`;
  }

  /** A connection with nothing said on it. */
  async connect(): Promise<RawSocket> {
    const socket = connect({ host: "127.0.0.1", port: this.listener.port });
    this.#sockets.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    return new RawSocket(socket);
  }

  /** Says a text on a connection of its own, and gives all that comes until it is closed. */
  async says(text: string | Uint8Array): Promise<string> {
    const socket = await this.connect();
    socket.write(text);
    return socket.all();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = this.listener.close();
    this.listener.destroy();
    await closed;
  }
}

/** A connection that keeps what came. */
export class RawSocket {
  readonly socket: Socket;
  received = "";
  readonly #closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#closed = once(socket, "close");
    socket.on("data", (bytes: Buffer) => {
      this.received += bytes.toString("latin1");
    });
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Everything, once the other side has closed. */
  async all(): Promise<string> {
    await this.#closed;
    return this.received;
  }

  /** Waits until a text has come. */
  async until(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      await Promise.race([once(this.socket, "data"), this.#closed]);
      if (this.socket.destroyed && !this.received.includes(text)) {
        throw new Error(`closed before ${JSON.stringify(text)} came: ${this.received}`);
      }
    }
  }
}

function logTo(faults: unknown[]): Log {
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (_text, facts) => void faults.push(facts?.["error"]),
    part: () => log,
  };
  return log;
}
