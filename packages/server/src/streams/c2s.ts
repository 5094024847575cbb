import { Jid, NS, ping, Stanza, StanzaError, StreamError, stanzaKind } from "@rookery/protocol";
import { readStreamHeader, writeStreamHeader } from "@rookery/stream";
import { type Element, el, serialize, type StreamOpen, XmlError } from "@rookery/xml";
import type { Timer } from "../clock.ts";
import type { Session } from "../sessions/session.ts";
import type { Connection } from "../transports/connection.ts";
import type { VirtualHost } from "../virtual-host.ts";
import type { C2sServices } from "./c2s-services.ts";
import type { StreamFeature } from "./feature.ts";
import type { SaslState } from "./features/sasl.ts";
import { RateLimit } from "./rate-limit.ts";

const STREAM_PREFIXES = { [NS.streams]: "stream" };
/** Stanzas that one stream may have handled before others get their turn. */
const TURN = 50;

/**
 * The stream of a client (RFC 6120 §4): negotiates its features, then hands the stanzas of its
 * session on, strictly in order (§10.1).
 */
export class C2sStream {
  readonly connection: Connection;
  readonly services: C2sServices;
  /** The host that the client named in its stream header. */
  host: VirtualHost | undefined = undefined;
  /** The account that authenticated (bare JID). */
  user: Jid | undefined = undefined;
  /** The bound resource. */
  session: Session | undefined = undefined;
  /** Settles when the connection is gone. */
  readonly gone: Promise<void>;
  /** The SASL negotiation, while there is one. */
  readonly sasl: SaslState = { tries: 0, mechanism: undefined };
  readonly #rate: RateLimit;
  #features: readonly StreamFeature[] = [];
  /** `opening` until a stream header came, `closed` once we have closed: nothing is processed after. */
  #state: "opening" | "open" | "closed" = "opening";
  #headerSent = false;
  #busy = false;
  #loginTimer: Timer | undefined;

  constructor(connection: Connection, services: C2sServices) {
    this.connection = connection;
    this.services = services;
    const { limits, clock } = services;
    this.#rate = new RateLimit(limits.c2sBytesPerSecond, limits.c2sBurstBytes, clock);
    connection.onReadable = () => this.#readable();
    connection.onDrain = () => this.#drained();
    this.gone = new Promise((resolve) => {
      connection.onClose = () => {
        this.#end();
        resolve();
      };
    });
    if (limits.loginSeconds > 0) {
      this.#loginTimer = clock.after(limits.loginSeconds * 1000, () =>
        this.close(new StreamError("connection-timeout", "the login took too long")),
      );
    }
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  get maxQueuedBytes(): number {
    return this.services.limits.sendQueueBytes;
  }

  flushed(): Promise<void> {
    return this.connection.flushed();
  }

  /** Sends an element that is not a stanza. */
  sendElement(element: Element): void {
    if (this.closed) return;
    this.connection.send(serialize(element, NS.client, STREAM_PREFIXES));
  }

  /** Sends a stanza to the client; one that does not read is disconnected when its queue is full. */
  send(stanza: Stanza): void {
    if (this.closed) return;
    this.connection.send(stanza.toXml());
    if (this.connection.queuedBytes > this.maxQueuedBytes) {
      this.services.log.info("a client does not read; its session ends", {
        jid: this.session?.jid.toString(),
        queuedBytes: this.connection.queuedBytes,
      });
      this.close(new StreamError("resource-constraint", "too much is waiting to be read"));
    }
  }

  /** After TLS or SASL: a new stream begins, and all that was known of the old one is gone (RFC 6120 §4.3.3). */
  restart(): void {
    this.connection.restart();
    this.#state = "opening";
    this.#headerSent = false;
  }

  /** The account is authenticated: larger stanzas are read from now on. */
  authenticated(user: Jid): void {
    this.user = user;
    this.connection.limit(this.services.stanzaLimits);
  }

  /** The resource is bound: stanzas flow. */
  bound(session: Session): void {
    this.session = session;
    this.#loginTimer?.cancel();
    this.services.keepAlive.watch(this);
  }

  /** Asks the client for a sign of life (XEP-0199 §4.1). */
  ask(): void {
    if (!this.session || !this.host) return;
    const { jid } = this.session;
    const id = this.services.random.id();
    this.send(
      new Stanza({
        kind: "iq",
        type: "get",
        id,
        from: this.host.domain,
        to: jid,
        children: [ping.write({})],
      }),
    );
  }

  /** Ends the stream (RFC 6120 §4.4), with an error if one is given (§4.9). */
  close(error?: StreamError): void {
    if (this.closed) return;
    if (!this.#headerSent) this.#sendHeader();
    if (error) this.connection.send(serialize(error.toElement(), NS.client, STREAM_PREFIXES));
    this.connection.send("</stream:stream>");
    this.#end();
    this.connection.close();
  }

  // ── reading ────────────────────────────────────────────────────────────────

  #readable(): void {
    if (this.#busy) this.connection.pause();
    else this.#pump();
  }

  /** Handles what is there, in order; waits where a handler has to wait. */
  #pump(): void {
    try {
      for (let n = 0; n < TURN; n++) {
        if (this.closed) return;
        const item = this.connection.read();
        if (item === undefined) {
          this.#mayRead();
          return;
        }
        const done = this.#handle(item);
        if (done instanceof Promise) {
          this.#wait(done);
          return;
        }
      }
      this.#wait(new Promise((resolve) => setImmediate(resolve)));
    } catch (error) {
      this.#failed(error);
    }
  }

