/** What answers the requests for ad-hoc commands: XEP-0050 (1.3.1). */
import { StanzaError } from "../errors.ts";
import type { FieldDefinitions, FormValues } from "../form-definition.ts";
import { dataForm } from "../forms.ts";
import type { Jid } from "../jid.ts";
import {
  COMMANDS_NS,
  type Command,
  type CommandActions,
  commandError,
  type StageAction,
} from "../payloads/command.ts";
import type { DiscoInfo } from "../payloads/disco-info.ts";
import type { DiscoItems } from "../payloads/disco-items.ts";
import { quoted } from "../reading.ts";
import type {
  AdHocCommand,
  CommandRequester,
  CommandResult,
  CommandRun,
} from "./define-command.ts";
import {
  COMMAND_SESSION_LIMITS,
  type CommandSession,
  type CommandSessionLimits,
  CommandSessions,
} from "./sessions.ts";

export interface AdHocCommandsOptions {
  /** {@link COMMAND_SESSION_LIMITS} if left out. */
  readonly limits?: CommandSessionLimits;
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  /** A new identifier that nobody can guess. */
  readonly newId: () => string;
}

/**
 * The commands of one responder, and the sessions in which they are executed.
 *
 * Pure: it sends nothing and has no timers. Whoever serves commands answers IQs of type `set` that
 * carry a {@link Command} with what {@link AdHocCommands.execute} gives, and service discovery with
 * `list` and `info`.
 */
export class AdHocCommands<C = void> {
  readonly #commands: Map<string, AdHocCommand<C>> = new Map();
  readonly #sessions: CommandSessions<C>;

  constructor({ limits = COMMAND_SESSION_LIMITS, now, newId }: AdHocCommandsOptions) {
    this.#sessions = new CommandSessions(limits, now, newId);
  }

  /** @returns a function that removes it. @throws Error if there is one of its node already. */
  add(command: AdHocCommand<C>): () => void {
    const { node } = command;
    if (this.#commands.has(node)) throw new Error(`there is a command "${node}" already`);
    this.#commands.set(node, command);
    return () => {
      if (this.#commands.get(node) !== command) return;
      this.#commands.delete(node);
      this.#sessions.endAll(command);
    };
  }

  /** There is no command. */
  get isEmpty(): boolean {
    return this.#commands.size === 0;
  }

  /** How many sessions are open. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /**
   * The items of the node {@link COMMANDS_NS} (XEP-0050 §2.2): what the requester may execute.
   * @param responder the JID at which the commands are.
   */
  async list(responder: Jid, requester: CommandRequester<C>): Promise<DiscoItems> {
    const items = [];
    for (const command of this.#commands.values()) {
      const { node, name } = command;
      if (await isAllowed(command, requester)) items.push({ jid: responder, node, name });
    }
    return { node: COMMANDS_NS, items };
  }

  /**
   * What the list of commands or a command is (XEP-0050 §2.2), or undefined for another node.
   * @throws StanzaError `forbidden` if the requester may not execute it.
   */
  async info(node: string, requester: CommandRequester<C>): Promise<DiscoInfo | undefined> {
    const category = "automation";
    if (node === COMMANDS_NS) {
      return { node, identities: [{ category, type: "command-list" }], features: [], forms: [] };
    }
    const command = this.#commands.get(node);
    if (command === undefined) return undefined;
    await checkAllowed(command, requester);
    const identities = [{ category, type: "command-node", name: command.name }];
    return { node, identities, features: [COMMANDS_NS, dataForm.ns], forms: [] };
  }

  /**
   * Does what a request says and gives the answer (XEP-0050 §2.4).
   *
   * @throws StanzaError with the conditions of §5.4; what a command throws, which ends its session
   * unless it is a StanzaError.
   */
  async execute(request: Command, requester: CommandRequester<C>): Promise<Command> {
    const command = this.#commands.get(request.node);
    if (command === undefined) {
      throw new StanzaError("item-not-found", `there is no command ${quoted(request.node)}`);
    }
    await checkAllowed(command, requester);
    if (request.sessionId === undefined) return this.#begin(command, request, requester);
    const session = this.#sessions.find(request.sessionId, request.node, requester.requester);
    if (session.busy) {
      throw new StanzaError("unexpected-request", "this session is busy with another request");
    }
    session.busy = true;
    try {
      return await this.#continue(session, request, requester);
    } catch (error) {
      if (!(error instanceof StanzaError)) this.#sessions.end(session);
      throw error;
    } finally {
      session.busy = false;
    }
  }

  async #begin(
    command: AdHocCommand<C>,
    { action = "execute", lang }: Command,
    requester: CommandRequester<C>,
  ): Promise<Command> {
    if (action !== "execute") {
      throw commandError("bad-action", `a command begins with "execute", not with "${action}"`);
    }
    const session = this.#sessions.begin(command, requester.requester, requester.lang ?? lang);
    try {
      if (command.stages.length === 0) return await this.#run(session, requester);
      return await show(session, requester);
    } catch (error) {
      // nobody was told of this session
      this.#sessions.end(session);
      throw error;
    }
  }

  async #continue(
    session: CommandSession<C>,
    request: Command,
    requester: CommandRequester<C>,
  ): Promise<Command> {
    if (request.action === "cancel") {
      this.#sessions.end(session);
      return answer(session, { status: "canceled" });
    }
    const { execute, allowed } = actionsAt(session);
    const action =
      request.action === undefined || request.action === "execute" ? execute : request.action;
    const known = allowed.find((one) => one === action);
    if (known === undefined) {
      throw commandError("bad-action", `this stage allows ${allowed.join(", ")}, not "${action}"`);
    }
    if (known === "prev") return this.#move(session, requester, -1);
    take(session, request);
    return known === "next" ? this.#move(session, requester, 1) : this.#run(session, requester);
  }

