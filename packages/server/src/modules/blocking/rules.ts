/**
 * What becomes of the stanzas between an account and those it blocks: XEP-0191 (1.3) §3.3. Those of
 * an account's own resources and of its own server are never blocked (§5).
 */
import { blockedCondition, type Jid, type Stanza, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { Direction, PresenceEvent } from "../../im/contract.ts";
import { notOffered } from "../../iq.ts";
import type { BlockLists } from "./block-lists.ts";

/** A stanza on its way out of an account, or to it. */
interface Passing {
  readonly stanza: Stanza;
  readonly account: Jid;
  readonly direction: Direction;
}

type Outcome = Maybe<"handled" | undefined>;

/** True if an account blocks an address, or what the address is below. */
export function isBlocked(host: Host, lists: BlockLists, account: Jid, other: Jid): Maybe<boolean> {
  if (other.bare.equals(account) || other.equals(host.domain)) return false;
  return after(lists.get(account), (list) => list.covers(other));
}

/** For stanzas of any kind. @throws StanzaError */
export function stanzaRule(host: Host, lists: BlockLists): (event: Passing) => Outcome {
  return (event) => {
    const { stanza, account, direction } = event;
    const other = direction === "sent" ? stanza.to : stanza.from;
    if (other === undefined) return undefined;
    return after(isBlocked(host, lists, account, other), (blocked) => {
      if (!blocked) return undefined;
      return direction === "sent" ? refuse(host, stanza) : reject(stanza);
    });
  };
}

/** For presence, which is also broadcast. @throws StanzaError */
export function presenceRule(host: Host, lists: BlockLists): (event: PresenceEvent) => Outcome {
  const rule = stanzaRule(host, lists);
  return (event) => {
    const { stanza, account, direction } = event;
    if (direction === "sent") {
      // a broadcast waits for the list, so that what goes to each contact need not
      return stanza.to ? rule(event) : after(lists.get(account), () => undefined);
    }
    // nobody gets it: no need to read the lists of all contacts who are offline
    const shows = stanza.type === "available" || stanza.type === "unavailable";
    if (shows && host.sessions.of(account).length === 0) return undefined;
    return rule(event);
  };
}

/** From the account: it is told, unless its stanza is an answer itself. */
function refuse(host: Host, stanza: Stanza): "handled" {
  const error = new StanzaError(
    "not-acceptable",
    `you have blocked ${stanza.to}; unblock it to send something there`,
    { type: "cancel", specific: blockedCondition },
  );
  const answer = stanza.error(error);
  // not by way of the router: it bears the address of who is blocked
  if (answer) host.sessions.get(stanza.from)?.send(answer);
  return "handled";
}

/** To the account: in the words for one who is offline, or for what is not offered. */
function reject(stanza: Stanza): "handled" {
  const { kind, type, to } = stanza;
  switch (kind) {
    case "presence":
      return "handled";
    case "iq":
      if (!stanza.isRequest) return "handled";
      throw notOffered(stanza);
    case "message":
      // an error makes a room believe that its occupant is gone; nobody waits for one to a headline
      if (type === "groupchat" || type === "headline") return "handled";
      throw new StanzaError("service-unavailable", `${to} takes no such message now`);
  }
}
