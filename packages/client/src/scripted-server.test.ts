import type { Duplex } from "node:stream";
import {
  type Element,
  type StreamClose,
  type StreamOpen,
  StreamParser,
  serialize,
} from "@rookery/xml";
import { RECEIVE_LIMITS } from "./byte-channel.ts";

const WAIT_MS = 5000;

/** The server's end of a connection: it says what a test says, and gives what came, in order. */
export class ScriptedServer {
  readonly #socket: Duplex;
  readonly #contentNs: string;
  readonly #queue: (StreamClose | StreamOpen | Element | "closed")[] = [];
  #parser: StreamParser = new StreamParser(RECEIVE_LIMITS);
  #waiter: (() => void) | undefined = undefined;

  constructor(socket: Duplex, contentNs = "jabber:client") {
    this.#socket = socket;
    this.#contentNs = contentNs;
    socket.on("data", (bytes: Uint8Array) => {
      this.#parser.write(bytes);
      for (let item = this.#parser.next(); item; item = this.#parser.next()) this.#put(item);
    });
    socket.on("end", () => {
      socket.end();
      this.#put("closed");
    });
    socket.on("error", () => {});
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** A new stream begins with what comes next. */
  restart(): void {
    this.#parser.restart();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  /** The next element as XML in which its stream's content namespace is left out. */
  async text(): Promise<string> {
    return serialize(await this.element(), this.#contentNs);
  }

  /** The next element; fails for anything else. */
  async element(): Promise<Element> {
    const item = await this.next();
    if (item === "closed" || "event" in item) throw new Error(`got ${nameOf(item)}, no element`);
    return item;
  }

  /** What is next must be this. */
  async gets(expected: "open" | "close" | "closed"): Promise<void> {
    const item = await this.next();
    if (nameOf(item) !== expected) throw new Error(`got ${nameOf(item)}, not ${expected}`);
  }

  async next(): Promise<StreamClose | StreamOpen | Element | "closed"> {
    if (this.#queue.length === 0) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error("nothing came in time")), WAIT_MS);
      this.#waiter = resolve;
      await promise.finally(() => clearTimeout(timer));
    }
    const item = this.#queue.shift();
    if (item === undefined) throw new Error("nothing came");
    return item;
  }

  #put(item: StreamClose | StreamOpen | Element | "closed"): void {
    this.#queue.push(item);
    this.#waiter?.();
    this.#waiter = undefined;
  }
}

function nameOf(item: StreamClose | StreamOpen | Element | "closed"): string {
  if (item === "closed") return item;
  return "event" in item ? item.event : serialize(item);
}
