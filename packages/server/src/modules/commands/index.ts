/** Ad-Hoc Commands: XEP-0050 (1.3.1). What commands there are, other modules decide. */
import {
  AdHocCommands,
  COMMANDS_NS,
  type Command,
  command,
  type DiscoItem,
  type Jid,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { defineModule, type Host, type Module, type NoOptions } from "../../host.ts";
import type { IqRequest } from "../../iq.ts";
import { type DiscoNode, type DiscoQuery, discoNode, discoNodeItems } from "../disco/contract.ts";
import type { CommandContext, Commands, CommandTarget, Requester } from "./contract.ts";

export const commandsModule: Module<NoOptions, Commands> = defineModule({
  name: "commands",
  implements: [{ xep: 50, version: "1.3.1", status: "complete" }],

  setup(host) {
    const responders = {
      host: new Responder(host, "host"),
      account: new Responder(host, "account"),
    } as const;
    host.iq("host", "set", command, (request) => responders.host.execute(request));
    host.iq("own", "set", command, (request) => responders.account.execute(request));
    host.on(discoNode, "answer", (query) => responders[query.target].info(query));
    host.on(discoNodeItems, "answer", (query) => responders[query.target].items(query));
    return { add: (target, added) => responders[target].commands.add(added) };
  },
});

/** The commands of the domain, or those that each account has for its owner. */
class Responder {
  readonly commands: AdHocCommands<CommandContext>;
  readonly #host: Host;
  readonly #target: CommandTarget;

  constructor(host: Host, target: CommandTarget) {
    const { limits, clock, random } = host;
    this.#host = host;
    this.#target = target;
    this.commands = new AdHocCommands({
      limits: {
        sessions: limits.commandSessions,
        sessionsPerRequester: limits.commandSessionsPerUser,
        idleMs: limits.commandIdleSeconds * 1000,
      },
      now: () => clock.now(),
      newId: () => random.id(),
    });
  }

  async execute({ query, iq, account }: IqRequest<Command>): Promise<Element> {
    return command.write(
      await this.commands.execute(query, this.#requester(iq.from, account, iq.lang)),
    );
  }

  /** §2.2: what a node is. @throws StanzaError `forbidden` for a command that is not for the asker. */
  info(query: DiscoQuery): Promise<DiscoNode | undefined> | undefined {
    const { node } = query;
    if (node === undefined || !this.#concerns(query)) return undefined;
    return this.commands.info(node, this.#requester(query.from, query.entity, undefined));
  }

  /** §2.2: the list of commands; a command itself has no items. */
  items(query: DiscoQuery): Promise<readonly DiscoItem[] | undefined> | undefined {
    if (!this.#concerns(query)) return undefined;
    return query.node === COMMANDS_NS ? this.#list(query) : this.#nothingBelow(query);
  }

  async #list({ from, entity }: DiscoQuery): Promise<readonly DiscoItem[]> {
    return (await this.commands.list(entity, this.#requester(from, entity, undefined))).items;
  }

  async #nothingBelow(query: DiscoQuery): Promise<readonly DiscoItem[] | undefined> {
    return (await this.info(query)) && [];
  }

  /** Of an account's commands, others than its owner learn nothing. */
  #concerns({ from, entity }: DiscoQuery): boolean {
    if (this.commands.isEmpty) return false;
    return this.#target === "host" || from.bare.equals(entity);
  }

  #requester(requester: Jid, account: Jid, lang: string | undefined): Requester {
    const session = this.#host.sessions.get(requester);
    const isAdmin = this.#host.isAdmin(requester);
    const isGuest = session !== undefined && (this.#host.accounts.isGuest?.(requester) ?? false);
    return { requester, lang, context: { session, account, isAdmin, isGuest } };
  }
}
