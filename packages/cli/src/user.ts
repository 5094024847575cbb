import { open } from "node:fs/promises";
import { AdminError } from "@rookery/server";
import { forEachAtOnce } from "./batch.ts";
import { type AdminChannel, withChannel } from "./channel.ts";
import { CsvError, type CsvRecord, readCsv } from "./csv.ts";
import { CommandError, EXIT } from "./failure.ts";
import { type PasswordOptions, readPassword } from "./password.ts";
import type { Terminal } from "./terminal.ts";

export interface UserOptions extends PasswordOptions {
  readonly config?: string;
  readonly file?: string;
}

type Jid = string | undefined;

/** `rookery user add` */
export function addUsers(jid: Jid, options: UserOptions, terminal: Terminal): Promise<number> {
  return change(ADD, jid, options, terminal);
}

/** `rookery user password` */
export function setPasswords(jid: Jid, options: UserOptions, terminal: Terminal): Promise<number> {
  return change(PASSWORD, jid, options, terminal);
}

/** `rookery user remove` */
export function removeUsers(jid: Jid, options: UserOptions, terminal: Terminal): Promise<number> {
  return change(REMOVE, jid, options, terminal);
}

/** `rookery user disable` */
export function disableUsers(jid: Jid, options: UserOptions, terminal: Terminal): Promise<number> {
  return change(DISABLE, jid, options, terminal);
}

/** `rookery user enable` */
export function enableUsers(jid: Jid, options: UserOptions, terminal: Terminal): Promise<number> {
  return change(ENABLE, jid, options, terminal);
}

/** `rookery user expire` */
export function expireUsers(jid: Jid, options: UserOptions, terminal: Terminal): Promise<number> {
  return change(EXPIRE, jid, options, terminal);
}

/** `rookery user list` */
export async function listUsers(
  domain: string | undefined,
  { config }: UserOptions,
  terminal: Terminal,
): Promise<number> {
  await withChannel(config, terminal, async (channel) => {
    for (let after: string | undefined, more = true; more; ) {
      const page = await channel.call("user.list", {
        ...(domain !== undefined && { domain }),
        ...(after !== undefined && { after }),
      });
      if (page.users.length > 0) terminal.stdout.write(`${page.users.join("\n")}\n`);
      after = page.users.at(-1);
      more = page.more;
    }
  });
  return EXIT.ok;
}

/** One kind of change, for one user or for the records of a file. */
interface Change {
  readonly takesPassword: boolean;
  /** What was done, as in `3 users added`. */
  readonly done: string;
  perform(channel: AdminChannel, jid: string, password: string): Promise<{ readonly jid: string }>;
}

const ADD: Change = {
  takesPassword: true,
  done: "added",
  perform: (channel, jid, password) => channel.call("user.add", { jid, password }),
};

const PASSWORD: Change = {
  takesPassword: true,
  done: "changed",
  perform: (channel, jid, password) => channel.call("user.password", { jid, password }),
};

const REMOVE: Change = {
  takesPassword: false,
  done: "removed",
  perform: (channel, jid) => channel.call("user.remove", { jid }),
};

const DISABLE: Change = {
  takesPassword: false,
  done: "disabled",
  perform: (channel, jid) => channel.call("user.disable", { jid }),
};

const ENABLE: Change = {
  takesPassword: false,
  done: "enabled",
  perform: (channel, jid) => channel.call("user.enable", { jid }),
};

const EXPIRE: Change = {
  takesPassword: false,
  done: "expired",
  perform: (channel, jid) => channel.call("user.expire", { jid }),
};

