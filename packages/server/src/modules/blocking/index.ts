/** Blocking Command: XEP-0191 (1.3). */
import { BLOCKING_NS, blockCommand, blockList, unblockCommand } from "@rookery/protocol";
import { after } from "@rookery/stream";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import {
  accountRemoved,
  contactBlocked,
  iqFlow,
  messageFlow,
  presenceFlow,
  sessionBegan,
  sessionEnded,
} from "../../im/contract.ts";
import { BlockLists } from "./block-lists.ts";
import { Commands } from "./commands.ts";
import type { Blocking } from "./contract.ts";
import { isBlocked, presenceRule, stanzaRule } from "./rules.ts";

export const blockingModule: Module<NoOptions, Blocking> = defineModule({
  name: "blocking",
  implements: [{ xep: 191, version: "1.3", status: "complete" }],

  async setup(host) {
    const lists = await BlockLists.open(host);
    const commands = new Commands(host, lists);
    const passing = stanzaRule(host, lists);

    host.feature("host", BLOCKING_NS);
    host.iq("own", "get", blockList, (request) => commands.list(request));
    host.iq("own", "set", blockCommand, (request) => commands.block(request));
    host.iq("own", "set", unblockCommand, (request) => commands.unblock(request));

    host.on(messageFlow, "reject", passing);
    host.on(iqFlow, "reject", passing);
    host.on(presenceFlow, "reject", presenceRule(host, lists));
    host.on(contactBlocked, "answer", ({ account, other }) =>
      after(isBlocked(host, lists, account, other), (blocked) => blocked || undefined),
    );

    host.on(sessionBegan, ({ jid }) => lists.pin(jid.bare));
    host.on(sessionEnded, ({ jid }) => {
      if (host.sessions.of(jid).length === 0) lists.unpin(jid.bare);
    });
    host.on(accountRemoved, (account) => lists.forget(account));
    return {
      items: (account) => after(lists.get(account), ({ items }) => items),
      isBlocked: (account, other) => isBlocked(host, lists, account, other),
    };
  },
});
