/** Message Displayed Synchronization, with the server's assistance: XEP-0490 (1.0.1). */
import { displayedUpTo, type Jid, MDS_NS, MDS_SERVER_ASSIST, type Stanza } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { defineModule, type Host, type Module, type NoOptions } from "../../host.ts";
import { type MessageEvent, messageFlow } from "../../im/contract.ts";
import { type ConfigChange, type Pep, pep } from "../pep/contract.ts";

/** Who has read what is nobody else's business (XEP-0490 §7). */
const PRIVATE: ConfigChange = { accessModel: "whitelist" };
/** What the node is like if it is made here, as clients make it (XEP-0490 §4.2). */
const INITIAL: ConfigChange = { persistItems: true, maxItems: "max", sendLast: "never" };

export const displayedSyncModule: Module<NoOptions, void> = defineModule({
  name: "displayed-sync",
  implements: [{ xep: 490, version: "1.0.1", status: "complete" }],
  requires: [pep],

  setup(host) {
    const nodes = host.use(pep);
    host.feature("account", MDS_SERVER_ASSIST);
    // before it is archived, copied and delivered (XEP-0490 §5.2)
    host.on(messageFlow, "rewrite", (event) => assist(host, nodes, event));
  },
});

/** Publishes up to where a chat was displayed, and takes that out of the message (XEP-0490 §4.5). */
function assist(host: Host, nodes: Pep, event: MessageEvent): Stanza | undefined {
  const { stanza, account, direction } = event;
  if (direction !== "sent") return undefined;
  const displayed = stanza.child(MDS_NS, displayedUpTo.name);
  if (displayed === undefined) return undefined;
  const { to } = stanza;
  if (to !== undefined && stanza.type !== "error") publish(host, nodes, { account, to, displayed });
  const isOther = (node: Element | string): boolean =>
    typeof node === "string" || !node.is(MDS_NS, displayedUpTo.name);
  return stanza.with({ children: stanza.children.filter(isOther) });
}

interface Displayed {
  readonly account: Jid;
  /** The chat. */
  readonly to: Jid;
  readonly displayed: Element;
}

/** In the background: the message goes on, whatever becomes of it. */
function publish(host: Host, nodes: Pep, { account, to, displayed }: Displayed): void {
  const publication = async (): Promise<void> => {
    const payload = displayedUpTo.write(displayedUpTo.read(displayed));
    const id = to.toString();
    const node = { account, node: MDS_NS, conditions: PRIVATE, initial: INITIAL };
    await nodes.publish({ ...node, id, payload });
  };
  publication().catch((error: unknown) => {
    host.log.info("what was displayed was not published", { account: account.toString(), error });
  });
}
