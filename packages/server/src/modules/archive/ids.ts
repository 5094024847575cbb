import { hash } from "node:crypto";
import { originId, type Stanza } from "@rookery/protocol";
import type { Node } from "@rookery/xml";
import type { Random } from "../../clock.ts";
import type { Session } from "../../sessions/session.ts";

/** 128 bits in hexadecimal, which takes half the time of base64. */
const LENGTH = 32;

/**
 * The id of a message in the archives (XEP-0359 §3.1). That of a message which its client can name
 * follows from what the client does and says: sent again after a loss, it gets the same id.
 */
export function archiveId(message: Stanza, session: Session, random: Random): string {
  const { id, type, to, children } = message;
  const named = id !== undefined || message.has(originId.ns, originId.name);
  if (!named || session.lineage === "") return random.id();
  // without its sender's address: the client may come back as another resource
  const said = `${session.lineage} ${type} ${id} ${to}${textOf(children)}`;
  return hash("sha256", said, "hex").slice(0, LENGTH);
}

/**
 * A text that only the same children have. It is no XML, which takes several times as long to write:
 * what separates its parts is in no XML text (XML 1.0 §2.2).
 */
function textOf(children: readonly Node[]): string {
  let text = "";
  const todo: Node[] = [...children];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (typeof node === "string") {
      text += `\u0001${node}`;
      continue;
    }
    text += `\u0002${node.name}\u0003${node.ns}\u0003${node.children.length}`;
    for (const part of node.attrs) text += `\u0003${part}`;
    for (const child of node.children) todo.push(child);
  }
  return text;
}
