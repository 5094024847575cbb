import { type Jid, offlineItem, type Stanza, StanzaError } from "@rookery/protocol";
import type { KeptMessage } from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import { delayed } from "../offline/contract.ts";
import { nodeOf } from "./nodes.ts";

/** What is sent before it is waited for the client to take it. */
const CHUNK_BYTES = 65_536;
/**
 * As what a message that is shown is kept: it waits under its own id whatever becomes of this copy,
 * which nobody else is to get when the session ends.
 */
const SHOWN = "shown";

/**
 * Sends messages that wait to a client that asked for them (XEP-0013 §2.4), no faster than it
 * takes them. They wait on.
 * @throws StanzaError `recipient-unavailable` if the client has left.
 */
export async function sendMessages(
  session: Session,
  messages: readonly KeptMessage[],
  host: Jid,
): Promise<void> {
  await session.keptBack;
  let bytes = 0;
  for (const message of messages) {
    const stanza = shown(message, host);
    session.send(stanza, SHOWN);
    bytes += stanza.toXml().length;
    if (bytes < CHUNK_BYTES) continue;
    bytes = 0;
    await taken(session);
  }
  await taken(session);
}

async function taken(session: Session): Promise<void> {
  try {
    await session.flushed();
  } catch {
    throw new StanzaError("recipient-unavailable", "the messages could not be sent; ask again");
  }
  await session.keptBack;
}

/** With its node, which nobody else may give it, and the time it came at (XEP-0203). */
function shown(message: KeptMessage, host: Jid): Stanza {
  const stanza = delayed(message, host);
  const children = stanza.children.filter(
    (node) => typeof node === "string" || !node.is(offlineItem.ns, offlineItem.name),
  );
  return stanza.with({ children: [...children, offlineItem.write({ node: nodeOf(message) })] });
}
