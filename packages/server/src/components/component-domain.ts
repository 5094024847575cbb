import { type Stanza, StanzaError } from "@rookery/protocol";
import type { Clock, Timer } from "../clock.ts";
import type { Destination } from "../router.ts";

/** A connection of a component, as its domain sees it. */
export interface ComponentOutlet {
  /** Hands a stanza to the component; it stays this connection's until it is confirmed. */
  send(stanza: Stanza): void;
  /** Bytes that the network has not taken from it yet. */
  readonly queuedBytes: number;
}

export interface ComponentDomainOptions {
  readonly clock: Clock;
  /** What may wait, here and unconfirmed on one connection. */
  readonly queueBytes: number;
  /** How long stanzas wait while no connection is there; 0 for not at all. */
  readonly queueSeconds: number;
  /** Answers the sender of a stanza with an error. */
  refuse(stanza: Stanza, error: StanzaError): void;
}

interface Waiting {
  readonly stanza: Stanza;
  readonly bytes: number;
  /** When it is given up, in milliseconds since 1970. */
  readonly until: number;
}

/**
 * A domain that an external component speaks for (XEP-0114).
 *
 * Several connections share its load: what one sender writes goes to one of them, so that it stays
 * in order. While none is there, stanzas wait, bounded in bytes and time; what is given up goes
 * back to its sender as an error. Nothing is lost without a word.
 */
export class ComponentDomain implements Destination {
  readonly domain: string;
  readonly #options: ComponentDomainOptions;
  readonly #outlets: ComponentOutlet[] = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: Timer | undefined = undefined;

  constructor(domain: string, options: ComponentDomainOptions) {
    this.domain = domain;
    this.#options = options;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#outlets.length;
  }

  /** How many stanzas wait for a connection. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A component connected: it gets what waited. */
  add(outlet: ComponentOutlet): void {
    this.#outlets.push(outlet);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#schedule();
    for (const { stanza } of waiting) this.#send(stanza);
  }

  /**
   * A connection is gone.
   * @param unconfirmed what it was handed and may not have read, in order: it goes to another
   * connection, or waits for one. A component may so get a stanza twice, but never not at all.
   */
  remove(outlet: ComponentOutlet, unconfirmed: readonly Stanza[]): void {
    const at = this.#outlets.indexOf(outlet);
    if (at < 0) return;
    this.#outlets.splice(at, 1);
    for (const stanza of unconfirmed) this.#send(stanza);
  }

  /** @throws StanzaError `resource-constraint` or `remote-server-timeout` if it cannot wait here. */
  deliver(stanza: Stanza): void {
    const outlet = this.#outletFor(stanza);
    if (outlet !== undefined) {
      if (outlet.queuedBytes > this.#options.queueBytes) throw this.#full();
      outlet.send(stanza);
      return;
    }
    const bytes = stanza.toXml().length;
    const { clock, queueBytes, queueSeconds } = this.#options;
    if (queueSeconds === 0) throw this.#away();
    if (this.#waitingBytes + bytes > queueBytes) throw this.#full();
    this.#waiting.push({ stanza, bytes, until: clock.now() + queueSeconds * 1000 });
    this.#waitingBytes += bytes;
    this.#schedule();
  }

  /** The server stops: what waits goes back to its senders. */
  close(): void {
    this.#timer?.cancel();
    for (const { stanza } of this.#waiting) this.#options.refuse(stanza, this.#away());
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #send(stanza: Stanza): void {
    try {
      this.deliver(stanza);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      this.#options.refuse(stanza, error);
    }
  }

  /** Always the same one for a sender, as long as connections neither come nor go. */
  #outletFor(stanza: Stanza): ComponentOutlet | undefined {
    const { length } = this.#outlets;
    if (length < 2) return this.#outlets[0];
    return this.#outlets[hashOf(stanza.from.bare.toString()) % length];
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const { clock } = this.#options;
    this.#timer = clock.after(Math.max(0, oldest.until - clock.now()), () => this.#giveUp());
  }

  #giveUp(): void {
    const now = this.#options.clock.now();
    const kept = this.#waiting.findIndex(({ until }) => until > now);
    const late = this.#waiting.splice(0, kept < 0 ? this.#waiting.length : kept);
    for (const { stanza, bytes } of late) {
      this.#waitingBytes -= bytes;
      this.#options.refuse(stanza, this.#away());
    }
    this.#schedule();
  }

  #away(): StanzaError {
    return new StanzaError("remote-server-timeout", `${this.domain} is not connected`);
  }

  #full(): StanzaError {
    return new StanzaError("resource-constraint", `too much is waiting for ${this.domain}`);
  }
}

/** FNV-1a; it only spreads senders, so it need not be hard to predict. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
