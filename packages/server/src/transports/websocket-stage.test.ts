/** What tests of WebSocket share: a server on a free port of the loopback, and clients of it. */
import { once } from "node:events";
import { NS } from "@rookery/protocol";
import { FRAMING_NS } from "@rookery/stream";
import { PASSWORD, TestServer } from "@rookery/testkit";
import { type Element, parseDocument } from "@rookery/xml";
import { type ClientOptions, WebSocket } from "ws";
import type { ConfigInput } from "../config/config.ts";

const WAIT_MS = 5000;

interface Handshake {
  readonly protocols?: string[];
  readonly scheme?: "ws" | "wss";
}

export class WebSocketStage implements AsyncDisposable {
  readonly stage: TestServer;
  readonly #clients: WebSocketClient[] = [];

  private constructor(stage: TestServer) {
    this.stage = stage;
  }

  /** @param config where TLS is required, as it is by default, this machine is as good. */
  static async start(config: ConfigInput = {}): Promise<WebSocketStage> {
    const listen = { http: "127.0.0.1:0", https: "127.0.0.1:0" };
    const auth = { requireTls: true, plainWithoutTls: false };
    const stage = await TestServer.start({ config: { auth, ...config, listen } });
    await stage.server.listen();
    return new WebSocketStage(stage);
  }

  url(scheme: "ws" | "wss" = "ws", path = "/xmpp-websocket"): string {
    const port = this.stage.server.ports[scheme === "ws" ? "http" : "https"][0];
    return `${scheme}://localhost:${port}${path}`;
  }

  /** A client with nothing said yet. @throws Error if the server refuses the handshake */
  async connect(
    options: ClientOptions = {},
    { protocols = ["xmpp"], scheme = "ws" }: Handshake = {},
  ): Promise<WebSocketClient> {
    const ws = new WebSocket(this.url(scheme), protocols, {
      rejectUnauthorized: false,
      ...options,
    });
    const client = new WebSocketClient(ws);
    this.#clients.push(client);
    await once(ws, "open");
    return client;
  }

  /** A client that has logged in. */
  async login(local: string, resource = "web"): Promise<WebSocketClient> {
    await this.stage.accounts(`${local}@example.org`);
    const client = await this.connect();
    await client.login(local, resource);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.ws.terminate();
    await this.stage[Symbol.asyncDispose]();
  }
}

/** A client that says exactly what a test tells it to. */
export class WebSocketClient {
  readonly ws: WebSocket;
  readonly frames: string[] = [];
  /** With what code the server closed. */
  readonly closed: Promise<number>;
  #wake: () => void = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data) => {
      this.frames.push((data as Buffer).toString());
      this.#wake();
    });
    ws.on("error", () => {});
    this.closed = new Promise((resolve) => {
      ws.on("close", (code) => {
        resolve(code);
        this.#wake();
      });
    });
  }

  send(text: string): void {
    this.ws.send(text);
  }

  open(domain = "example.org"): void {
    this.send(`<open xmlns='${FRAMING_NS}' to='${domain}' version='1.0'/>`);
  }

  /** The next frame, read as the document that it has to be. */
  async next(): Promise<Element> {
    const deadline = setTimeout(() => this.#wake(), WAIT_MS);
    while (this.frames.length === 0) {
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error("the connection was closed");
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    clearTimeout(deadline);
    return parseDocument(this.frames.shift() ?? "");
  }

  /** The stream error that comes next but one, after `<open/>` if there is one. */
  async error(): Promise<string | undefined> {
    for (;;) {
      const element = await this.next();
      if (element.is(NS.streams, "error")) return element.elements()[0]?.name;
    }
  }

  async login(local: string, resource: string): Promise<void> {
    this.open();
    await this.next();
    await this.next();
    const plain = Buffer.from(`\0${local}\0${PASSWORD}`).toString("base64");
    this.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${plain}</auth>`);
    const answer = await this.next();
    if (answer.name !== "success") throw new Error(`login failed: ${answer.elements()[0]?.name}`);
    this.open();
    await this.next();
    await this.next();
    this.send(
      `<iq xmlns='${NS.client}' type='set' id='b'><bind xmlns='${NS.bind}'><resource>${resource}</resource></bind></iq>`,
    );
    await this.next();
  }
}