  /** Shows another stage; if that fails, the session stays where it is. */
  async #move(
    session: CommandSession<C>,
    requester: CommandRequester<C>,
    by: 1 | -1,
  ): Promise<Command> {
    session.stage += by;
    try {
      return await show(session, requester);
    } catch (error) {
      session.stage -= by;
      throw error;
    }
  }

  async #run(session: CommandSession<C>, requester: CommandRequester<C>): Promise<Command> {
    const result = (await session.command.run(runOf(session, requester))) ?? {};
    this.#sessions.end(session);
    return answer(session, { status: "completed", ...contents(result) });
  }
}

/** The last stage completes; the first has nothing before it. */
function actionsAt({
  stage,
  command,
}: CommandSession<never>): CommandActions & { execute: StageAction } {
  const execute = stage === command.stages.length - 1 ? "complete" : "next";
  return { execute, allowed: stage > 0 ? ["prev", execute] : [execute] };
}

/** The form of the stage, filled in with what was submitted before or what the command knows. */
async function show<C>(
  session: CommandSession<C>,
  requester: CommandRequester<C>,
): Promise<Command> {
  const stage = session.command.stages[session.stage]!;
  const run = runOf(session, requester);
  const form = await stage.definition(run);
  const values = Object.hasOwn(session.values, stage.name)
    ? session.values[stage.name]
    : await stage.texts.values?.(run);
  session.form = form;
  const { title = session.command.name, instructions } = stage.texts;
  const shown = form.form(values ?? {}, { title, ...(instructions && { instructions }) });
  return answer(session, {
    status: "executing",
    actions: actionsAt(session),
    payload: [dataForm.write(shown)],
  });
}

/** Reads what was submitted at a stage. XEP-0050 §4.5.1: a form of type `cancel` counts as submitted. */
function take<C>(session: CommandSession<C>, request: Command): void {
  const { name } = session.command.stages[session.stage]!;
  let values: FormValues<FieldDefinitions>;
  try {
    const form = dataForm.in({ children: request.payload });
    if (form === undefined) throw new StanzaError("bad-request", "this stage needs its form");
    values = session.form!.read(form.type === "cancel" ? { ...form, type: "submit" } : form);
  } catch (error) {
    if (error instanceof StanzaError) throw commandError("bad-payload", error.message);
    throw error;
  }
  session.values = { ...session.values, [name]: values };
}

function runOf<C>(
  { values, lang }: CommandSession<C>,
  { requester, context }: CommandRequester<C>,
): CommandRun<CommandSession<C>["values"], C> {
  return { values, requester, context, lang };
}

function answer<C>({ id, command }: CommandSession<C>, rest: Partial<Command>): Command {
  return { node: command.node, sessionId: id, notes: [], payload: [], ...rest };
}

function contents({ note, notes = [], form, payload = [] }: CommandResult): Partial<Command> {
  return {
    notes: note === undefined ? notes : [{ type: "info", text: note }, ...notes],
    payload: form ? [dataForm.write(form), ...payload] : payload,
  };
}

async function isAllowed<C>(
  command: AdHocCommand<C>,
  requester: CommandRequester<C>,
): Promise<boolean> {
  return (await command.allowed?.(requester)) ?? true;
}

/** XEP-0050 §5.4: of type `cancel`, unlike elsewhere. */
async function checkAllowed<C>(
  command: AdHocCommand<C>,
  requester: CommandRequester<C>,
): Promise<void> {
  if (await isAllowed(command, requester)) return;
  throw new StanzaError("forbidden", "you may not execute this command", { type: "cancel" });
}
