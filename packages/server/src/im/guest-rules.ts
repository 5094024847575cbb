import { type Stanza, StanzaError } from "@rookery/protocol";
import type { Guests } from "../accounts/guests.ts";
import type { Hooks } from "../hooks.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionTable } from "../sessions/table.ts";
import { iqFlow, messageFlow, presenceFlow, sessionBegan, sessionEnded } from "./contract.ts";

const OWNER = "guests";
const ROSTER = "jabber:iq:roster";
const SUBSCRIPTION: ReadonlySet<string> = new Set([
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
]);

/** What a host with guests says of them. */
export interface GuestRules {
  readonly guests: Guests;
  readonly sessions: SessionTable;
  readonly domain: string;
  /** Domains that guests reach beside this one and those below it. */
  readonly reach: readonly string[];
}

/**
 * Holds guests to what XEP-0175 §2 recommends: nobody on other domains, no contacts; when the
 * session ends, everything of theirs is removed.
 */
export function ruleGuests(hooks: Hooks, rules: GuestRules): void {
  const { guests, sessions } = rules;
  const check = ({ stanza, account, direction }: Flowing): void => {
    if (!guests.has(account.local)) return;
    if (direction === "sent") checkSent(stanza, rules);
    checkContacts(stanza);
  };
  hooks.add(messageFlow, "reject", OWNER, check);
  hooks.add(presenceFlow, "reject", OWNER, check);
  hooks.add(iqFlow, "reject", OWNER, check);
  hooks.add(sessionBegan, "", OWNER, ({ jid }: Session) => guests.bound(jid));
  hooks.add(sessionEnded, "", OWNER, ({ jid }: Session) => {
    if (sessions.of(jid).length === 0) guests.left(jid);
  });
}

interface Flowing {
  readonly stanza: Stanza;
  readonly account: { readonly local: string };
  readonly direction: "sent" | "received";
}

function checkSent({ to }: Stanza, { domain, reach }: GuestRules): void {
  if (to === undefined || to.domain === domain || to.domain.endsWith(`.${domain}`)) return;
  if (reach.includes(to.domain)) return;
  throw new StanzaError("not-allowed", `guests of ${domain} do not reach ${to.domain}`);
}

/** What would be kept with others, or outlast the session. */
function checkContacts(stanza: Stanza): void {
  const contacts =
    stanza.kind === "presence"
      ? SUBSCRIPTION.has(stanza.type)
      : stanza.kind === "iq" && stanza.type === "set" && stanza.has(ROSTER, "query");
  if (contacts) throw new StanzaError("not-allowed", "guests have no contacts");
}