  #wait(done: Promise<void>): void {
    this.#busy = true;
    done.then(
      () => {
        this.#busy = false;
        this.#pump();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  /** Takes more from the network unless the client is too fast, or does not read what it gets. */
  #mayRead(): void {
    const waitMs = this.#rate.take(this.connection.receivedBytes);
    if (waitMs > 0) {
      this.connection.pause();
      this.services.clock.after(waitMs, () => this.#mayRead());
    } else if (this.connection.queuedBytes > this.maxQueuedBytes / 4) {
      this.connection.pause();
    } else {
      this.connection.resume();
    }
  }

  #drained(): void {
    if (!this.closed && !this.#busy) this.#mayRead();
  }

  #failed(error: unknown): void {
    if (this.closed) return;
    if (error instanceof StreamError) this.close(error);
    else if (error instanceof XmlError) this.close(new StreamError(error.condition, error.message));
    else {
      this.services.log.error("a client's stream failed", { error, user: this.user?.toString() });
      this.close(new StreamError("internal-server-error"));
    }
  }

  #handle(item: Element | StreamOpen | { readonly event: "close" }): void | Promise<void> {
    if ("event" in item) {
      if (item.event === "close") this.close();
      else this.#opened(item);
      return;
    }
    if (this.session !== undefined) {
      const kind = stanzaKind(item);
      if (kind !== undefined) return this.#stanza(this.session, item);
    }
    return this.#negotiate(item);
  }

  // ── negotiation ────────────────────────────────────────────────────────────

  #opened(open: StreamOpen): void {
    const header = readStreamHeader(open, NS.client);
    if (header.to === undefined) {
      throw new StreamError("improper-addressing", "the stream header names no host in `to`");
    }
    const host = this.services.host(header.to);
    if (host === undefined) {
      throw new StreamError("host-unknown", `"${header.to}" is not served here`);
    }
    if (this.host !== undefined && this.host !== host) {
      throw new StreamError("host-unknown", "the host cannot change on a stream that restarts");
    }
    this.host = host;
    this.#state = "open";
    this.#sendHeader();
    this.#features = this.services.features(host, this);
    const offers = this.#features.map((feature) => feature.offer(this));
    this.sendElement(el(NS.streams, "features", {}, ...offers));
  }

  #sendHeader(): void {
    this.#headerSent = true;
    this.connection.send(
      writeStreamHeader({
        contentNs: NS.client,
        from: (this.host?.domain ?? this.services.mainDomain).toString(),
        id: this.services.random.id(),
        to: this.user?.toString(),
        lang: "en",
      }),
    );
  }

  #negotiate(element: Element): void | Promise<void> {
    const isIq = stanzaKind(element) === "iq";
    const ns = isIq ? element.elements()[0]?.ns : element.ns;
    const feature = this.#features.find((f) => f.ns === ns && f.negotiate !== undefined);
    if (feature?.negotiate !== undefined) return feature.negotiate(this, element);
    if (this.session === undefined) {
      throw new StreamError(
        "not-authorized",
        `<${element.name}/> came before the stream was negotiated`,
      );
    }
    throw new StreamError(
      "unsupported-stanza-type",
      `<${element.name} xmlns='${element.ns}'/> is not understood`,
    );
  }

  // ── stanzas ────────────────────────────────────────────────────────────────

  #stanza(session: Session, element: Element): void | Promise<void> {
    const from = element.attr("from");
    if (from !== undefined) checkFrom(from, session.jid);
    const host = this.host as VirtualHost;
    let stanza: Stanza;
    try {
      stanza = Stanza.read(element, session.jid);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const answer = Stanza.refuse(element, session.jid, host.domain, error);
      if (answer) this.send(answer);
      return;
    }
    return host.receive(session, stanza);
  }

  // ── the end ────────────────────────────────────────────────────────────────

  /** Nothing is processed or sent after this. */
  #end(): void {
    if (this.closed) return;
    this.#state = "closed";
    this.#loginTimer?.cancel();
    this.services.streams.delete(this);
    this.services.keepAlive.forget(this);
    const { session } = this;
    if (session) this.host?.ended(session);
  }
}

/** RFC 6120 §8.1.2.1: a client may only send as itself. */
function checkFrom(from: string, own: Jid): void {
  if (from === own.toString() || from === own.bare.toString()) return;
  try {
    const claimed = Jid.parse(from);
    if (claimed.equals(own) || claimed.equals(own.bare)) return;
  } catch {
    // not even an address: refused below
  }
  throw new StreamError("invalid-from", `"${from.slice(0, 100)}" is not the sender, ${own} is`);
}
