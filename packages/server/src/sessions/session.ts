import { type Jid, type Stanza, StreamError } from "@rookery/protocol";
import { type Slot, Slots } from "./slot.ts";

/**
 * Where the stanzas of a session go: the stream of its client, or what manages one stream after the
 * other (XEP-0198).
 */
export interface Outlet {
  /**
   * Takes a stanza for the client; bounded, it closes itself when the client does not read.
   *
   * @param kept by what id the message is kept for the account until a client has it.
   */
  send(stanza: Stanza, kept?: string): void;
  close(error?: StreamError): void;
  /** Settles when the network has taken everything; rejects if it never will. */
  flushed(): Promise<void>;
  /** What may wait to be taken. */
  readonly maxQueuedBytes: number;
  /** The session has ended: what its client has not shown to have. */
  leftovers(): Iterable<Leftover>;
}

/** A stanza that was for a session and did not reach its client, as far as is known. */
export interface Leftover {
  /** The message is kept for the account by this id. */
  readonly kept: string | undefined;
  /** Read on demand. */
  readonly stanza: () => Stanza;
}

/**
 * Stands between a session and its outlet: passes on what is sent, at once or later. What is kept
 * by it when the session ends is lost, so that it keeps nothing back that matters.
 */
export type Gate = (stanza: Stanza, kept: string | undefined, pass: Pass) => void;
export type Pass = (stanza: Stanza, kept?: string) => void;

/** Stanzas that wait for older ones. */
interface Held {
  holders: number;
  stanzas: { readonly stanza: Stanza; readonly kept: string | undefined }[];
  bytes: number;
  readonly sent: PromiseWithResolvers<void>;
}

/** What keeps back what is sent to a session; see {@link Session.hold}. */
export interface Hold {
  /** Sends a stanza before all that is kept back. @returns false, and does not, once it is over. */
  send(stanza: Stanza, kept?: string): boolean;
  /** Lets go; to be called once, whatever happens. */
  release(): void;
}

/** One connected resource of an account (RFC 6120 §7, "bound resource"). */
export class Session {
  readonly jid: Jid;
  /** Milliseconds since 1970. */
  readonly since: number;
  #outlet: Outlet;
  /** By which it went before: of what it sent that way, it may not be known yet who has it. */
  #former: Outlet | undefined = undefined;
  #gate: Gate | undefined = undefined;
  readonly #slots: Slots = new Slots();
  #held: Held | undefined = undefined;
  /** The last presence it broadcast, while it is an available resource (RFC 6121 §4.2). */
  presence: Stanza | undefined = undefined;
  /** Its client is away and may come back to it (XEP-0198 §5); what is sent to it waits. */
  hibernating = false;
  /**
   * Names what its client does, over all sessions in which it goes on after a loss: a message sent
   * again after it is recognised by this.
   */
  readonly lineage: string;
  /** The lineage began in a former session, maybe of another process. */
  readonly continues: boolean;
  /** It is the so many-th since the server was started; undefined until the server knows it. */
  number: number | undefined = undefined;
  /** Its priority, or undefined while it is not an available resource (RFC 6121 §4.7.2.3). */
  priority: number | undefined = undefined;

  /**
   * @param lineage unguessable, and new unless the client goes on after a loss.
   * @param continues whether it does.
   */
  constructor(jid: Jid, since: number, outlet: Outlet, lineage = "", continues = false) {
    this.jid = jid;
    this.since = since;
    this.#outlet = outlet;
    this.lineage = lineage;
    this.continues = continues;
  }

  /** An available resource (RFC 6121 §4.2). */
  get available(): boolean {
    return this.priority !== undefined;
  }

  /** What the session sends goes another way from now on. */
  attach(outlet: Outlet): void {
    this.#former = this.#outlet;
    this.#outlet = outlet;
  }

  /** Puts a gate before the outlet, or takes it away; there is one at most. */
  setGate(gate: Gate | undefined): void {
    this.#gate = gate;
  }

  /**
   * Hands a stanza to the client's stream.
   *
   * @param kept by what id the message is kept for the account until a client has it.
   */
  send(stanza: Stanza, kept?: string): void {
    if (this.#held === undefined) this.#pass(stanza, kept);
    else this.#hold(stanza, kept, this.#held);
  }

  #pass(stanza: Stanza, kept: string | undefined): void {
    if (this.#gate === undefined) this.#outlet.send(stanza, kept);
    else this.#gate(stanza, kept, this.#sendOut);
  }

  readonly #sendOut: Pass = (stanza, kept) => this.#outlet.send(stanza, kept);

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
      send: (stanza, kept) => {
        if (released || this.#held !== held) return false;
        this.#pass(stanza, kept);
        return true;
      },
      release: () => {
        if (released || this.#held !== held) return;
        released = true;
        if (--held.holders > 0) return;
        this.#held = undefined;
        for (const { stanza, kept } of held.stanzas) this.#pass(stanza, kept);
        held.sent.resolve();
      },
    };
  }

  /** While something is kept back: settles when it was sent, or the session has ended. */
  get keptBack(): Promise<void> | undefined {
    return this.#held?.sent.promise;
  }

  /** The session has ended: what did not reach its client, and what was kept back until now, once. */
  takeBack(): readonly Leftover[] {
    const held = this.#held;
    this.#held = undefined;
    held?.sent.resolve();
    const never = held?.stanzas.map(({ stanza, kept }) => ({ kept, stanza: () => stanza })) ?? [];
    return [...(this.#former?.leftovers() ?? []), ...this.#outlet.leftovers(), ...never];
  }

  #hold(stanza: Stanza, kept: string | undefined, held: Held): void {
    held.bytes += Buffer.byteLength(stanza.toXml());
    held.stanzas.push({ stanza, kept });
    if (held.bytes <= this.#outlet.maxQueuedBytes) return;
    // whoever ends the session takes back what waits; what is left then nobody will get
    this.close(new StreamError("resource-constraint", "too much is waiting to be sent"));
    held.stanzas = [];
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

  /** The slots that outlive a restart, as text. */
  storeSlots(): Record<string, string> {
    return this.#slots.store();
  }

  restoreSlots(stored: Readonly<Record<string, string>>): void {
    this.#slots.restore(stored);
  }
}
