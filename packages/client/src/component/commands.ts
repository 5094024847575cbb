/** Ad-hoc commands of a component: XEP-0050 (1.3.1). */
import {
  AdHocCommands,
  COMMANDS_NS,
  type CommandRequester,
  command,
  dataForm,
  type Jid,
  StanzaError,
} from "@rookery/protocol";
import type { Clock } from "../clock.ts";
import type { Entity } from "../entity.ts";
import type { Disco, DiscoAnswer, DiscoQuery } from "./disco.ts";

/** Serves commands at the address of an entity and tells service discovery of them. */
export function serveCommands(entity: Entity, disco: Disco, clock: Clock): AdHocCommands {
  const commands = new AdHocCommands({ now: () => clock.now(), newId: () => entity.newId() });
  disco.feature(COMMANDS_NS, dataForm.ns);
  disco.hook((query) => describe(commands, entity.jid, query));
  entity.iq("set", command, async ({ query, iq }) => {
    if (!entity.jid.equals(iq.to)) throw new StanzaError("item-not-found");
    return command.write(await commands.execute(query, requester(iq.from, iq.lang)));
  });
  return commands;
}

async function describe(
  commands: AdHocCommands,
  own: Jid,
  { from, to, node }: DiscoQuery,
): Promise<DiscoAnswer | undefined> {
  if (node === undefined || !to.equals(own)) return undefined;
  const info = await commands.info(node, requester(from));
  if (info === undefined || node !== COMMANDS_NS) return info;
  return { ...info, items: (await commands.list(own, requester(from))).items };
}

function requester(from: Jid, lang?: string): CommandRequester<void> {
  return { requester: from, lang, context: undefined };
}
