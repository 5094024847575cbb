import { VERSION } from "@rookery/server";
import { Command, CommanderError, Option } from "commander";
import { check } from "./check.ts";
import { EXIT, explain } from "./failure.ts";
import { addInviteCommand } from "./invite-command.ts";
import { start } from "./start.ts";
import type { Terminal } from "./terminal.ts";
import {
  addUsers,
  disableUsers,
  enableUsers,
  expireUsers,
  listUsers,
  removeUsers,
  setPasswords,
  type UserOptions,
} from "./user.ts";

/**
 * Runs the `rookery` command.
 *
 * @param args as typed, without the name of the program.
 * @returns its exit status, see {@link EXIT}.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let exitCode: number = EXIT.ok;
    const program = describeCommands(terminal, (code) => {
      exitCode = code;
    });
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // what is wrong with the command line was said already
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse;
    const { text, exitCode } = explain(error);
    terminal.stderr.write(`${text}\n`);
    return exitCode;
  }
}

interface ConfigOption {
  readonly config?: string;
}

function describeCommands(terminal: Terminal, done: (exitCode: number) => void): Command {
  const program = new Command("rookery")
    .description("Your own chat service: an XMPP server")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError("(rookery --help tells what there is)");

  program
    .command("start")
    .description("start the server")
    .addOption(configOption())
    .action(async (options: ConfigOption) => done(await start(options.config, terminal)));

  program
    .command("check")
    .description("check the configuration without starting")
    .addOption(configOption())
    .action(async (options: ConfigOption) => done(await check(options.config, terminal)));

  const user = program
    .command("user")
    .description("manage the users, whether the server runs or not");
  withPassword(user.command("add").argument("[jid]", "as in romeo@example.org"))
    .description("add a user, or many from a file")
    .action(async (jid: string | undefined, options: UserOptions) =>
      done(await addUsers(jid, options, terminal)),
    );
  withPassword(user.command("password").argument("[jid]", "as in romeo@example.org"))
    .description("give a user another password, or many from a file")
    .action(async (jid: string | undefined, options: UserOptions) =>
      done(await setPasswords(jid, options, terminal)),
    );
  user
    .command("remove")
    .argument("[jid]", "as in romeo@example.org")
    .description("remove a user and everything of theirs, or many from a file")
    .addOption(fileOption("one address on each line"))
    .addOption(configOption())
    .action(async (jid: string | undefined, options: UserOptions) =>
      done(await removeUsers(jid, options, terminal)),
    );
  const changes = [
    ["disable", "let nobody log in as a user; what the user owns stays", disableUsers],
    ["enable", "let a user log in again that was disabled", enableUsers],
    ["expire", "let a user log in only with another password", expireUsers],
  ] as const;
  for (const [name, description, change] of changes) {
    user
      .command(name)
      .argument("[jid]", "as in romeo@example.org")
      .description(`${description}; or many from a file`)
      .addOption(fileOption("one address on each line"))
      .addOption(configOption())
      .action(async (jid: string | undefined, options: UserOptions) =>
        done(await change(jid, options, terminal)),
      );
  }
  user
    .command("list")
    .argument("[domain]", "only the users of this domain")
    .description("list the users")
    .addOption(configOption())
    .action(async (domain: string | undefined, options: UserOptions) =>
      done(await listUsers(domain, options, terminal)),
    );
  addInviteCommand(program, { terminal, done, configOption });
  return program;
}

function withPassword(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--password <password>",
        "the password; others on this machine can see it",
      ).conflicts(["passwordStdin", "file"]),
    )
    .addOption(
      new Option("--password-stdin", "read the password from standard input").conflicts("file"),
    )
    .addOption(fileOption("jid,password on each line"))
    .addOption(configOption());
}

function fileOption(content: string): Option {
  return new Option("--file <csv>", `many at once: ${content}; - for standard input`);
}

function configOption(): Option {
  return new Option(
    "-c, --config <file>",
    "the configuration; rookery.yaml in this folder if left out",
  );
}