async function change(
  kind: Change,
  jid: Jid,
  options: UserOptions,
  terminal: Terminal,
): Promise<number> {
  const { file } = options;
  if (jid !== undefined && file !== undefined) {
    throw new CommandError("give an address or --file, not both", EXIT.wrongUse);
  }
  if (file !== undefined) return changeMany(kind, file, options, terminal);
  if (jid === undefined) throw new CommandError("give an address, or --file", EXIT.wrongUse);
  const password = kind.takesPassword ? await readPassword(jid, options, terminal) : "";
  const changed = await withChannel(options.config, terminal, (channel) =>
    kind.perform(channel, jid, password),
  );
  terminal.stdout.write(`${changed.jid} ${kind.done}\n`);
  return EXIT.ok;
}

/** Deriving keys from passwords takes all cores; this keeps them busy. */
const AT_ONCE = 16;

interface Tally {
  done: number;
  existed: number;
  failed: number;
}

async function changeMany(
  kind: Change,
  file: string,
  { config }: UserOptions,
  terminal: Terminal,
): Promise<number> {
  const name = file === "-" ? "standard input" : file;
  const records = withoutHeader(readCsv(file === "-" ? terminal.stdin : await openFile(file)));
  const tally: Tally = { done: 0, existed: 0, failed: 0 };
  const perform = async (channel: AdminChannel, record: CsvRecord): Promise<void> => {
    const why = await changeOne(kind, channel, record, tally);
    if (why !== undefined) terminal.stderr.write(`${name}:${record.line}: ${why}\n`);
  };
  try {
    await withChannel(config, terminal, (channel) =>
      forEachAtOnce(
        records,
        AT_ONCE,
        (record) => perform(channel, record),
        ({ fields }) => fields[0],
      ),
    );
  } catch (error) {
    terminal.stderr.write(`${summary(kind, tally)}, then it ended:\n`);
    if (error instanceof CsvError) throw new CommandError(`${name}: ${error.message}`);
    throw error;
  }
  terminal.stdout.write(`${summary(kind, tally)}\n`);
  return tally.failed + tally.existed > 0 ? EXIT.failed : EXIT.ok;
}

/** @returns why it was not done, if others may be all the same. @throws if they may not. */
async function changeOne(
  kind: Change,
  channel: AdminChannel,
  { fields, problem }: CsvRecord,
  tally: Tally,
): Promise<string | undefined> {
  const wrong = problem ?? wrongFields(kind, fields);
  if (wrong !== undefined) {
    tally.failed++;
    return wrong;
  }
  const [jid = "", password = ""] = fields;
  try {
    await kind.perform(channel, jid.trim(), password);
    tally.done++;
    return undefined;
  } catch (error) {
    if (!(error instanceof AdminError) || error.code === "disconnected") throw error;
    if (error.code === "already-exists") tally.existed++;
    else tally.failed++;
    return error.message;
  }
}

/** Passwords are not quoted in what is said. */
function wrongFields({ takesPassword }: Change, fields: readonly string[]): string | undefined {
  if (!takesPassword || (fields.length === 2 && fields[1] !== "")) return undefined;
  if (fields.length > 2) {
    return `${fields.length} fields instead of jid,password; write "…" around a password with a comma`;
  }
  return "no password; write jid,password";
}

/** Spreadsheets name their columns in the first record. */
async function* withoutHeader(records: AsyncIterable<CsvRecord>): AsyncGenerator<CsvRecord> {
  let first = true;
  for await (const record of records) {
    if (!first || record.fields[0]?.trim().toLowerCase() !== "jid") yield record;
    first = false;
  }
}

async function openFile(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    const handle = await open(file);
    return handle.createReadStream() as AsyncIterable<Uint8Array>;
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown reason";
    throw new CommandError(`cannot read "${file}": ${why}`, EXIT.wrongUse);
  }
}

function summary({ done }: Change, tally: Tally): string {
  const parts = [`${tally.done} ${tally.done === 1 ? "user" : "users"} ${done}`];
  if (tally.existed > 0) parts.push(`${tally.existed} existed already`);
  if (tally.failed > 0) parts.push(`${tally.failed} failed`);
  return parts.join(", ");
}
