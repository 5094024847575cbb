import { hash } from "node:crypto";
import { originId, type Stanza } from "@rookery/protocol";
import type { Random } from "../../clock.ts";
import type { Session } from "../../sessions/session.ts";

/** 128 bits in hexadecimal, which takes half the time of base64. */
const LENGTH = 32;

/**
 * The id of a message in the archives (XEP-0359 §3.1). That of a message which its client can name
 * follows from what the client does and says: sent again after a loss, it gets the same id.
 */
export function archiveId(message: Stanza, session: Session, random: Random): string {
  const { id, type, to } = message;
  const named = id !== undefined || message.has(originId.ns, originId.name);
  if (!named || session.lineage === "") return random.id();
  // without its sender's address: the client may come back as another resource
  const xml = message.toXml();
  const said = `${session.lineage} ${type} ${id} ${to} ${xml.slice(xml.indexOf(">"))}`;
  return hash("sha256", said, "hex").slice(0, LENGTH);
}
