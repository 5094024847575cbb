/**
 * Messages reach a client of their account, whatever happens in between: XEP-0160 (1.0.1), with
 * the time they came at by XEP-0203 (2.0). What the archive keeps is handed over from there, what
 * it does not keep waits in a spool.
 */
import { MAM_NS, STANZA_ID_NS } from "@rookery/protocol";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import {
  accountRemoved,
  iqFlow,
  messageFlow,
  messageHanded,
  messagesLeft,
  messagesTaken,
  sessionEnded,
  sessionResumed,
  sessionTakesMessages,
} from "../../im/contract.ts";
import type { OfflineMessages } from "./contract.ts";
import { HandOver, positions } from "./hand-over.ts";
import { Spool } from "./spool.ts";

export const offlineModule: Module<NoOptions, OfflineMessages> = defineModule({
  name: "offline",
  implements: [
    { xep: 160, version: "1.0.1", status: "complete" },
    { xep: 203, version: "2.0", status: "complete" },
  ],

  async setup(host) {
    const handOver = new HandOver(host, await Spool.open(host), await host.mapStore(positions));
    host.feature("host", "msgoffline", STANZA_ID_NS);
    host.on(messageFlow, "keep", (event) => handOver.keep(event));
    host.on(messageHanded, (handed) => handOver.handed(handed));
    host.on(messagesTaken, ({ session, ids }) => handOver.taken(session, ids));
    host.on(messagesLeft, ({ session, ids }) => handOver.left(session, ids));
    host.on(sessionTakesMessages, (session) => handOver.takesMessages(session));
    host.on(sessionResumed, (session) => handOver.resumed(session));
    host.on(sessionEnded, (session) => handOver.ended(session));
    host.on(iqFlow, "reject", ({ stanza, direction }) => {
      if (direction === "received" || !stanza.has(MAM_NS, "query")) return;
      const session = host.sessions.get(stanza.from);
      if (session) handOver.asksArchive(session);
    });
    host.on(accountRemoved, (account) => handOver.removed(account));
    host.signal.addEventListener("abort", () => handOver.saveAll());
    return handOver.messages;
  },
});
