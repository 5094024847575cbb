import { carbonReceived, carbonSent, type Jid, Stanza } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { type MessageEvent, messageHanded } from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import { flag, type Slot } from "../../sessions/slot.ts";
import { answersCopied, remember } from "./answerable.ts";
import { isEligible } from "./eligible.ts";

/** The client wants copies. */
export const wantsCopies: Slot<boolean> = flag("carbons/enabled");

/** Sends the copies of a message, to those clients of the account that want them and do not get it anyway. */
export function copy(host: Host, event: MessageEvent): void {
  const wanting = host.sessions.of(event.account).filter((session) => session.get(wantsCopies));
  if (wanting.length === 0) return;
  if (event.direction === "sent") copySent(event, wanting);
  else copyReceived(host, event, wanting);
}

/** XEP-0280 §8. */
function copySent({ stanza, account, session }: MessageEvent, wanting: readonly Session[]): void {
  const { to } = stanza;
  if (session === undefined || to === undefined) return;
  // what goes to the account itself is copied as received, once
  if (to.bare.equals(account)) return;
  const others = wanting.filter((other) => other !== session);
  if (others.length === 0) return;
  if (stanza.type === "error") {
    if (!answersCopied(session, stanza, to)) return;
  } else {
    if (!isEligible(stanza, "sent")) return;
    remember(session, stanza, to);
  }
  send(carbonSent, stanza, account, others);
}

/** XEP-0280 §7. What nobody takes and nobody keeps goes back to its sender, and is copied to nobody. */
function copyReceived(
  host: Host,
  { stanza, account, targets, keeping: { kept } }: MessageEvent,
  wanting: readonly Session[],
): void {
  const takers = targets();
  if (takers.length === 0 && kept === undefined) return;
  const { from } = stanza;
  const others = wanting.filter(
    (other) => !takers.includes(other) && !other.jid.equals(from), // it sent it itself
  );
  if (others.length === 0) return;
  if (stanza.type === "error") {
    if (!takers.some((taker) => answersCopied(taker, stanza, from))) return;
  } else {
    if (!isEligible(stanza, "received")) return;
    for (const taker of takers) remember(taker, stanza, from);
  }
  if (kept) host.emit(messageHanded, { account, kept, sessions: others });
  send(carbonReceived, stanza, account, others, kept?.id);
}

/** One serialization serves all: the copies share their payload. */
function send(
  kind: typeof carbonSent,
  message: Stanza,
  account: Jid,
  sessions: readonly Session[],
  kept?: string,
): void {
  const children = [kind.write({ stanza: message.toElement() })];
  const carbon = new Stanza({ kind: "message", type: message.type, from: account, children });
  for (const session of sessions) session.send(carbon.with({ to: session.jid }), kept);
}
