import type { Host } from "../../host.ts";
import { messagesLeft } from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import { Held } from "./held.ts";
import type { Holdable } from "./options.ts";

/** The clients at which nobody looks. Others are not told who they are (XEP-0352 §6). */
export class InactiveClients {
  readonly #host: Host;
  readonly #holds: ReadonlySet<Holdable>;
  readonly #held: Map<Session, Held> = new Map();

  constructor(host: Host, holds: readonly Holdable[]) {
    this.#host = host;
    this.#holds = new Set(holds);
  }

  /** Nobody looks at the client. */
  inactive(session: Session): void {
    if (this.#held.has(session)) return;
    const held = new Held(session, this.#holds, this.#host.limits);
    this.#held.set(session, held);
    session.setGate(held.gate);
  }

  /** Somebody looks at it, or it has gone away and may come back: it gets what it missed. */
  active(session: Session): void {
    const held = this.#held.get(session);
    if (held === undefined) return;
    this.#held.delete(session);
    session.setGate(undefined);
    held.flush();
  }

  /** It is gone for good: what is kept of what it missed is for another one. */
  ended(session: Session): void {
    const ids = this.#held.get(session)?.giveUp() ?? [];
    this.#held.delete(session);
    session.setGate(undefined);
    if (ids.length > 0) this.#host.emit(messagesLeft, { session, ids });
  }

  allActive(): void {
    for (const session of this.#held.keys()) this.active(session);
  }
}
