import {
  type Jid,
  PUBSUB_NS,
  type PushDisable,
  type PushEnable,
  pushWithdrawalIn,
  quoted,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import { serialize } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { AccountChange, MessageEvent } from "../../im/contract.ts";
import type { IqAnswer, IqRequest } from "../../iq.ts";
import type { Session } from "../../sessions/session.ts";
import { type Slot, slot } from "../../sessions/slot.ts";
import type { Place } from "./place.ts";
import type { Places } from "./places.ts";
import { keyOf } from "./registration.ts";

/** The keys of what a session has registered. */
const registered: Slot<readonly string[]> = slot("push/registered", [], {
  text: { write: (keys) => JSON.stringify(keys), read: (text) => JSON.parse(text) },
});

/** What clients, and app servers, want to be changed. */
export class Requests {
  readonly #host: Host;
  readonly #places: Places;

  constructor(host: Host, places: Places) {
    this.#host = host;
    this.#places = places;
  }

  /**
   * XEP-0357 §5.
   * @throws StanzaError `not-acceptable` for what can be no app server, or is too much; `forbidden`
   *   for guests.
   */
  enable({ query, iq, account, session }: IqRequest<PushEnable>): IqAnswer {
    const { jid, node, options } = query;
    const { limits, domain, clock, accounts } = this.#host;
    if (accounts.isGuest?.(account)) {
      throw new StanzaError("forbidden", "nobody comes back as the guest that they were");
    }
    if (jid.domain === domain.domain) {
      const text = `${quoted(jid.toString())} can be no app server: it is of the account's own domain`;
      throw new StanzaError("not-acceptable", text);
    }
    const bytes = iq.payload.reduce((sum, one) => sum + Buffer.byteLength(serialize(one)), 0);
    if (bytes > limits.pushRegistrationBytes) {
      const text = `a registration has at most ${limits.pushRegistrationBytes} bytes, not ${bytes}; say less in it`;
      throw new StanzaError("not-acceptable", text);
    }
    const key = keyOf(jid, node);
    if (session) {
      const keys = session.get(registered).filter((other) => other !== key);
      session.set(registered, [...keys, key].slice(-limits.pushRegistrations));
    }
    const { resource } = iq.from;
    const registration = { jid, node, options, resource, at: clock.now() };
    return { committed: this.#places.add(account, registration) };
  }

  /** XEP-0357 §6: one node of an app server, or all of them. */
  disable({ query: { jid, node }, account }: IqRequest<PushDisable>): IqAnswer {
    return {
      committed: this.#remove(account, ({ registration }) => {
        const isMeant = node === undefined || registration.node === node;
        return isMeant && registration.jid.equals(jid);
      }),
    };
  }

  /** XEP-0357 §8: an app server wants no more. */
  withdraw({ stanza, account, direction }: MessageEvent): Maybe<"handled" | undefined> {
    if (direction !== "received" || !stanza.has(PUBSUB_NS, "pubsub")) return undefined;
    const withdrawal = pushWithdrawalIn(stanza);
    if (!withdrawal?.jid.equals(account)) return undefined;
    return after(this.#places.find(account, keyOf(stanza.from, withdrawal.node)), (place) => {
      if (place === undefined) return undefined;
      this.#places
        .remove(place)
        .catch((error: unknown) => this.#host.log.error("a withdrawal was not stored", { error }));
      return "handled";
    });
  }

  /** Whoever knew the old password is told nothing more; the client that changed it still is. */
  async changed({ account, by }: AccountChange): Promise<void> {
    const own = by?.get(registered) ?? [];
    await this.#remove(account, ({ key }) => !own.includes(key));
  }

  async #remove(account: Jid, isMeant: (place: Place) => boolean): Promise<void> {
    const places = [...(await this.#places.of(account))];
    await Promise.all(places.filter(isMeant).map((place) => this.#places.remove(place)));
  }
}

/**
 * The session of the client that is woken at a place, if there is one: it asked for it, or has the
 * resource of who did. One that is there comes before one that is away.
 */
export function sessionOf(place: Place, sessions: readonly Session[]): Session | undefined {
  let away: Session | undefined;
  for (const session of sessions) {
    if (!isOf(session, place)) continue;
    if (!session.hibernating) return session;
    away ??= session;
  }
  return away;
}

/** True if the place is one of the session's client. */
export function isOf(session: Session, place: Place): boolean {
  return (
    session.get(registered).includes(place.key) ||
    session.jid.resource === place.registration.resource
  );
}
