import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AdminClient,
  Administration,
  type CommandArgs,
  type CommandName,
  type CommandResult,
  type Config,
  createServer,
  type Log,
  performCommand,
  StorageUnavailable,
  terminalLog,
} from "@rookery/server";
import { loadConfiguration } from "./configuration.ts";
import { CommandError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** A way to have commands done. */
export interface AdminChannel {
  /** @throws AdminError */
  call<N extends CommandName>(command: N, args: CommandArgs<N>): Promise<CommandResult<N>>;
  close(): Promise<void>;
}

/** How long to wait for a server that is starting, or for another command that has the data open. */
const WAIT_MS = 5000;
const RETRY_MS = 100;

/**
 * Opens the way to the data of a configuration: through the server that runs on it, else straight.
 * The lock of the data directory decides, so that there is no moment in which both happen.
 *
 * @throws StorageUnavailable if some other process has the data open for long.
 */
async function openChannel(config: Config, log: Log): Promise<AdminChannel> {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const client = await connect(config);
    if (client !== undefined) return client;
    if (config.storage === "memory") {
      throw new CommandError(
        "there is no server running, and with `storage: memory` nothing is kept without one; start it first",
      );
    }
    try {
      return await openData(config, log);
    } catch (error) {
      if (!isHeld(error) || Date.now() > until) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Opens the way for as long as it is used.
 * @param file the configuration as named on the command line.
 */
export async function withChannel<T>(
  file: string | undefined,
  terminal: Terminal,
  use: (channel: AdminChannel) => Promise<T>,
): Promise<T> {
  const { config } = await loadConfiguration(file, terminal.env);
  const log = terminalLog({ level: "warn", sink: terminal.stderr });
  const channel = await openChannel(config, log);
  try {
    return await use(channel);
  } finally {
    await channel.close();
  }
}

async function connect(config: Config): Promise<AdminChannel | undefined> {
  try {
    return await AdminClient.connect(config.data);
  } catch (error) {
    if (!hasCode(error, "EACCES") && !hasCode(error, "EPERM")) throw error;
    throw new CommandError(
      `the data in "${config.data}" is another user's; run this as the user of the server`,
    );
  }
}

/** The server itself, without listening. */
async function openData(config: Config, log: Log): Promise<AdminChannel> {
  refuseForOthers(config.data);
  const server = await createServer(config, { log });
  const administration = new Administration(server);
  return {
    call: (command, args) => performCommand(administration, command, args),
    close: () => server.stop(),
  };
}

/** What root writes into the data of another user, the server could not open any more. */
function refuseForOthers(data: string): void {
  const owner = statSync(data, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || process.getuid?.() !== 0 || owner === 0) return;
  throw new CommandError(
    `the data in "${data}" is another user's; run this as that user: sudo -u '#${owner}' rookery …`,
  );
}

const SQLITE_BUSY = 5;

/** True if another process has the data directory open. */
function isHeld(error: unknown): boolean {
  if (!(error instanceof StorageUnavailable)) return false;
  const { cause } = error;
  return cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
