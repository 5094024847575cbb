import type { Duplex } from "node:stream";
import { Jid, NS } from "@rookery/protocol";
import {
  type Element,
  type ParserLimits,
  parseDocument,
  type StreamClose,
  type StreamOpen,
  StreamParser,
  serialize,
} from "@rookery/xml";

const LIMITS: ParserLimits = {
  bytes: 10_000_000,
  depth: 100_000,
  elements: 1_000_000,
  attributes: 1000,
  namespaces: 1000,
};
const WAIT_MS = 5000;
const PING = "urn:xmpp:ping";

/** What a client can get: an element, the start or end of a stream, the end of the connection. */
export type Received = Element | StreamOpen | StreamClose | "closed";

/**
 * A client that says exactly what a test tells it to, over any stream of bytes.
 *
 * Everything it receives is queued, in order; tests take it from there.
 */
export class TestClient {
  readonly #socket: Duplex;
  readonly #parser: StreamParser = new StreamParser(LIMITS);
  readonly #queue: Received[] = [];
  #waiter: (() => void) | undefined = undefined;
  #pings = 0;
  #received = 0;
  #closed = false;
  /** Set by `login`. */
  jid: Jid | undefined = undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => this.#read(bytes));
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#put("closed");
    });
  }

  /** Writes text as it is; broken text too. */
  write(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  /** Sends an element, or XML in which stanzas need no namespace. */
  send(what: Element | string): void {
    this.write(typeof what === "string" ? what : serialize(what, NS.client));
  }

  /** The next thing received; waits for it. */
  async next(): Promise<Received> {
    while (this.#queue.length === 0) await this.#more();
    return this.#queue.shift() as Received;
  }

  /** The next element; fails for anything else. */
  async element(): Promise<Element> {
    const next = await this.next();
    if (next === "closed" || "event" in next) {
      throw new Error(`expected an element, got ${describe(next)}`);
    }
    return next;
  }

  /** What was received and not taken yet. */
  get queued(): readonly Received[] {
    return this.#queue;
  }

  /** How much was received in all, answers to `sync` aside. */
  get received(): number {
    return this.#received;
  }

  /** The connection is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Forgets what was received and not taken. */
  clear(): void {
    this.#queue.length = 0;
  }

  /** Opens a stream; gives the server's header and its features. */
  async open(domain: string): Promise<{ readonly open: StreamOpen; readonly features: Element }> {
    this.#parser.restart();
    this.write(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
    );
    const open = await this.next();
    if (open === "closed" || !("event" in open) || open.event !== "open") {
      throw new Error(`expected a stream header, got ${describe(open)}`);
    }
    return { open, features: await this.element() };
  }

  /** Logs in with PLAIN, and opens the stream in which a resource can be bound; gives its features. */
  async authenticate(account: Jid, password: string): Promise<Element> {
    await this.open(account.domain);
    const initial = Buffer.from(`\0${account.local}\0${password}`).toString("base64");
    this.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${initial}</auth>`);
    const answer = await this.element();
    if (answer.name !== "success") throw new Error(`login failed: ${describe(answer)}`);
    return (await this.open(account.domain)).features;
  }

  /** Logs in with PLAIN and binds a resource, if one is given that one. */
  async login(account: Jid, password: string, resource?: string): Promise<Jid> {
    await this.authenticate(account, password);
    const wanted = resource === undefined ? "" : `<resource>${resource}</resource>`;
    this.send(`<iq type='set' id='bind'><bind xmlns='${NS.bind}'>${wanted}</bind></iq>`);
    const bound = (await this.element()).child(NS.bind, "bind")?.child(NS.bind, "jid");
    if (!bound) throw new Error("no resource was bound");
    this.jid = Jid.parse(bound.text);
    return this.jid;
  }

  /** Waits until the server has handled all that was sent; what arrived before stays queued. */
  async sync(): Promise<void> {
    const id = `sync-${++this.#pings}`;
    const domain = this.jid?.domain ?? "";
    this.send(`<iq type='get' id='${id}' to='${domain}'><ping xmlns='${PING}'/></iq>`);
    const isAnswer = (r: Received): boolean =>
      r === "closed" || (!("event" in r) && r.attr("id") === id);
    let at = this.#queue.findIndex(isAnswer);
    while (at < 0) {
      await this.#more();
      at = this.#queue.findIndex(isAnswer);
    }
    if (this.#queue[at] === "closed") return;
    this.#queue.splice(at, 1);
    this.#received -= 1;
  }

  /** Takes the answer to an IQ that was sent, and leaves what came before it in the queue. */
  async answer(id: string): Promise<Element> {
    for (;;) {
      for (const [at, received] of this.#queue.entries()) {
        if (received === "closed")
          throw new Error(`the connection ended before IQ "${id}" was answered`);
        if (!("event" in received) && answers(received, id)) {
          this.#queue.splice(at, 1);
          return received;
        }
      }
      await this.#more();
    }
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Closes the stream and waits for the end of the connection. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.write("</stream:stream>");
    while ((await this.next()) !== "closed") {
      // what comes before the end is of no interest
    }
  }

  #read(bytes: Uint8Array): void {
    this.#parser.write(bytes);
    for (let item = this.#parser.next(); item !== undefined; item = this.#parser.next()) {
      this.#put(item);
    }
  }

  /** Waits until something more is received. */
  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("nothing was received in time")), WAIT_MS);
      this.#waiter = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #put(item: Received): void {
    this.#queue.push(item);
    this.#received += 1;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  }
}

function answers(element: Element, id: string): boolean {
  const type = element.attr("type");
  return (
    element.name === "iq" && element.attr("id") === id && (type === "result" || type === "error")
  );
}

/** A short text for messages of failed tests. */
export function describe(received: Received): string {
  if (received === "closed") return "the end of the connection";
  if (!("event" in received)) return serialize(received, NS.client);
  return received.event === "open" ? "a stream header" : "the end of the stream";
}

/** XML in which stanzas need no namespace. */
export function stanzaXml(text: string): Element {
  const root = parseDocument(`<x xmlns='${NS.client}' xmlns:stream='${NS.streams}'>${text}</x>`);
  const [first] = root.elements();
  if (first === undefined) throw new Error(`"${text}" is no element`);
  return first;
}
