import { type Jid, type Stanza, StreamError } from "@rookery/protocol";
import { type Slot, Slots } from "./slot.ts";

/** Where the stanzas of a session go: the stream of its client. */
export interface Outlet {
  /** Takes a stanza for the client; bounded, it closes itself when the client does not read. */
  send(stanza: Stanza): void;
  close(error?: StreamError): void;
  /** Settles when the network has taken everything; rejects if it never will. */
  flushed(): Promise<void>;
  /** What may wait to be taken. */
  readonly maxQueuedBytes: number;
}

/** Stanzas that wait for older ones. */
interface Held {
  holders: number;
  stanzas: Stanza[];
  bytes: number;
  readonly sent: PromiseWithResolvers<void>;
}

/** What keeps back what is sent to a session; see {@link Session.hold}. */
export interface Hold {
  /** Sends a stanza before all that is kept back. */
  send(stanza: Stanza): void;
  /** Lets go; to be called once, whatever happens. */
  release(): void;
}

/** One connected resource of an account (RFC 6120 §7, "bound resource"). */
export class Session {
  readonly jid: Jid;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly #outlet: Outlet;
  readonly #slots: Slots = new Slots();
  #held: Held | undefined = undefined;
  /** The last presence it broadcast, while it is an available resource (RFC 6121 §4.2). */
  presence: Stanza | undefined = undefined;
  /** Its priority, or undefined while it is not an available resource (RFC 6121 §4.7.2.3). */
  priority: number | undefined = undefined;

  constructor(jid: Jid, since: number, outlet: Outlet) {
    this.jid = jid;
    this.since = since;
    this.#outlet = outlet;
  }

  /** An available resource (RFC 6121 §4.2). */
  get available(): boolean {
    return this.priority !== undefined;
  }

  /** Hands a stanza to the client's stream. */
  send(stanza: Stanza): void {
    if (this.#held === undefined) this.#outlet.send(stanza);
    else this.#hold(stanza, this.#held);
  }

  /**
   * Keeps back what is sent until the returned hold is released; what the holder sends meanwhile
   * goes before it: older messages from storage come before newer ones. If several hold, all of
   * them have to let go. What is kept back is bounded like everything that waits to be sent.
   */
  hold(): Hold {
    const held = (this.#held ??= {
      holders: 0,
      stanzas: [],
      bytes: 0,
      sent: Promise.withResolvers(),
    });
    held.holders++;
    let released = false;
    return {
      send: (stanza) => {
        if (!released && this.#held === held) this.#outlet.send(stanza);
      },
      release: () => {
        if (released || this.#held !== held) return;
        released = true;
        if (--held.holders > 0) return;
        this.#held = undefined;
        for (const stanza of held.stanzas) this.#outlet.send(stanza);
        held.sent.resolve();
      },
    };
  }

  /** While something is kept back: settles when it was sent, or the session has ended. */
  get keptBack(): Promise<void> | undefined {
    return this.#held?.sent.promise;
  }

  /** The session has ended: what was kept back until now and never sent. */
  takeBack(): readonly Stanza[] {
    const held = this.#held;
    this.#held = undefined;
    held?.sent.resolve();
    return held?.stanzas ?? [];
  }

  #hold(stanza: Stanza, held: Held): void {
    held.bytes += stanza.toXml().length;
    if (held.bytes <= this.#outlet.maxQueuedBytes) {
      held.stanzas.push(stanza);
      return;
    }
    held.stanzas = []; // nobody will get them
    this.close(new StreamError("resource-constraint", "too much is waiting to be sent"));
  }

  /** Settles when everything sent so far was taken by the network; rejects if it never will be. */
  flushed(): Promise<void> {
    return this.#outlet.flushed();
  }

  /** Ends the session, with a stream error if one is given. */
  close(error?: StreamError): void {
    this.#outlet.close(error);
  }

  get<T>(slot: Slot<T>): T {
    return this.#slots.get(slot);
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots.set(slot, value);
  }
}
