import { CSI_NS, csiActive, csiFeature, csiInactive, quoted, StreamError } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Session } from "../../sessions/session.ts";
import type { BindInline, StreamFeature } from "../../streams/feature.ts";
import type { InactiveClients } from "./clients.ts";

/** XEP-0352 §4: what a client says of itself; nothing answers it. */
export function stateFeature(clients: InactiveClients): StreamFeature {
  return {
    name: "csi",
    ns: CSI_NS,
    offer: ({ user }) => (user === undefined ? undefined : csiFeature.write({})),
    negotiate({ session }, element) {
      if (session === undefined) {
        const title = `<${element.name}/> of ${quoted(CSI_NS)}`;
        throw new StreamError("not-authorized", `${title} came before a resource was bound`);
      }
      if (told(clients, session, element)) return;
      throw new StreamError(
        "unsupported-stanza-type",
        `${quoted(element.name)} is no state of a client; say "active" or "inactive"`,
      );
    },
  };
}

/** The state in which a session begins (XEP-0386 §3.2). */
export function stateWithBinding(clients: InactiveClients): BindInline {
  return {
    ns: CSI_NS,
    ask: (session, element) => void told(clients, session, element),
  };
}

function told(clients: InactiveClients, session: Session, { name }: Element): boolean {
  if (name === csiInactive.name) clients.inactive(session);
  else if (name === csiActive.name) clients.active(session);
  else return false;
  return true;
}
