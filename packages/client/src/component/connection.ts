import { type Jid, type Stanza, StreamError } from "@rookery/protocol";
import type { Crypto, Maybe } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { OpenChannel } from "../channel.ts";
import { ClientError } from "../errors.ts";
import type { EntityOptions } from "../options.ts";
import { StanzaStream } from "../stanza-stream.ts";
import { within } from "../within.ts";
import { type BackOff, backOffMs } from "./back-off.ts";
import { shakeHands } from "./handshake.ts";

export interface ConnectionOptions {
  readonly open: OpenChannel;
  readonly domain: Jid;
  readonly secret: string;
  readonly reconnect: BackOff;
  /** Stanzas that may wait for a connection to come back. */
  readonly maxAway: number;
  readonly entity: EntityOptions;
}

/** The connection was lost. */
export interface Disconnected {
  /** Why; undefined if the server closed the stream as it should be. */
  readonly error: Error | undefined;
  /** Milliseconds until the next try; undefined if there is none. */
  readonly retryMs: number | undefined;
}

export interface ConnectionEvents {
  received(element: Element): void;
  connected(): void;
  disconnected(event: Disconnected): void;
}

/** The connection of a component to its server, which comes back when it is lost. */
export class ComponentConnection {
  /** Settles, never with an error, when there will be no connection any more, with the reason. */
  readonly ended: Promise<Error | undefined>;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #stop: AbortController = new AbortController();
  readonly #end: PromiseWithResolvers<Error | undefined> = Promise.withResolvers();
  #stream: StanzaStream | undefined = undefined;
  /** What waits for the connection to come back. */
  #away: Stanza[] = [];
  #over = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.ended = this.#end.promise;
  }

  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** Connects for the first time. @throws what goes wrong: nothing is tried again then */
  async start(): Promise<void> {
    try {
      const stream = await this.#connect();
      void this.#keep(stream);
    } catch (error) {
      this.#finish(error instanceof Error ? error : undefined);
      throw error;
    }
  }

  /** @throws ClientError `closed`, `queue-full` */
  send(stanza: Stanza): Maybe<void> {
    if (this.#stream !== undefined) return this.#stream.send(stanza);
    if (this.#over) throw new ClientError("closed", "the component was stopped");
    if (this.#away.length >= this.#options.maxAway) {
      throw new ClientError(
        "queue-full",
        `${this.#options.maxAway} stanzas wait for the connection to come back already`,
      );
    }
    this.#away.push(stanza);
  }

  /** Closes the stream and gives up reconnecting. */
  async stop(): Promise<void> {
    this.#stop.abort(new ClientError("closed", "the component was stopped"));
    if (this.#stream === undefined) this.#finish(undefined);
    else await this.#stream.close();
    await this.ended;
  }

  async #keep(first: StanzaStream): Promise<void> {
    let stream: StanzaStream | undefined = first;
    while (stream !== undefined) {
      // stopped in the moment in which the connection came about
      // oxlint-disable-next-line no-await-in-loop
      if (this.#over) return stream.close();
      this.#connected(stream);
      // oxlint-disable-next-line no-await-in-loop
      const error = await stream.ended;
      this.#stream = undefined;
      // oxlint-disable-next-line no-await-in-loop
      stream = await this.#comeBack(error);
    }
  }

  #connected(stream: StanzaStream): void {
    this.#stream = stream;
    const away = this.#away;
    this.#away = [];
    try {
      for (const stanza of away) void stream.send(stanza);
    } catch (error) {
      this.#options.entity.onError(error);
    }
    this.#events.connected();
  }

  /** Tries until there is a connection again; undefined if there is to be none. */
  async #comeBack(lost: Error | undefined): Promise<StanzaStream | undefined> {
    let error = lost;
    for (let attempt = 1; ; attempt++) {
      const retryMs = isFinal(error) ? undefined : this.#retryMs(attempt);
      this.#events.disconnected({ error, retryMs });
      if (retryMs === undefined || !(await this.#pause(retryMs))) {
        this.#finish(this.#stop.signal.aborted ? undefined : error);
        return undefined;
      }
      try {
        return await this.#connect();
      } catch (failure) {
        error = failure instanceof Error ? failure : new ClientError("lost", String(failure));
      }
    }
  }

  #retryMs(attempt: number): number | undefined {
    if (this.#stop.signal.aborted) return undefined;
    const [chance = 0] = this.#options.entity.crypto.randomBytes(1);
    return backOffMs(this.#options.reconnect, attempt, chance / 255);
  }

  /** @returns false if the component is stopped meanwhile. */
  #pause(ms: number): Promise<boolean> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const timer = this.#options.entity.clock.after(ms, () => {
        signal.removeEventListener("abort", stopped);
        resolve(true);
      });
      const stopped = (): void => {
        timer.cancel();
        resolve(false);
      };
      signal.addEventListener("abort", stopped, { once: true });
    });
  }

  #connect(): Promise<StanzaStream> {
    const { open, domain, secret, entity } = this.#options;
    const crypto: Crypto = entity.crypto;
    const limit = { clock: entity.clock, ms: entity.connectTimeoutMs, what: "connecting" };
    return within({ ...limit, stop: this.#stop.signal }, async (signal) => {
      const channel = await open(signal);
      const destroy = (): void => channel.destroy();
      signal.addEventListener("abort", destroy);
      try {
        signal.throwIfAborted();
        await shakeHands(channel, { domain, secret, crypto });
        signal.throwIfAborted();
        return new StanzaStream(channel, entity, (element) => this.#events.received(element));
      } catch (error) {
        channel.closeStream();
        channel.end();
        throw error;
      } finally {
        signal.removeEventListener("abort", destroy);
      }
    });
  }

  #finish(reason: Error | undefined): void {
    this.#over = true;
    this.#away = [];
    this.#end.resolve(reason);
  }
}

/**
 * To come back would be wrong: the secret does not hold any more, or another connection has taken
 * the place of this one and would be thrown out in turn.
 */
function isFinal(error: Error | undefined): boolean {
  if (!(error instanceof StreamError)) return false;
  return error.condition === "not-authorized" || error.condition === "conflict";
}
