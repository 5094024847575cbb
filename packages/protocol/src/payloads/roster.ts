/** The roster: RFC 6121 §2. */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { readBoolean, requiredAttr } from "../reading.ts";

const ROSTER_NS = "jabber:iq:roster";

/** RFC 6121 §2.1.2.5; `remove` is an order to delete the item, not a state. */
export type Subscription = "none" | "to" | "from" | "both" | "remove";

/** A contact (RFC 6121 §2.1.2). */
export interface RosterItem {
  readonly jid: Jid;
  /** The handle the user gave the contact; an empty one is none. */
  readonly name?: string | undefined;
  readonly subscription?: Subscription | undefined;
  /** The user asked to subscribe to the contact, who has not answered (RFC 6121 §2.1.2.2). */
  readonly ask?: boolean | undefined;
  /** The contact may subscribe without asking (RFC 6121 §2.1.2.1, §3.4). */
  readonly approved?: boolean | undefined;
  readonly groups: readonly string[];
}

/** A `<query/>` of the roster: a request, an answer, a set or a push. */
export interface RosterQuery {
  /**
   * The version (RFC 6121 §2.6): in a request the one that the client has, empty if it has none;
   * absent if it does not want to hear of versions.
   */
  readonly ver?: string | undefined;
  readonly items: readonly RosterItem[];
}

/**
 * The `<query/>` of a roster. Values of `subscription` and `ask` that RFC 6121 does not have are read
 * as absent, since a server is to ignore what clients put there (§2.1.2).
 *
 * @throws StanzaError `bad-request` for an item without a JID, `jid-malformed` for one with a bad JID.
 */
export const rosterQuery: Codec<RosterQuery> = codec<RosterQuery>({
  ns: ROSTER_NS,
  name: "query",
  read: (query) => ({
    ver: query.attr("ver"),
    items: query.elements(ROSTER_NS, "item").map(readItem),
  }),
  write: ({ ver, items }) => el(ROSTER_NS, "query", { ver }, ...items.map(writeItem)),
});

/** What a roster set asks of the server: to keep the item as it is given, or to delete it. */
export interface RosterSet {
  readonly jid: Jid;
  readonly remove: boolean;
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

/**
 * Checks a roster set (RFC 6121 §2.1.5, §2.3.3) and leaves of its item what a client may decide:
 * subscription states and approvals are the server's. How long and how many names and groups may be
 * is the server's to decide as well, and not checked here.
 *
 * @throws StanzaError `bad-request` unless there is exactly one item and its groups are distinct;
 * `not-acceptable` for a group without a name.
 */
export function rosterSet(query: RosterQuery): RosterSet {
  const [item, ...others] = query.items;
  if (item === undefined || others.length > 0) {
    throw new StanzaError("bad-request", `a roster set has one item, not ${query.items.length}`);
  }
  const { jid, name, groups } = item;
  const remove = item.subscription === "remove";
  if (!remove) checkGroups(groups);
  return { jid, remove, name, groups };
}

function checkGroups(groups: readonly string[]): void {
  if (new Set(groups).size !== groups.length) {
    throw new StanzaError("bad-request", "a contact is in the same group twice");
  }
  if (groups.includes("")) {
    throw new StanzaError(
      "not-acceptable",
      "a group has no name; leave the group out to be in none",
    );
  }
}

function readItem(item: Element): RosterItem {
  return {
    jid: Jid.parse(requiredAttr(item, "jid")),
    name: item.attr("name") || undefined,
    subscription: readSubscription(item.attr("subscription")),
    ask: item.attr("ask") === "subscribe",
    approved: readBoolean(item.attr("approved")) ?? false,
    groups: item.elements(ROSTER_NS, "group").map((group) => group.text),
  };
}

function writeItem({ jid, name, subscription, ask, approved, groups }: RosterItem): Element {
  return el(
    ROSTER_NS,
    "item",
    {
      jid: jid.toString(),
      name,
      subscription,
      ask: ask ? "subscribe" : undefined,
      approved: approved ? "true" : undefined,
    },
    ...groups.map((group) => el(ROSTER_NS, "group", {}, group)),
  );
}

function readSubscription(text: string | undefined): Subscription | undefined {
  switch (text) {
    case "none":
    case "to":
    case "from":
    case "both":
    case "remove":
      return text;
    default:
      return undefined;
  }
}
