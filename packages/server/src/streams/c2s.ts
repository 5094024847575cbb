import {
  Jid,
  NS,
  ping,
  quoted,
  Stanza,
  StanzaError,
  StreamError,
  stanzaKind,
} from "@rookery/protocol";
import { after, readStreamHeader } from "@rookery/stream";
import { type Element, el, type StreamOpen } from "@rookery/xml";
import type { Timer } from "../clock.ts";
import type { Session } from "../sessions/session.ts";
import type { Connection } from "../transports/connection.ts";
import type { VirtualHost } from "../virtual-host.ts";
import type { C2sServices } from "./c2s-services.ts";
import type { StreamFeature } from "./feature.ts";
import { Pump } from "./pump.ts";
import { RateLimit } from "./rate-limit.ts";
import { SaslState } from "./sasl-state.ts";
import { streamErrorOf, streamErrorText } from "./stream-error.ts";
import type { Management } from "./stream-management/management.ts";

/**
 * The stream of a client (RFC 6120 §4): negotiates its features, then hands the stanzas of its
 * session on, strictly in order (§10.1).
 */
export class C2sStream {
  readonly connection: Connection;
  readonly services: C2sServices;
  /** The host that the client named in its stream header. */
  host: VirtualHost | undefined = undefined;
  /** Who the client says it is in its stream header, unproven (RFC 6120 §4.7.1). */
  claimed: Jid | undefined = undefined;
  /** The account that authenticated (bare JID). */
  user: Jid | undefined = undefined;
  /** The bound resource. */
  session: Session | undefined = undefined;
  /** Settles when the connection is gone and nothing of what it sent is in hand any more. */
  readonly gone: Promise<void>;
  /** Stream management, once the client has switched it on (XEP-0198). */
  management: Management | undefined = undefined;
  /** What the client did before goes on in the session that it binds; see `Session.lineage`. */
  lineage: string | undefined = undefined;
  /** The SASL negotiation, while there is one. */
  readonly sasl: SaslState = new SaslState();
  readonly #pump: Pump;
  #features: readonly StreamFeature[] = [];
  /** `opening` until a stream header came, `closed` once we have closed: nothing is processed after. */
  #state: "opening" | "open" | "closed" = "opening";
  #headerSent = false;
  /** The language of the stream, for stanzas that name none (RFC 6120 §8.1.5). */
  #lang: string | undefined = undefined;
  /** Until the client has logged in. */
  #due: Timer | undefined = undefined;

