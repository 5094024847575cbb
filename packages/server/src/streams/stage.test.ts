/** What tests of streams share: clients that say anything, byte by byte, and hear everything. */
import assert from "node:assert/strict";
import { type Duplex, duplexPair } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { NS, type StreamErrorCondition } from "@rookery/protocol";
import { PASSWORD, type TestServer } from "@rookery/testkit";
import { Flusher } from "../transports/flusher.ts";
import { StreamConnection } from "../transports/stream-connection.ts";

export const HEADER: string = header("example.org");

/** The stream header of a client. */
export function header(domain: string): string {
  return `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`;
}

/** `<auth/>` with PLAIN. */
export function plain(user: string, password: string = PASSWORD): string {
  const message = Buffer.from(`\0${user}\0${password}`).toString("base64");
  return `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${message}</auth>`;
}

export function bindResource(resource: string): string {
  return `<iq type='set' id='bind'><bind xmlns='${NS.bind}'><resource>${resource}</resource></bind></iq>`;
}

/** A request that a server without any module answers: for the roster (RFC 6121 §2.1.3). */
export function rosterGet(id: string): string {
  return `<iq type='get' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`;
}

const WAIT_MS = 5000;

/** Writes text as it is and keeps the text it gets, parsing nothing. */
export class RawClient {
  readonly socket: Duplex;
  /** The server's end, of a connection in memory. */
  readonly peer: Duplex | undefined;
  closed = false;
  #pieces: string[] = [];
  /** What came since it was last searched. */
  #fresh = "";
  #wake: () => void = () => {};

  constructor(socket: Duplex, peer?: Duplex) {
    this.socket = socket;
    this.peer = peer;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#pieces.push(text);
      this.#fresh += text;
      this.#wake();
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** All that was received and not taken by `until`. */
  get text(): string {
    const text = this.#pieces.join("");
    this.#pieces = [text];
    return text;
  }

  set text(text: string) {
    this.#pieces = [text];
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Takes all up to the end of a text, once it is there: within `waitMs` milliseconds. */
  async until(text: string, waitMs: number = WAIT_MS): Promise<string> {
    this.#fresh = this.text;
    let end = "";
    await this.#when(
      () => {
        end += this.#fresh;
        this.#fresh = "";
        if (end.includes(text)) return true;
        end = end.slice(-text.length);
        return this.closed;
      },
      `"${text}"`,
      waitMs,
    );
    const all = this.text;
    const at = all.indexOf(text);
    if (at < 0) assert.fail(`closed without "${text}", after ${all.slice(-1000)}`);
    this.text = all.slice(at + text.length);
    return all.slice(0, at + text.length);
  }

  /** Everything until the connection is closed. */
  async end(): Promise<string> {
    await this.#when(() => this.closed, "the end");
    return this.text;
  }

  async #when(there: () => boolean, what: string, waitMs: number = WAIT_MS): Promise<void> {
    const until = performance.now() + waitMs;
    while (!there()) {
      const left = until - performance.now();
      if (left <= 0) assert.fail(`waited in vain for ${what}, got ${this.text.slice(0, 1000)}`);
      const abort = new AbortController();
      this.#wake = () => abort.abort();
      await sleep(left, undefined, { signal: abort.signal }).catch(() => {});
    }
  }

  async open(domain = "example.org"): Promise<string> {
    this.write(header(domain));
    return this.until("</stream:features>");
  }

  /** Opens a stream and authenticates, up to the features that follow. */
  async authenticate(user: string): Promise<string> {
    await this.open();
    this.write(plain(user));
    await this.until("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    return this.open();
  }

  async login(user: string, resource: string): Promise<void> {
    await this.authenticate(user);
    this.write(bindResource(resource));
    await this.until("</iq>");
  }
}

/** A connection in memory, with nothing said yet. */
export function connect(stage: TestServer, options: { highWaterMark?: number } = {}): RawClient {
  const [client, peer] = duplexPair(options);
  stage.server.accept(
    new StreamConnection(peer, {
      address: "192.0.2.1",
      limits: stage.server.preAuthLimits,
      clock: stage.clock,
      flusher: new Flusher(),
      tls: undefined,
    }),
  );
  return new RawClient(client, peer);
}

/**
 * RFC 6120 §4.9.1: the stream ends with this error, after a header if there was none, and then the
 * connection ends.
 *
 * @param fresh no header was sent on this stream yet.
 */
export async function endsWith(
  client: RawClient,
  condition: StreamErrorCondition,
  fresh: boolean,
): Promise<void> {
  const text = await client.end();
  const pattern = new RegExp(
    `^${fresh ? "<\\?xml version='1\\.0'\\?><stream:stream [^>]* id='[^']+'[^>]*>" : ""}` +
      `<stream:error><${condition} xmlns='${NS.streamErrors}'/>` +
      `(<text xmlns='${NS.streamErrors}' xml:lang='en'>[^<]+</text>)?</stream:error></stream:stream>$`,
  );
  assert.match(text, pattern);
}

/** Lets the event loop turn a few times. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
