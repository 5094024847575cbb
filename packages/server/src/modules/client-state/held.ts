import type { Stanza } from "@rookery/protocol";
import type { Limits } from "../../config/limits.ts";
import type { Gate, Pass, Session } from "../../sessions/session.ts";
import { unimportant } from "./importance.ts";
import type { Holdable } from "./options.ts";

interface Entry {
  readonly stanza: Stanza;
  readonly kept: string | undefined;
  readonly bytes: number;
}

/**
 * What waits for a client at which nobody looks, in order; of what says the same again, the last.
 * When something important comes the radio is on, and all that waits goes before it.
 */
export class Held {
  readonly #session: Session;
  readonly #holds: ReadonlySet<Holdable>;
  readonly #limits: Limits;
  readonly #entries: Map<string | number, Entry> = new Map();
  #bytes = 0;
  #count = 0;
  #pass: Pass | undefined = undefined;

  constructor(session: Session, holds: ReadonlySet<Holdable>, limits: Limits) {
    this.#session = session;
    this.#holds = holds;
    this.#limits = limits;
  }

  /** The gate of the session. */
  readonly gate: Gate = (stanza, kept, pass) => {
    this.#pass = pass;
    const found = unimportant(stanza, this.#session.jid.bare);
    if (found === undefined || !this.#holds.has(found.kind)) {
      this.flush();
      pass(stanza, kept);
      return;
    }
    // what is kept has to arrive, even if something later says the same
    const key = kept === undefined ? found.key : undefined;
    this.#add(key ?? this.#count++, { stanza, kept, bytes: Buffer.byteLength(stanza.toXml()) });
    const { csiHeldStanzas, csiHeldBytes } = this.#limits;
    if (this.#entries.size > csiHeldStanzas || this.#bytes > csiHeldBytes) this.flush();
  };

  /** Sends all that waits. */
  flush(): void {
    const entries = this.#take();
    for (const { stanza, kept } of entries) this.#pass?.(stanza, kept);
  }

  /** Gives up what waits. @returns by what ids messages of it are kept for the account. */
  giveUp(): readonly string[] {
    return this.#take().flatMap(({ kept }) => kept ?? []);
  }

  #add(key: string | number, entry: Entry): void {
    this.#bytes += entry.bytes - (this.#entries.get(key)?.bytes ?? 0);
    this.#entries.delete(key); // the later one has its place at the end
    this.#entries.set(key, entry);
  }

  #take(): readonly Entry[] {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#bytes = 0;
    return entries;
  }
}
