import type { Stanza } from "@rookery/protocol";
import type { Timer } from "../../clock.ts";
import type { Host } from "../../host.ts";
import type { Session } from "../../sessions/session.ts";

/** Messages of one session that are counted. */
const COUNTED = 100;

interface Waiting {
  /** By what ids they are kept. */
  readonly ids: Set<string>;
  last: Stanza;
  timer: Timer | undefined;
  /** Its client is known to be away. */
  isAway: boolean;
}

/** Messages that clients were sent and have not acknowledged (XEP-0198): they may not be there. */
export class Unacknowledged {
  readonly #host: Host;
  readonly #late: (session: Session, last: Stanza, count: number) => void;
  readonly #waiting: Map<Session, Waiting> = new Map();

  /** @param late told when a client that seems to be there has not acknowledged for too long. */
  constructor(host: Host, late: (session: Session, last: Stanza, count: number) => void) {
    this.#host = host;
    this.#late = late;
  }

  /** A client was sent a message that is kept. */
  sent(session: Session, id: string, message: Stanza): void {
    let waiting = this.#waiting.get(session);
    if (waiting === undefined) {
      waiting = { ids: new Set(), last: message, timer: undefined, isAway: session.hibernating };
      this.#waiting.set(session, waiting);
    }
    waiting.last = message;
    if (waiting.ids.size < COUNTED) waiting.ids.add(id);
    if (!waiting.isAway) this.#watch(session, waiting);
  }

  /** It has these. */
  taken(session: Session, ids: readonly string[]): void {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return;
    for (const id of ids) waiting.ids.delete(id);
    waiting.timer?.cancel();
    waiting.timer = undefined;
    if (waiting.ids.size === 0) this.#waiting.delete(session);
    else if (!waiting.isAway) this.#watch(session, waiting);
  }

  /**
   * It is away: what it has not acknowledged it does not know of, as far as is known.
   * @returns nothing if it was away before.
   */
  away(session: Session): { readonly last: Stanza; readonly count: number } | undefined {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined || waiting.isAway) return undefined;
    waiting.timer?.cancel();
    waiting.timer = undefined;
    waiting.isAway = true;
    return { last: waiting.last, count: waiting.ids.size };
  }

  /** It has come back, and is sent again what it has not acknowledged. */
  back(session: Session): void {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return;
    waiting.isAway = false;
    this.#watch(session, waiting);
  }

  ended(session: Session): void {
    this.#waiting.get(session)?.timer?.cancel();
    this.#waiting.delete(session);
  }

  rest(): void {
    for (const { timer } of this.#waiting.values()) timer?.cancel();
    this.#waiting.clear();
  }

  #watch(session: Session, waiting: Waiting): void {
    const ms = this.#host.limits.pushUnackedSeconds * 1000;
    waiting.timer ??= this.#host.clock.after(ms, () => {
      waiting.timer = undefined;
      this.#late(session, waiting.last, waiting.ids.size);
    });
  }
}
