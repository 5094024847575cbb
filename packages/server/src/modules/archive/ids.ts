import { hash } from "node:crypto";
import { originId, type Stanza } from "@rookery/protocol";
import type { Node } from "@rookery/xml";
import type { Random } from "../../clock.ts";
import type { Session } from "../../sessions/session.ts";
import { type Slot, slot } from "../../sessions/slot.ts";

/** An id in archives, and where it comes from (see `LogEntry.series`). */
export interface ArchiveId {
  readonly id: string;
  readonly series: number | undefined;
}

/** What the ids of a lineage have in common. */
interface Origin {
  /** They begin alike, so that an index has the newest of them side by side. */
  readonly prefix: string;
  /** Undefined if ids of this lineage may be known from another session. */
  readonly series: number | undefined;
}

const origin: Slot<Origin | undefined> = slot<Origin | undefined>("archive/origin", undefined);

/** Hexadecimal digits, which take half the time of base64: of the lineage, and of what was said in it. */
const PREFIX = 12;
const REST = 20;

/**
 * The id of a message in the archives (XEP-0359 §3.1). That of a message which its client can name
 * follows from what the client does and says: sent again after a loss, it gets the same id.
 */
export function archiveId(message: Stanza, session: Session, random: Random): ArchiveId {
  const { id, type, to, children } = message;
  const { lineage } = session;
  const named = id !== undefined || message.has(originId.ns, originId.name);
  if (!named || lineage === "") return { id: random.id(), series: 0 };
  const { prefix, series } = session.get(origin) ?? originOf(session);
  // without its sender's address: the client may come back as another resource
  const said = `${lineage} ${type} ${id} ${to}${textOf(children)}`;
  return { id: prefix + hash("sha256", said, "hex").slice(0, REST), series };
}

function originOf(session: Session): Origin {
  const { lineage, continues, number } = session;
  const made: Origin = {
    prefix: hash("sha256", lineage, "hex").slice(0, PREFIX),
    series: continues ? undefined : number,
  };
  session.set(origin, made);
  return made;
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
