import { archiveResult, Stanza, StanzaError } from "@rookery/protocol";
import type { Random } from "../../clock.ts";
import type { Session } from "../../sessions/session.ts";
import type { LogEntry } from "../../storage/api.ts";
import { streamStanza } from "../../storage/stanza-codec.ts";

/** What is sent before it is waited for the client to take it. */
const CHUNK_BYTES = 65_536;

/**
 * Sends messages of an archive to a session of its owner (XEP-0313 §4.2), no faster than its client
 * takes them.
 *
 * @param entries in the order they are to be sent in.
 * @throws StanzaError `recipient-unavailable` if the client has left.
 */
export async function sendResults(
  session: Session,
  entries: readonly LogEntry<string>[],
  { queryId, random }: { readonly queryId: string | undefined; readonly random: Random },
): Promise<void> {
  let bytes = 0;
  await session.keptBack;
  for (const { id, at, value } of entries) {
    if (bytes > CHUNK_BYTES) {
      await taken(session);
      bytes = 0;
    }
    const stanza = streamStanza(value).toElement();
    const result = archiveResult.write({
      queryId,
      id,
      forwarded: { stanza, delay: { stamp: at } },
    });
    const message = new Stanza({
      kind: "message",
      type: "normal",
      id: random.id(),
      from: session.jid.bare,
      to: session.jid,
      children: [result],
    });
    bytes += message.toXml().length;
    session.send(message);
  }
}

async function taken(session: Session): Promise<void> {
  try {
    await session.flushed();
  } catch {
    throw new StanzaError("recipient-unavailable", "the results could not be sent; ask again");
  }
  await session.keptBack;
}
