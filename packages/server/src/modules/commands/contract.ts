/** How other modules offer ad-hoc commands; `defineCommand` of `protocol` makes one. */
import { type AdHocCommand, COMMANDS_NS, type CommandRequester, type Jid } from "@rookery/protocol";
import type { Host, ModuleRef } from "../../host.ts";
import type { Session } from "../../sessions/session.ts";

/** What a command knows beside the JID of who executes it. */
export interface CommandContext {
  /** The session it is executed from, if it is one of this server. */
  readonly session: Session | undefined;
  /** The bare JID that is asked: an account, or the domain. */
  readonly account: Jid;
  /** Who executes it administers the server. */
  readonly isAdmin: boolean;
  /** Who executes it has no account, and will be gone (XEP-0175). */
  readonly isGuest: boolean;
}

/** Who asks for a command, as its `allowed` gets it. */
export type Requester = CommandRequester<CommandContext>;

/** Where a command is: at the domain, or at each account for its owner alone. */
export type CommandTarget = "account" | "host";

export interface Commands {
  /** @returns a function that removes it; its sessions end. @throws Error if its node is taken. */
  add(target: CommandTarget, command: AdHocCommand<CommandContext>): () => void;
}

/** For `requires` and `host.use`. */
export const commands: ModuleRef<Commands> = { name: "commands" };

/**
 * Offers a command as long as the module is loaded that calls this in its `setup`; it has to list
 * {@link commands} in `requires`.
 *
 * @throws Error if the node is taken, or if nothing tells who may execute the command at the domain.
 */
export function addCommand(
  host: Host,
  target: CommandTarget,
  command: AdHocCommand<CommandContext>,
): void {
  if (target === "host" && command.allowed === undefined) {
    const choice = "`allowed: admins`, `allowed: users` or `allowed: everyone`";
    throw new Error(`the command "${command.node}" must tell who may execute it: ${choice}`);
  }
  const remove = host.use(commands).add(target, command);
  host.signal.addEventListener("abort", remove, { once: true });
  host.feature(target, COMMANDS_NS);
}

/** For `allowed`: the administrators of the server (`admins` in the configuration). */
export function admins({ context }: Requester): boolean {
  return context.isAdmin;
}

/** For `allowed`: accounts of this server; guests have none. */
export function users({ context }: Requester): boolean {
  return context.session !== undefined && !context.isGuest;
}

/** For `allowed`: anyone who can reach the domain, from other servers too. */
export function everyone(): boolean {
  return true;
}
