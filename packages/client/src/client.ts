import { Jid, type Stanza } from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";
import type { Channel, OpenChannel } from "./channel.ts";
import { Entity } from "./entity.ts";
import { ClientError } from "./errors.ts";
import { logIn } from "./negotiation/login.ts";
import type { Credentials } from "./negotiation/step.ts";
import { type CommonOptions, type EntityOptions, entityOptions } from "./options.ts";
import { StanzaStream } from "./stanza-stream.ts";
import { within } from "./within.ts";

/** How a client logs in. */
export interface LoginOptions extends CommonOptions, Credentials {
  /**
   * The account; with a resource if one is wished for. Without one the server makes one up, and the
   * client is online in one round trip after TLS when it comes back by a token.
   */
  readonly jid: Jid | string;
  /** Without TLS nothing is said that matters; true if left out. */
  readonly requireTls?: boolean | undefined;
  /** Allows PLAIN without TLS; false if left out. */
  readonly plainWithoutTls?: boolean | undefined;
}

/** Somebody's client: an account with a resource that is bound. */
export class Client extends Entity {
  readonly jid: Jid;
  readonly #stream: StanzaStream;

  /** @internal by {@link startClient} */
  constructor(jid: Jid, channel: Channel, options: EntityOptions) {
    super(options);
    this.jid = jid;
    this.#stream = new StanzaStream(channel, options, (element) => this.received(element));
    void this.#stream.ended.then((reason) =>
      this.failRequests(reason ?? new ClientError("closed", "the stream was closed")),
    );
  }

  /** Settles, never with an error, when the stream has ended; see {@link StanzaStream.ended}. */
  get ended(): Promise<Error | undefined> {
    return this.#stream.ended;
  }

  /** Closes the stream (RFC 6120 §4.4); never fails, and takes five seconds at most. */
  close(): Promise<void> {
    return this.#stream.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override deliver(stanza: Stanza): Maybe<void> {
    return this.#stream.send(stanza);
  }
}

/**
 * Logs a client in over whatever `open` gives: STARTTLS, SASL2 or SASL, resource binding.
 *
 * @param setup registers handlers, before anything can come.
 * @throws ClientError, SaslError, StreamError, StanzaError, or what `open` throws
 */
export async function startClient(
  open: OpenChannel,
  login: LoginOptions,
  setup?: (client: Client) => void,
): Promise<Client> {
  const options = entityOptions(login);
  const jid = typeof login.jid === "string" ? Jid.parse(login.jid) : login.jid;
  const { clock, connectTimeoutMs: ms, crypto } = options;
  return within({ clock, ms, what: "the login" }, async (signal) => {
    const channel = await open(signal);
    const destroy = (): void => channel.destroy();
    signal.addEventListener("abort", destroy);
    try {
      signal.throwIfAborted();
      const bound = await logIn({
        channel,
        jid,
        credentials: login,
        requireTls: login.requireTls ?? true,
        plainWithoutTls: login.plainWithoutTls ?? false,
        crypto,
        bound: undefined,
        authenticated: false,
        tokenMechanism: undefined,
        now: () => clock.now(),
      });
      signal.throwIfAborted();
      const client = new Client(bound, channel, options);
      setup?.(client);
      return client;
    } catch (error) {
      channel.closeStream();
      channel.end();
      throw error;
    } finally {
      signal.removeEventListener("abort", destroy);
    }
  });
}
