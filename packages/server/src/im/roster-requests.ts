import {
  type Jid,
  type RosterItem as RosterItemPayload,
  type RosterQuery,
  rosterQuery,
  rosterSet,
  Stanza,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Random } from "../clock.ts";
import type { Maybe } from "../hooks.ts";
import type { IqAnswer, IqHandlers, IqRequest } from "../iq.ts";
import type { Session } from "../sessions/session.ts";
import { flag, type Slot } from "../sessions/slot.ts";
import type { Roster, RosterChange, RosterItem, Rosters, RosterUpdate } from "./roster.ts";

/** Set once a session has asked for its roster: it is an interested resource (RFC 6121 §2.2). */
export const interested: Slot<boolean> = flag("roster/interested");

/** What roster management needs. */
export interface RosterRequestServices {
  readonly rosters: Rosters;
  readonly sessions: { of(account: Jid): readonly Session[] };
  readonly random: Random;
  readonly iq: IqHandlers;
}

/** Roster management: RFC 6121 §2. */
export class RosterRequests {
  readonly #services: RosterRequestServices;
  /** Told of a contact that was removed: subscriptions with it end (§2.5.2). */
  onRemoved: (account: Jid, item: RosterItem) => Maybe<void> = () => {};

  constructor(services: RosterRequestServices) {
    this.#services = services;
    services.iq.add("own", "get", rosterQuery, (request) => this.#get(request));
    services.iq.add("own", "set", rosterQuery, (request) => this.#set(request));
  }

  /** Tells all interested resources of a change (§2.1.6), and takes it back if it cannot be stored. */
  push(account: Jid, { change, committed }: RosterUpdate): void {
    if (change === undefined) return;
    this.#pushAll(account, change);
    committed
      .catch(() => this.#correct(account, change.jid))
      .catch(() => {
        // what cannot be read now, clients get with the next roster: its version is another one
      });
  }

  /** Pushes what the roster has of a contact after a change to it was lost. */
  async #correct(account: Jid, jid: Jid): Promise<void> {
    const roster = await this.#services.rosters.get(account);
    const item = roster.get(jid);
    this.#pushAll(account, {
      jid,
      item: item?.listed ? item : undefined,
      version: roster.version,
    });
  }

  #pushAll(account: Jid, change: RosterChange): void {
    for (const session of this.#services.sessions.of(account)) {
      if (session.get(interested)) this.#pushTo(session, change);
    }
  }

  #pushTo(session: Session, { jid, item, version }: RosterChange): void {
    const shown = item ? payloadOf(item) : { jid, subscription: "remove" as const, groups: [] };
    session.send(
      new Stanza({
        kind: "iq",
        type: "set",
        id: this.#services.random.id(),
        from: session.jid.bare,
        to: session.jid,
        children: [rosterQuery.write({ ver: version, items: [shown] })],
      }),
    );
  }

  /** §2.2; with a version, only what changed since is told, by pushes (§2.6.3). */
  #get({ query, account, session }: IqRequest<RosterQuery>): Maybe<Element | IqAnswer> {
    return after(this.#services.rosters.get(account), (roster) => {
      session?.set(interested, true);
      const changes = query.ver && session ? roster.changesSince(query.ver) : undefined;
      if (session === undefined || changes === undefined) return whole(roster, query);
      const afterwards = (): void => {
        for (const change of changes) this.#pushTo(session, change);
      };
      return { afterwards };
    });
  }

  #set({ query, account }: IqRequest<RosterQuery>): Maybe<IqAnswer> {
    const { jid, remove, ...wanted } = rosterSet(query);
    const contact = jid.bare;
    const { rosters } = this.#services;
    const done = remove
      ? rosters.remove(account, contact)
      : rosters.set(account, { jid: contact, ...wanted });
    return after(done, (update) => this.#changed(account, update, remove));
  }

  #changed(account: Jid, update: RosterUpdate, removed: boolean): Maybe<IqAnswer> {
    this.push(account, update);
    const ended = removed && update.previous ? this.onRemoved(account, update.previous) : undefined;
    return after(ended, () => ({ committed: update.committed }));
  }
}

/** The whole roster; a client that does not know of versions is not told one (§2.6.1). */
function whole(roster: Roster, { ver }: RosterQuery): Element {
  return rosterQuery.write({
    ver: ver === undefined ? undefined : roster.version,
    items: roster.items().map(payloadOf),
  });
}

function payloadOf({
  jid,
  name,
  groups,
  subscription,
  ask,
  approved,
}: RosterItem): RosterItemPayload {
  return { jid, name: name || undefined, groups, subscription, ask, approved };
}