  constructor(connection: Connection, services: C2sServices) {
    this.connection = connection;
    this.services = services;
    const { limits, clock } = services;
    this.#pump = new Pump({
      connection,
      clock,
      rate: new RateLimit(limits.c2sBytesPerSecond, limits.c2sBurstBytes, clock),
      queuedBytes: limits.sendQueueBytes / 4,
      storage: { progress: services.progress, backlog: limits.storageBacklog },
      handle: (item) => this.#handle(item),
      failed: (error) => this.#failed(error),
      ended: () => void after(this.session?.keptBack, () => this.close()),
    });
    this.gone = new Promise((resolve) => {
      connection.onClose = () => {
        this.#end("lost");
        resolve(this.#pump.idle());
      };
    });
    const { streamOpenSeconds, loginSeconds } = limits;
    if (streamOpenSeconds > 0 && !(loginSeconds > 0 && loginSeconds < streamOpenSeconds)) {
      this.#expect("the stream header", streamOpenSeconds);
    } else {
      this.#expect("the login", loginSeconds);
    }
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  /** Bytes that the network has not taken yet. */
  get queuedBytes(): number {
    return this.connection.queuedBytes;
  }

  flushed(): Promise<void> {
    return this.connection.flushed();
  }

  /** Sends an element that is not a stanza. */
  sendElement(element: Element): void {
    if (this.closed) return;
    this.connection.send(this.connection.framing.element(element));
  }

  /** Queues the text of one element, as it is on a stream over TCP; whoever queues stanzas bounds what waits. */
  sendText(text: string): void {
    if (!this.closed) this.connection.send(this.connection.framing.stanza(text));
  }

  /** Sends an answer of the negotiation: once a resource is bound it is a stanza of its session. */
  sendAnswer(iq: Stanza): void {
    if (this.session === undefined) this.sendText(iq.toXml());
    else this.session.send(iq);
  }

  /** After TLS or SASL: a new stream begins, and all that was known of the old one is gone (RFC 6120 §4.3.3). */
  restart(): void {
    this.connection.restart();
    this.#state = "opening";
    this.#headerSent = false;
    this.#features = [];
    this.sasl.reset();
  }

  /** Says what is to be negotiated on the stream as it is now (RFC 6120 §4.3.2). */
  offerFeatures(): void {
    const offers = this.#features.map((feature) => feature.offer(this));
    this.sendElement(el(NS.streams, "features", {}, ...offers));
  }

  /** The account is authenticated: larger stanzas are read from now on. */
  authenticated(user: Jid): void {
    this.user = user;
    this.connection.limit(this.services.stanzaLimits);
  }

  /** The resource is bound: stanzas flow. */
  bound(session: Session): void {
    this.session = session;
    this.#due?.cancel();
    this.services.keepAlive.watch(this);
  }

  /** A former session goes on: stanzas flow (XEP-0198 §5). */
  resumed(management: Management): void {
    this.management = management;
    this.bound(management.session);
  }

  /** Asks the client for a sign of life (XEP-0199 §4.1, XEP-0198 §4). */
  ask(): void {
    if (this.management) return this.management.ask();
    if (!this.session || !this.host) return;
    const from = this.host.domain;
    const id = this.services.random.id();
    const to = this.session.jid;
    const children = [ping.write({})];
    this.session.send(new Stanza({ kind: "iq", type: "get", id, from, to, children }));
  }

  /**
   * Ends the stream (RFC 6120 §4.4), with an error if one is given (§4.9).
   *
   * @param final its session ends as well; otherwise the client may come back to a managed one.
   */
  close(error?: StreamError, { final = false }: { readonly final?: boolean } = {}): void {
    if (this.closed) return;
    if (!this.#headerSent) this.#sendHeader();
    const { framing } = this.connection;
    if (error) this.connection.send(streamErrorText(error, framing));
    this.connection.send(framing.close);
    this.#end(final ? "ended" : "lost");
    this.connection.close();
  }

  /** Cuts the connection off, without a word that would not be read. */
  cut(): void {
    this.#end("lost");
    this.connection.destroy();
  }

  /** Settles when nothing of what the client sent is in hand. */
  idle(): Promise<void> {
    return this.#pump.idle();
  }

  // ── reading ────────────────────────────────────────────────────────────────

  #failed(error: unknown): void {
    if (this.closed) return;
    const known = streamErrorOf(error);
    if (known === undefined) {
      this.services.log.error("a client's stream failed", { error, user: this.user?.toString() });
    }
    this.close(known ?? new StreamError("internal-server-error"));
  }

  #handle(item: Element | StreamOpen | { readonly event: "close" }): void | Promise<void> {
    if ("event" in item) {
      if (item.event === "open") return this.#opened(item);
      // what was asked before is answered first (RFC 6120 §4.4)
      return after(this.session?.keptBack, () => this.#leave());
    }
    this.sasl.expects(item);
    const kind = stanzaKind(item);
    if (kind === undefined) return this.#negotiate(item);
    const { session } = this;
    if (session !== undefined) checkFrom(item, session.jid);
    const asked = kind === "iq" ? this.#askedBy(item) : undefined;
    if (asked?.negotiate !== undefined) {
      return after(asked.negotiate(this, item), this.#count);
    }
    if (session !== undefined) {
      return after(this.#stanza(session, item), this.#count);
    }
    throw new StreamError("not-authorized", `<${kind}/> came before a resource was bound`);
  }

  /** A stanza is handled (XEP-0198 §4). */
  readonly #count = (): void => this.management?.handled.add();

  // ── negotiation ────────────────────────────────────────────────────────────

  #opened(open: StreamOpen): void {
    const header = readStreamHeader(open, NS.client);
    if (header.to === undefined) {
      throw new StreamError("improper-addressing", "the stream header names no host in `to`");
    }
    const host = this.services.host(header.to);
    if (host === undefined) {
      throw new StreamError("host-unknown", `${quoted(header.to)} is not served here`);
    }
    if (this.host !== undefined && this.host !== host) {
      throw new StreamError("host-unknown", "the host cannot change on a stream that restarts");
    }
    if (this.host === undefined) this.#expect("the login", this.services.limits.loginSeconds);
    this.host = host;
    this.#lang = header.lang;
    this.#state = "open";
    this.#sendHeader(header.from);
    this.claimed = header.from === undefined ? undefined : Jid.tryParse(header.from)?.bare;
    this.#features = this.services.features(host, this);
    this.offerFeatures();
  }

  /** @param to what the client called itself; it is told so, and nothing else (RFC 6120 §4.7.2). */
  #sendHeader(to?: string): void {
    this.#headerSent = true;
    this.connection.send(
      this.connection.framing.header({
        contentNs: NS.client,
        from: (this.host?.domain ?? this.services.mainDomain).toString(),
        id: this.services.random.id(),
        to,
        lang: "en",
      }),
    );
  }

  #negotiate(element: Element): void | Promise<void> {
    const feature = this.#featureOf(element.ns, false);
    if (feature?.negotiate !== undefined) return feature.negotiate(this, element);
    const title = `<${element.name}/> of ${quoted(element.ns)}`;
    if (this.session === undefined) {
      throw new StreamError("not-authorized", `${title} came before a resource was bound`);
    }
    throw new StreamError("unsupported-stanza-type", `${title} is not understood`);
  }

  /** The feature that an IQ asks for, if it is to the server or to nobody (RFC 6120 §7.6.1). */
  #askedBy(iq: Element): StreamFeature | undefined {
    const to = iq.attr("to");
    if (to !== undefined && to !== this.host?.domain.toString()) return undefined;
    const type = iq.attr("type");
    if (type === "result" || type === "error") return undefined;
    for (const node of iq.children) {
      if (typeof node !== "string") return this.#featureOf(node.ns, true);
    }
    return undefined;
  }

  #featureOf(ns: string, byIq: boolean): StreamFeature | undefined {
    for (const feature of this.#features) {
      if (feature.ns === ns && (feature.byIq ?? false) === byIq) return feature;
    }
    return undefined;
  }

  /**
   * Gives the client more time to log in: somebody fills in a form (XEP-0077 §3.1.1).
   * @param seconds from connecting; 0 for no bound.
   */
  extendLogin(seconds: number): void {
    const { loginSeconds } = this.services.limits;
    if (this.session || loginSeconds === 0 || (seconds > 0 && seconds < loginSeconds)) return;
    this.#expect("the login", seconds);
  }

  /** Ends the stream if the client does not get so far in time, counted from connecting. */
  #expect(what: string, seconds: number): void {
    const { clock } = this.services;
    this.#due?.cancel();
    if (seconds === 0) return;
    this.#due = clock.after(this.connection.since + seconds * 1000 - clock.now(), () =>
      this.close(new StreamError("connection-timeout", `${what} took too long`)),
    );
  }

  // ── stanzas ────────────────────────────────────────────────────────────────

  #stanza(session: Session, element: Element): void | Promise<void> {
    const host = this.host as VirtualHost;
    let stanza: Stanza;
    try {
      stanza = Stanza.read(element, session.jid, this.#lang);
      if (stanza.kind === "presence") checkSize(stanza, this.services.limits.presenceBytes);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const answer = Stanza.refuse(element, session.jid, answererOf(element, session.jid), error);
      if (answer) session.send(answer);
      return;
    }
    return host.send(session, stanza);
  }

  /** The client has closed its stream: its session ends (XEP-0198 §7). */
  #leave(): void {
    if (this.management) this.management.endsCleanly = true;
    this.close(undefined, { final: true });
  }

  // ── the end ────────────────────────────────────────────────────────────────

  /** Nothing is processed or sent after this. */
  #end(how: "lost" | "ended"): void {
    if (this.closed) return;
    this.#state = "closed";
    this.#due?.cancel();
    this.sasl.end();
    this.#pump.stop();
    this.services.streams.delete(this);
    this.services.keepAlive.forget(this);
    const { session, management } = this;
    if (management === undefined) {
      if (session) this.host?.ended(session);
    } else if (how === "lost") management.lost(this);
    else management.end();
  }
}

/** Presence goes to many and is kept, so that less of it is taken than of other stanzas. */
function checkSize(presence: Stanza, presenceBytes: number): void {
  if (presenceBytes === 0 || Buffer.byteLength(presence.toXml()) <= presenceBytes) return;
  throw new StanzaError(
    "policy-violation",
    `presence has at most ${presenceBytes} bytes here; say less in it`,
  );
}

/** Who answers what could not be read: whom it was for, the account if nobody was named (§8.3.1). */
function answererOf(element: Element, own: Jid): Jid {
  const to = element.attr("to");
  if (to === undefined) return own.bare;
  return Jid.tryParse(to) ?? Jid.of("", own.domain);
}

/** RFC 6120 §8.1.2.1: a client may only send as itself. */
function checkFrom(element: Element, own: Jid): void {
  const from = element.attr("from");
  if (from === undefined || from === own.toString() || from === own.bare.toString()) return;
  const claimed = Jid.tryParse(from);
  if (claimed?.equals(own) || claimed?.equals(own.bare)) return;
  throw new StreamError("invalid-from", `${quoted(from)} is not the sender, ${own} is`);
}
