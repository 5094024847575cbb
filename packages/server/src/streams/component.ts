import { createHash, timingSafeEqual } from "node:crypto";
import { Jid, ping, Stanza, StanzaError, StreamError, stanzaKind } from "@rookery/protocol";
import { readStreamHeader, toClientNs, writeStreamHeader } from "@rookery/stream";
import { type Element, type ParserLimits, type StreamClose, type StreamOpen } from "@rookery/xml";
import type { Clock, Random, Timer } from "../clock.ts";
import type { ComponentDomain, ComponentOutlet } from "../components/component-domain.ts";
import type { Limits } from "../config/limits.ts";
import type { Maybe } from "../hooks.ts";
import type { Log } from "../log.ts";
import type { StorageProgress } from "../storage/api.ts";
import type { Connection } from "../transports/connection.ts";
import { Pump } from "./pump.ts";
import { RateLimit } from "./rate-limit.ts";
import { streamErrorOf, streamErrorText } from "./stream-error.ts";
import { Unconfirmed } from "./unconfirmed.ts";

/** The content namespace of components that connect to the server (XEP-0114 §3). */
const ACCEPT_NS = "jabber:component:accept";
/** How long after it was sent something a component is asked whether it has read it. */
const CONFIRM_AFTER_MS = 500;
/** It is asked at once after so many stanzas. */
const CONFIRM_STANZAS = 32;
/** A component that has not answered for so long is not asked any more. */
const CONFIRM_WAIT_MS = 30_000;

/** A domain that may be spoken for, and the secret that proves who may. */
export interface ComponentEntry {
  readonly domain: ComponentDomain;
  readonly secret: string;
}

/** What the streams of components need from the server. */
export interface ComponentServices {
  readonly mainDomain: Jid;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: Limits;
  /** How far the storage is. */
  readonly progress: StorageProgress;
  /** Bounds on stanzas of authenticated components. */
  readonly stanzaLimits: ParserLimits;
  /** All streams that are not closed. */
  readonly streams: Set<ComponentStream>;
  /** The component of a name in a stream header, or undefined if none is expected. */
  component(name: string): ComponentEntry | undefined;
  /** Sends a stanza of a component on its way. */
  route(stanza: Stanza): Maybe<void>;
}

/**
 * The stream of an external component: XEP-0114 (1.6).
 *
 * The specification has no acknowledgements. So that nothing is lost with a connection, the server
 * now and then pings the component (XEP-0199): the answer, whatever it is, shows that all before was
 * read. What was not so confirmed goes to another connection.
 */
export class ComponentStream implements ComponentOutlet {
  readonly connection: Connection;
  /** Settles when the connection is gone. */
  readonly gone: Promise<void>;
  readonly #services: ComponentServices;
  readonly #pump: Pump;
  readonly #unconfirmed: Unconfirmed;
  readonly #id: string;
  #state: "opening" | "open" | "closed" = "opening";
  #headerSent = false;
  /** What the component wants to speak for, and once it has proved it, does. */
  #entry: ComponentEntry | undefined = undefined;
  #ready = false;
  #due: Timer | undefined = undefined;
  #asking: Timer | undefined = undefined;
  #question: string | undefined = undefined;
  /** It does not answer what it is asked, so that nothing is known of what it has read. */
  #silent = false;

