import type { Stanza } from "@rookery/protocol";
import type { MessageEvent } from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import type { LogOwner } from "../../storage/api.ts";
import type { ArchiveId } from "./ids.ts";

type Keeping = MessageEvent["keeping"];

/** A message that a session sent, until it is known who keeps it. */
export interface Draft {
  readonly stanza: Stanza;
  readonly session: Session;
  /** What all steps of sending share. */
  readonly keeping: Keeping;
  /** Its id in archives. */
  readonly id: ArchiveId;
  /** The sender, if the message is wanted in that archive. */
  readonly sender: LogOwner | undefined;
  appended: boolean;
}

/**
 * The drafts of messages on their way. Mostly nobody waits and there is one at a time; those that
 * another one overtakes go into weak maps, which cost more than all else that archiving does here.
 */
export class Drafts {
  #latest: Draft | undefined = undefined;
  readonly #byStanza: WeakMap<Stanza, Draft> = new WeakMap();
  readonly #byKeeping: WeakMap<Keeping, Draft> = new WeakMap();

  add(draft: Draft): void {
    const before = this.#latest;
    if (before !== undefined) {
      this.#byStanza.set(before.stanza, before);
      this.#byKeeping.set(before.keeping, before);
    }
    this.#latest = draft;
  }

  /** The draft of a stanza that nobody has changed since. */
  of(stanza: Stanza): Draft | undefined {
    return this.#latest?.stanza === stanza ? this.#latest : this.#byStanza.get(stanza);
  }

  /** The draft of a message that was handed on, changed or not. It is not asked for again. */
  take(keeping: Keeping): Draft | undefined {
    const latest = this.#latest;
    if (latest?.keeping !== keeping) return this.#byKeeping.get(keeping);
    this.#latest = undefined;
    return latest;
  }
}
