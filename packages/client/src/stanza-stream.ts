import { NS, type Stanza, StreamError } from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";
import { type Element, XmlError } from "@rookery/xml";
import type { Channel } from "./channel.ts";
import { ClientError } from "./errors.ts";
import type { EntityOptions } from "./options.ts";

/** Milliseconds that the other end has to close its side (RFC 6120 §4.4). */
const CLOSE_MS = 5000;
/** Bytes from which on a sender should wait. */
const HIGH_BYTES = 256 * 1024;

/** A stream on which stanzas flow: all that had to be negotiated is. */
export class StanzaStream {
  /**
   * Settles, never with an error, when the stream has ended: with undefined if it was closed as it
   * should be, a StreamError if the server said why, a ClientError `lost` if it did not.
   */
  readonly ended: Promise<Error | undefined>;
  readonly #channel: Channel;
  readonly #options: EntityOptions;
  #closing = false;
  #done = false;

  /** @param received takes what comes, in order; never called before the constructor has returned. */
  constructor(channel: Channel, options: EntityOptions, received: (element: Element) => void) {
    this.#channel = channel;
    this.#options = options;
    this.ended = Promise.resolve().then(() => this.#pump(received));
  }

  /** @throws ClientError `closed`, `queue-full`. @returns as `Entity.send` does. */
  send(stanza: Stanza): Maybe<void> {
    if (this.#closing || this.#done) throw new ClientError("closed", "the stream is closed");
    const channel = this.#channel;
    if (channel.queuedBytes > this.#options.maxQueuedBytes) {
      throw new ClientError("queue-full", "too much waits to be sent; await what send() returns");
    }
    channel.send(stanza);
    return channel.queuedBytes > HIGH_BYTES ? channel.drained() : undefined;
  }

  /** Closes the stream; what the server still sends until it closes its side is taken. */
  async close(): Promise<void> {
    if (this.#done) return;
    this.#closing = true;
    this.#channel.closeStream();
    const timer = this.#options.clock.after(CLOSE_MS, () => this.#channel.destroy());
    await this.ended;
    timer.cancel();
  }

  async #pump(received: (element: Element) => void): Promise<Error | undefined> {
    let reason: Error | undefined;
    try {
      reason = await this.#read(received);
    } catch (error) {
      reason = refusal(error);
      if (reason instanceof StreamError) this.#channel.send(reason.toElement());
      else this.#options.onError(error);
    }
    this.#done = true;
    this.#channel.closeStream();
    this.#channel.end();
    return reason;
  }

  async #read(received: (element: Element) => void): Promise<Error | undefined> {
    let reason: Error | undefined;
    for (;;) {
      const next = this.#channel.next();
      const item = next instanceof Promise ? await next : next;
      if (item === undefined) {
        if (this.#closing) return reason;
        const { error } = this.#channel;
        return reason ?? new ClientError("lost", "the connection to the server was lost", error);
      }
      if ("event" in item) {
        if (item.event === "close") return reason;
        throw new StreamError("bad-format", "a stream within a stream");
      }
      if (item.is(NS.streams, "error")) reason = StreamError.read(item);
      else received(item);
    }
  }
}

function refusal(error: unknown): Error {
  if (error instanceof StreamError) return error;
  if (error instanceof XmlError) return new StreamError(error.condition, error.message);
  return new ClientError("lost", "the stream failed", error);
}
