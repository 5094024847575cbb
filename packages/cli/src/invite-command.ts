import type { Command, Option } from "commander";
import { type InviteOptions, invite, listInvitations, revokeInvitation } from "./invite.ts";
import type { Terminal } from "./terminal.ts";

/** What the description of a command needs. */
export interface CommandParts {
  readonly terminal: Terminal;
  readonly done: (exitCode: number) => void;
  readonly configOption: () => Option;
}

/** Adds `rookery invite` with what belongs to it. */
export function addInviteCommand(
  program: Command,
  { terminal, done, configOption }: CommandParts,
): void {
  const command = program
    .command("invite")
    .description("make an invitation to make an account, whether the server runs or not")
    .enablePositionalOptions()
    .option("--admin", "the account administers the server")
    .option("--domain <domain>", "where the account is; the main domain if left out")
    .option("--name <name>", "the name of the account; chosen with the invitation if left out")
    .option("--uses <count>", "how many accounts it makes")
    .option("--days <count>", "how many days it is valid")
    .addOption(configOption())
    .action(async (options: InviteOptions) => done(await invite(options, terminal)));
  command
    .command("list")
    .argument("[domain]", "only those for this domain")
    .description("list the open invitations")
    .addOption(configOption())
    .action(async (domain: string | undefined, options: InviteOptions) =>
      done(await listInvitations(domain, options, terminal)),
    );
  command
    .command("revoke")
    .argument("<id>", "as it stands in the list")
    .description("take an invitation back")
    .addOption(configOption())
    .action(async (id: string, options: InviteOptions) =>
      done(await revokeInvitation(id, options, terminal)),
    );
}
