import {
  type AdHocCommand,
  type AdHocCommands,
  Jid,
  rpcCall,
  type Stanza,
} from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";
import type { OpenChannel } from "../channel.ts";
import { Entity } from "../entity.ts";
import { ClientError } from "../errors.ts";
import { Listeners } from "../listeners.ts";
import { type CommonOptions, type EntityOptions, entityOptions } from "../options.ts";
import { Rpc } from "../rpc.ts";
import type { BackOff } from "./back-off.ts";
import { serveCommands } from "./commands.ts";
import { ComponentConnection, type Disconnected } from "./connection.ts";
import { Disco } from "./disco.ts";

/** What a component is to its server. */
export interface ComponentOptions extends CommonOptions {
  /** The domain of the component, such as `echo.example.org`. */
  readonly domain: string;
  /** What server and component share (XEP-0114 §3). */
  readonly secret: string;
  /** How to come back when the connection is lost. */
  readonly reconnect?: BackOff | undefined;
  /** Stanzas that may wait while there is no connection; 1000 if left out. */
  readonly maxAway?: number | undefined;
}

/**
 * A part of a service that runs as a program of its own (XEP-0114): everything that is sent to its
 * domain comes here, and it may speak for every address there.
 *
 * When the connection is lost it comes back by itself, with longer and longer pauses; what is sent
 * meanwhile waits. Requests that wait for an answer then fail with `lost`.
 */
export class Component extends Entity {
  /** The domain. */
  readonly jid: Jid;
  /** What service discovery tells of it. */
  readonly disco: Disco;
  readonly #options: EntityOptions;
  readonly #connection: ComponentConnection;
  readonly #connected: Listeners<void>;
  readonly #disconnected: Listeners<Disconnected>;
  #commands: AdHocCommands | undefined = undefined;
  #rpc: Rpc | undefined = undefined;

  /** @internal by {@link startComponent} */
  constructor(open: OpenChannel, component: ComponentOptions) {
    const options = entityOptions(component);
    super(options);
    this.jid = Jid.parse(component.domain);
    this.disco = new Disco(this);
    this.#options = options;
    this.#connected = new Listeners(options.onError);
    this.#disconnected = new Listeners(options.onError);
    this.#connection = new ComponentConnection(
      {
        open,
        domain: this.jid,
        secret: component.secret,
        reconnect: component.reconnect ?? {},
        maxAway: component.maxAway ?? 1000,
        entity: options,
      },
      {
        received: (element) => this.received(element),
        connected: () => this.#connected.tell(),
        disconnected: (event) => this.#lost(event),
      },
    );
  }

  /** Settles, never with an error, when the component is stopped or has given up, with the reason. */
  get ended(): Promise<Error | undefined> {
    return this.#connection.ended;
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /** Is told of every connection that stands, the first one too. */
  onConnected(listener: () => void): () => void {
    return this.#connected.add(listener);
  }

  /** Is told when the connection is lost, and of every try that fails. */
  onDisconnected(listener: (event: Disconnected) => void): () => void {
    return this.#disconnected.add(listener);
  }

  /** Offers a command (XEP-0050). @returns a function that takes it away. */
  command(command: AdHocCommand): () => void {
    this.#commands ??= serveCommands(this, this.disco, this.#options.clock);
    return this.#commands.add(command);
  }

  /** Functions of others, and one's own for others (XEP-0009). */
  get rpc(): Rpc {
    if (this.#rpc === undefined) {
      this.#rpc = new Rpc(this, this.#options.onError);
      this.disco.identity({ category: "automation", type: "rpc" });
      this.disco.feature(rpcCall.ns);
    }
    return this.#rpc;
  }

  /** Closes the stream for good; never fails, and takes five seconds at most. */
  stop(): Promise<void> {
    return this.#connection.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** @internal */
  start(): Promise<void> {
    return this.#connection.start();
  }

  protected override deliver(stanza: Stanza): Maybe<void> {
    if (stanza.to === undefined) {
      throw new TypeError("what a component sends needs its `to` (XEP-0114 §3)");
    }
    if (stanza.from.domain !== this.jid.domain) {
      throw new TypeError(`${this.jid} cannot speak for ${stanza.from} (XEP-0114 §3)`);
    }
    return this.#connection.send(stanza);
  }

  #lost(event: Disconnected): void {
    this.failRequests(
      new ClientError("lost", "the connection to the server was lost", event.error),
    );
    this.#disconnected.tell(event);
  }
}

/**
 * Connects a component over whatever `open` gives.
 *
 * @param open gives channels whose content namespace is {@link COMPONENT_NS}.
 * @param setup registers handlers, before anything can come.
 * @throws StreamError (`not-authorized`, `host-unknown`, `conflict` …), ClientError, or what `open`
 * throws, if the first connection does not come about; later ones are tried again.
 */
export async function startComponent(
  open: OpenChannel,
  options: ComponentOptions,
  setup?: (component: Component) => void,
): Promise<Component> {
  const component = new Component(open, options);
  setup?.(component);
  await component.start();
  return component;
}
