import type { Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type {
  HandedMessage,
  Kept,
  KeptMessages,
  MessageEvent,
  PresenceEvent,
} from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import type { Place } from "./place.ts";
import type { Places } from "./places.ts";
import { isOf, sessionOf } from "./requests.ts";
import { Unacknowledged } from "./unacknowledged.ts";
import type { Wakes } from "./wakes.ts";
import { isWorthWaking } from "./worth.ts";

/** Sees what happens, and has those woken who are not there. */
export class Watch {
  readonly #host: Host;
  readonly #places: Places;
  readonly #wakes: Wakes;
  readonly #unacknowledged: Unacknowledged;
  /** What of that which is kept is worth waking somebody, until it was handed to sessions. */
  readonly #worth: WeakMap<Kept, Stanza> = new WeakMap();

  constructor(host: Host, places: Places, wakes: Wakes) {
    this.#host = host;
    this.#places = places;
    this.#wakes = wakes;
    this.#unacknowledged = new Unacknowledged(host, (session, last, count) =>
      this.#wake(session, last, count),
    );
  }

  /** A message comes for an account. Clients that are away, or have no session, are woken. */
  message({ stanza, account, direction, targets, keeping: { kept } }: MessageEvent): void {
    if (direction !== "received" || this.#places.isEmpty(account)) return;
    if (!isWorthWaking(stanza, account)) return;
    const takers = targets();
    if (kept === undefined && takers.length === 0) return; // it goes back
    if (kept !== undefined) this.#worth.set(kept, stanza);
    // what is not kept, and what a room tells each client by itself, nobody else finds
    const isForTakers = kept === undefined || stanza.type === "groupchat";
    this.#forAway(account, (place, session) => {
      if (isForTakers && !(session && takers.includes(session))) return;
      this.#wakes.message(place, stanza);
    });
  }

  /** Someone asks to see an account's presence (RFC 6121 §3.1). */
  presence({ stanza, account, direction }: PresenceEvent): void {
    if (direction !== "received" || stanza.type !== "subscribe") return;
    const { accounts } = this.#host;
    const contact = stanza.from.bare;
    const isKnown = after(accounts.exists(account), (exists) =>
      exists ? this.#host.maySeePresence(account, contact) : true,
    );
    this.#run(
      after(isKnown, (known) => {
        if (!known) this.#forAway(account, (place) => this.#wakes.request(place, contact));
      }),
    );
  }

  /** Sessions were sent a message: those that seem to be there have to acknowledge it. */
  handed({ account, kept, sessions }: HandedMessage): void {
    const message = this.#worth.get(kept);
    if (message === undefined || sessions.length === 0) return;
    this.#run(
      after(this.#places.of(account), (places) => {
        const all = [...places];
        for (const session of sessions) {
          if (!all.some((place) => isOf(session, place))) continue;
          this.#unacknowledged.sent(session, kept.id, message);
        }
      }),
    );
  }

  taken({ session, ids }: KeptMessages): void {
    this.#unacknowledged.taken(session, ids);
    this.#seen(session);
  }

  hibernates(session: Session): void {
    const waiting = this.#unacknowledged.away(session);
    if (waiting && waiting.count > 0) this.#wake(session, waiting.last, waiting.count);
  }

  resumed(session: Session): void {
    this.#seen(session);
    this.#unacknowledged.back(session);
  }

  began(session: Session): void {
    if (!session.hibernating) this.#seen(session);
  }

  ended(session: Session): void {
    this.hibernates(session);
    this.#unacknowledged.ended(session);
  }

  rest(): void {
    this.#unacknowledged.rest();
    this.#places.rest();
  }

  #seen(session: Session): void {
    for (const place of this.#places.known(session.jid.bare)) {
      if (isOf(session, place)) place.seen();
    }
  }

  /** The client of a session has messages that it seems not to know of. */
  #wake(session: Session, last: Stanza, count: number): void {
    this.#run(
      after(this.#places.of(session.jid.bare), (places) => {
        for (const place of places) {
          if (!isOf(session, place)) continue;
          place.messages = 0; // all that it has not acknowledged is told now
          this.#wakes.message(place, last, count);
        }
      }),
    );
  }

  /** Each place whose client has no session, or one that is away. */
  #forAway(
    account: MessageEvent["account"],
    action: (place: Place, session: Session | undefined) => void,
  ): void {
    this.#run(
      after(this.#places.of(account), (places) => {
        const sessions = this.#host.sessions.of(account);
        for (const place of places) {
          const session = sessionOf(place, sessions);
          if (session === undefined || session.hibernating) action(place, session);
        }
      }),
    );
  }

  /** Nothing waits for it. */
  #run(work: Maybe<void>): void {
    if (work === undefined) return;
    work.catch((error: unknown) => this.#host.log.error("nobody could be woken", { error }));
  }
}