  constructor(connection: Connection, services: ComponentServices) {
    const { clock, limits, random } = services;
    this.connection = connection;
    this.#services = services;
    this.#id = random.id();
    this.#unconfirmed = new Unconfirmed(limits.componentQueueBytes);
    this.#pump = new Pump({
      connection,
      clock,
      rate: new RateLimit(0, 0, clock),
      queuedBytes: limits.componentQueueBytes / 4,
      storage: { progress: services.progress, backlog: limits.storageBacklog },
      handle: (item) => this.#handle(item),
      failed: (error) => this.#failed(error),
      ended: () => this.close(),
    });
    this.gone = new Promise((resolve) => {
      connection.onClose = () => {
        this.#end();
        resolve(this.#pump.idle());
      };
    });
    if (limits.loginSeconds > 0) {
      this.#due = clock.after(limits.loginSeconds * 1000, () =>
        this.close(new StreamError("connection-timeout", "the handshake took too long")),
      );
    }
  }

  get queuedBytes(): number {
    return this.connection.queuedBytes;
  }

  send(stanza: Stanza): void {
    this.connection.send(stanza.toXml());
    if (this.#silent) return;
    this.#unconfirmed.add(stanza);
    if (this.#question !== undefined) return;
    if (this.#unconfirmed.size >= CONFIRM_STANZAS) this.#ask();
    else if (this.#asking === undefined) this.#askSoon();
  }

  /** Ends the stream (RFC 6120 §4.4), with an error if one is given. */
  close(error?: StreamError): void {
    if (this.#state === "closed") return;
    if (!this.#headerSent) this.#sendHeader(this.#services.mainDomain.toString());
    if (error) this.connection.send(streamErrorText(error));
    this.connection.send("</stream:stream>");
    this.#end();
    this.connection.close();
  }

  #handle(item: Element | StreamOpen | StreamClose): Maybe<void> {
    if ("event" in item) {
      if (item.event === "open") this.#opened(item);
      else this.close();
      return;
    }
    const element = toClientNs(item, ACCEPT_NS);
    if (!this.#ready) return this.#handshake(element);
    if (stanzaKind(element) === undefined) {
      throw new StreamError("unsupported-stanza-type", `<${element.name}/> is not understood`);
    }
    return this.#stanza(element);
  }

  // ── the handshake (§3) ─────────────────────────────────────────────────────

  #opened(open: StreamOpen): void {
    const header = readStreamHeader(open, ACCEPT_NS, 0);
    if (header.to === undefined) {
      throw new StreamError("improper-addressing", "the stream header names no component in `to`");
    }
    this.#entry = this.#services.component(header.to);
    if (this.#entry === undefined) {
      throw new StreamError(
        "host-unknown",
        "no component of that name is configured here; add it to `components`",
      );
    }
    this.#state = "open";
    this.#sendHeader(this.#entry.domain.domain);
  }

  #handshake(element: Element): void {
    const entry = this.#entry;
    if (element.name !== "handshake" || entry === undefined) {
      throw new StreamError("not-authorized", `<${element.name}/> came before the handshake`);
    }
    const { domain } = entry.domain;
    if (!isDigest(element.text.trim(), this.#id + entry.secret)) {
      this.#services.log.warn("a component gave a wrong secret", {
        domain,
        address: this.connection.address,
      });
      throw new StreamError("not-authorized", "the handshake does not match the secret");
    }
    if (entry.domain.connections >= this.#services.limits.componentConnections) {
      throw new StreamError("resource-constraint", `${domain} has too many connections already`);
    }
    this.#due?.cancel();
    this.connection.limit(this.#services.stanzaLimits);
    this.#ready = true;
    this.connection.send("<handshake/>");
    this.#services.log.info("a component connected", { domain });
    entry.domain.add(this);
  }

  #sendHeader(from: string): void {
    this.#headerSent = true;
    this.connection.send(
      writeStreamHeader({
        contentNs: ACCEPT_NS,
        from,
        id: this.#id,
        version: { major: 0, minor: 9 },
      }),
    );
  }

  // ── stanzas ────────────────────────────────────────────────────────────────

  #stanza(element: Element): Maybe<void> {
    const from = this.#senderOf(element);
    let stanza: Stanza;
    try {
      stanza = Stanza.read(element, from);
      if (stanza.to === undefined) {
        throw new StanzaError("jid-malformed", "a stanza of a component has a `to` (XEP-0114 §3)");
      }
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const answer = Stanza.refuse(element, from, this.#services.mainDomain, error);
      if (answer) this.send(answer);
      return;
    }
    if (this.#isAnswer(stanza)) return this.#confirmed();
    return this.#services.route(stanza);
  }

  /** §3: anyone at the component's own domain, and nobody else. @throws StreamError */
  #senderOf(element: Element): Jid {
    const domain = this.#entry?.domain.domain;
    const from = element.attr("from");
    if (from === undefined) {
      throw new StreamError("improper-addressing", "a stanza of a component has a `from`");
    }
    const jid = Jid.tryParse(from);
    if (jid !== undefined && jid.domain === domain) return jid;
    throw new StreamError("invalid-from", `the component speaks for ${domain} only`);
  }

  // ── what the component has read ────────────────────────────────────────────

  #askSoon(): void {
    this.#asking = this.#services.clock.after(CONFIRM_AFTER_MS, () => this.#ask());
  }

  #ask(): void {
    const { random, mainDomain, clock } = this.#services;
    const id = random.id();
    this.#asking?.cancel();
    this.#question = id;
    this.#unconfirmed.mark();
    const to = Jid.of("", this.#entry?.domain.domain ?? "");
    const question = { kind: "iq", type: "get", id, from: mainDomain, to } as const;
    this.connection.send(new Stanza({ ...question, children: [ping.write({})] }).toXml());
    this.#asking = clock.after(CONFIRM_WAIT_MS, () => {
      this.#silent = true;
      this.#unconfirmed.take();
    });
  }

  #isAnswer(stanza: Stanza): boolean {
    return stanza.kind === "iq" && !stanza.isRequest && stanza.id === this.#question;
  }

  #confirmed(): void {
    this.#question = undefined;
    this.#asking?.cancel();
    this.#asking = undefined;
    this.#unconfirmed.confirm();
    if (this.#unconfirmed.size > 0) this.#askSoon();
  }

  // ── the end ────────────────────────────────────────────────────────────────

  #failed(error: unknown): void {
    const known = streamErrorOf(error);
    if (known === undefined) this.#services.log.error("a component's stream failed", { error });
    this.close(known ?? new StreamError("internal-server-error"));
  }

  /** Nothing is processed or sent after this. */
  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#pump.stop();
    this.#due?.cancel();
    this.#asking?.cancel();
    this.#services.streams.delete(this);
    if (!this.#ready || this.#entry === undefined) return;
    this.#services.log.info("a component disconnected", { domain: this.#entry.domain.domain });
    this.#entry.domain.remove(this, this.#unconfirmed.take());
  }
}

/** True if a text is the SHA-1 of another in hexadecimal; the time tells nothing of where they differ. */
function isDigest(text: string, of: string): boolean {
  const expected = createHash("sha1").update(of).digest("hex");
  const given = Buffer.from(text.toLowerCase());
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}
