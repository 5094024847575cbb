/** What presence tells personal eventing: who is online, and interested in what. */
import type { Jid } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import { type PresenceEvent, presenceFlow } from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import { type InterestKeeper, learnInterest, sessionInterest } from "./caps/interest.ts";
import { giveLastItems, type Newcomer } from "./last-items.ts";
import { inBackground, type PepService } from "./service.ts";

/** Listens to the presence of accounts and their contacts. */
export function followPresence(pep: PepService): void {
  pep.host.on(presenceFlow, "record", (event) => {
    inBackground(pep.host, "last items were not sent", () =>
      event.session ? sent(pep, event, event.session) : received(pep, event),
    );
  });
}

/** A session says what it is interested in. What others have for it follows from its probes. */
function sent(pep: PepService, { stanza, account }: PresenceEvent, session: Session): Maybe<void> {
  if (stanza.type !== "available" || stanza.to !== undefined) return;
  const isInitial = !session.available;
  const claimant = { account, jid: session.jid };
  const keeper: InterestKeeper = {
    get: () => session.get(sessionInterest),
    set: (interest) => session.set(sessionInterest, interest),
  };
  const before = session.get(sessionInterest);
  const learnt = learnInterest(pep.capabilities, stanza, { claimant, keeper });
  // what it says again changes nothing (XEP-0163 §4.3.3)
  if (!isInitial && session.get(sessionInterest).key === before.key) return;
  // its own presence comes first
  return Promise.resolve(learnt).then(() => {
    const { nodes } = session.get(sessionInterest);
    const isNew = (node: string): boolean => isInitial || !before.nodes.has(node);
    const interests = new Set([...nodes].filter(isNew));
    return giveLastItems(pep, account, newcomer(pep, session, interests));
  });
}

function received(pep: PepService, { stanza, account }: PresenceEvent): Maybe<void> {
  const { from, type } = stanza;
  if (from.bare.equals(account)) return;
  switch (type) {
    case "probe":
      return probed(pep, account, from);
    case "subscribed":
      return permitted(pep, account, from);
    case "available":
      return pep.host.sessions.get(from) ? undefined : contactCame(pep, { stanza, account });
    case "unavailable":
      return pep.remote.remove(account, from);
    default:
      return;
  }
}

/** A session of this server became available, and asks for the presence of the account. */
function probed(pep: PepService, account: Jid, from: Jid): Maybe<void> {
  const session = pep.host.sessions.get(from);
  return session && giveAll(pep, account, session);
}

/** The account may see the presence of another one of this host now: its items too. */
function permitted(pep: PepService, account: Jid, other: Jid): Maybe<void> {
  if (other.domain !== pep.host.domain.domain) return;
  const online = pep.host.sessions.of(account).filter((session) => session.available);
  const given = online.map((session) => giveAll(pep, other.bare, session));
  return Promise.all(given).then(() => {});
}

function giveAll(pep: PepService, account: Jid, session: Session): Promise<void> {
  return Promise.resolve(session.get(sessionInterest).known).then(() =>
    giveLastItems(pep, account, newcomer(pep, session, session.get(sessionInterest).nodes)),
  );
}

function newcomer(pep: PepService, session: Session, interests: ReadonlySet<string>): Newcomer {
  const isPresent = (): boolean => pep.host.sessions.get(session.jid) === session;
  return { jid: session.jid, interests, isPresent };
}

/** A contact on another server is online, or says something new. */
function contactCame(
  pep: PepService,
  { stanza, account }: Pick<PresenceEvent, "stanza" | "account">,
): Maybe<void> {
  const { from } = stanza;
  return after(pep.host.maySeePresence(account, from), (sees) => {
    if (!sees) return;
    const isInitial = !pep.remote.has(account, from);
    const keeper = pep.remote.add(account, from);
    const claimant = { account, jid: from };
    return after(learnInterest(pep.capabilities, stanza, { claimant, keeper }), () => {
      if (!isInitial) return;
      const interests = pep.remote.interestOf(account, from).nodes;
      const isPresent = (): boolean => pep.remote.has(account, from);
      return giveLastItems(pep, account, { jid: from, interests, isPresent });
    });
  });
}
