import { type Stanza, StreamError } from "@rookery/protocol";
import type { Leftover, Outlet } from "../sessions/session.ts";
import type { C2sStream } from "./c2s.ts";

/**
 * The way from a session to its stream where the client acknowledges nothing: what the network took
 * counts as received, since nothing better is known.
 */
export class DirectOutlet implements Outlet {
  readonly #stream: C2sStream;
  /** Messages kept for the account that this turn of the event loop sends. */
  #sending: string[] = [];
  /** Those that the network has not taken yet. */
  readonly #flying: Set<readonly string[]> = new Set();

  constructor(stream: C2sStream) {
    this.#stream = stream;
  }

  get maxQueuedBytes(): number {
    return this.#stream.services.limits.sendQueueBytes;
  }

  /** A client that does not read is disconnected when its queue is full. */
  send(stanza: Stanza, kept?: string): void {
    const stream = this.#stream;
    if (kept !== undefined && this.#sending.push(kept) === 1) setImmediate(this.#watch);
    if (stream.closed) return;
    stream.sendText(stanza.toXml());
    if (stream.queuedBytes <= this.maxQueuedBytes) return;
    stream.services.log.info("a client does not read; its session ends", {
      jid: stream.session?.jid.toString(),
      queuedBytes: stream.queuedBytes,
    });
    stream.close(new StreamError("resource-constraint", "too much is waiting to be read"));
  }

  readonly #watch = (): void => {
    const ids = this.#sending;
    this.#sending = [];
    this.#flying.add(ids);
    this.#stream.connection.flushed().then(
      () => {
        const { session, host } = this.#stream;
        if (this.#flying.delete(ids) && session) host?.taken(session, ids);
      },
      () => {}, // they are left over
    );
  };

  close(error?: StreamError): void {
    this.#stream.close(error, { final: true });
  }

  flushed(): Promise<void> {
    return this.#stream.connection.flushed();
  }

  *leftovers(): Iterable<Leftover> {
    for (const ids of [...this.#flying, this.#sending]) for (const kept of ids) yield left(kept);
    this.#flying.clear();
    this.#sending = [];
  }
}

function left(kept: string): Leftover {
  return {
    kept,
    stanza: () => {
      throw new Error("a message that is kept is read from where it is kept");
    },
  };
}
