import { type Jid, Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Hooks, Maybe } from "../hooks.ts";
import type { Log } from "../log.ts";
import type { Session } from "../sessions/session.ts";
import { seemsBlocked } from "./blocked.ts";
import { directed } from "./directed.ts";
import type { Rosters } from "./roster.ts";

type Send = (stanza: Stanza) => Maybe<void>;

/**
 * The way out for presence that the server sends in an account's name: broadcasts, probes, answers
 * to probes. What its owner has blocked is left out, and so looks offline and sees the account
 * offline. The end of a subscription goes through, or its two ends would differ for ever.
 * It never throws, nor rejects, if `route` does not.
 */
export function presenceRoute(hooks: Hooks, route: Send, log: Log): Send {
  return (stanza) => {
    const { type, from, to } = stanza;
    const shows = type === "available" || type === "unavailable" || type === "probe";
    if (!shows || to === undefined) return route(stanza);
    const blocked = seemsBlocked({ account: from.bare, other: to }, hooks, log);
    return after(blocked, (isBlocked) => (isBlocked ? undefined : route(stanza)));
  };
}

/** What appearing offline needs. */
export interface VisibilityServices {
  readonly sessions: { of(account: Jid): readonly Session[] };
  readonly rosters: Rosters;
  /** Made by {@link presenceRoute}. */
  tell(stanza: Stanza): Maybe<void>;
}

/**
 * Appearing offline to some and online to them again, and they to the account (XEP-0191 §3.3, §3.4;
 * XEP-0016 §2.10, §2.11). An address stands for all that is below it: a domain for its accounts, an
 * account for its resources.
 */
export class Visibility {
  readonly #services: VisibilityServices;

  constructor(services: VisibilityServices) {
    this.#services = services;
  }

  /** Says unavailable to those of the addresses that see the account; to be called before they are blocked. */
  hide(account: Jid, addresses: readonly Jid[]): Maybe<void> {
    return after(this.#services.rosters.get(account), (roster) => {
      const seeing = within(roster.subscribers(), addresses, (bare) => roster.isSubscriber(bare));
      const seen = within(roster.subscriptions(), addresses, (bare) => roster.isSubscribedTo(bare));
      for (const session of this.#services.sessions.of(account)) {
        const targets = new Map(session.presence ? seeing.map((to) => [String(to), to]) : []);
        for (const to of takeDirected(session, addresses)) targets.set(to.toString(), to);
        for (const to of targets.values()) void this.#services.tell(unavailable(session.jid, to));
        if (!session.available) continue;
        for (const contact of seen) session.send(unavailable(contact, session.jid));
      }
    });
  }

  /** Says to subscribers what the account's resources say, and asks for theirs; to be called after they are unblocked. */
  show(account: Jid, addresses: readonly Jid[]): Maybe<void> {
    return after(this.#services.rosters.get(account), (roster) => {
      const online = this.#services.sessions.of(account).filter(({ presence }) => presence);
      if (online.length === 0) return;
      for (const to of within(roster.subscribers(), addresses, (b) => roster.isSubscriber(b))) {
        for (const { presence } of online)
          void this.#services.tell((presence as Stanza).with({ to }));
      }
      for (const to of within(roster.subscriptions(), addresses, (b) => roster.isSubscribedTo(b))) {
        void this.#services.tell(
          new Stanza({ kind: "presence", type: "probe", from: account, to }),
        );
      }
    });
  }
}

/**
 * The contacts that addresses stand for, and the resources of contacts among the addresses.
 * @param isContact true for the bare JID of a contact.
 */
function within(
  contacts: readonly Jid[],
  addresses: readonly Jid[],
  isContact: (bare: Jid) => boolean,
): Jid[] {
  const wanted = new Set(addresses.map(String));
  const found = contacts.filter((contact) => covers(wanted, contact));
  for (const address of addresses) {
    if (!address.isBare && isContact(address.bare)) found.push(address);
  }
  return found;
}

/** Forgets whom presence was sent to directly, as far as they are meant, and tells who they were. */
function takeDirected(session: Session, addresses: readonly Jid[]): Jid[] {
  const targets = session.get(directed);
  if (targets === undefined) return [];
  const wanted = new Set(addresses.map(String));
  const own = session.jid.bare;
  const taken = [...targets.values()].filter(
    (target) => covers(wanted, target) && !target.bare.equals(own),
  );
  for (const target of taken) targets.delete(target.toString());
  return taken;
}

/** XEP-0191 §6. */
function covers(addresses: ReadonlySet<string>, jid: Jid): boolean {
  return (
    addresses.has(jid.toString()) || addresses.has(jid.bare.toString()) || addresses.has(jid.domain)
  );
}

function unavailable(from: Jid, to: Jid): Stanza {
  return new Stanza({ kind: "presence", type: "unavailable", from, to });
}
