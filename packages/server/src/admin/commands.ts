import * as z from "zod";
import type { Administration, ServerStatus, UserPage } from "./administration.ts";
import { AdminError } from "./errors.ts";
import type { InvitationFacts, InvitationMade, InvitationWish } from "./invitations.ts";

/** What each command takes and gives. */
export interface AdminCommands {
  /** Makes an account. */
  readonly "user.add": Signature<{ jid: string; password: string }, { jid: string }>;
  /** Removes an account and everything it owns; its sessions end. */
  readonly "user.remove": Signature<{ jid: string }, { jid: string }>;
  /** Lets nobody log in to an account; what it owns stays. Its sessions end. */
  readonly "user.disable": Signature<{ jid: string }, { jid: string }>;
  /** Lets people log in to an account again that was disabled. */
  readonly "user.enable": Signature<{ jid: string }, { jid: string }>;
  /** Lets nobody log in to an account until it has another password. Its sessions end. */
  readonly "user.expire": Signature<{ jid: string }, { jid: string }>;
  /** Gives an account another password; its sessions end. */
  readonly "user.password": Signature<{ jid: string; password: string }, { jid: string }>;
  /** Lists accounts, of one domain or of all; `limit` is 500 if left out. */
  readonly "user.list": Signature<{ domain?: string; after?: string; limit?: number }, UserPage>;
  /** Makes an invitation to make an account. */
  readonly "invite.create": Signature<InvitationWish, InvitationMade>;
  /** Lists open invitations, of one domain or of all. */
  readonly "invite.list": Signature<
    { domain?: string },
    { invitations: readonly InvitationFacts[] }
  >;
  /** Takes an invitation back. */
  readonly "invite.revoke": Signature<{ id: string }, { id: string }>;
  /** Tells what the server is doing. */
  readonly "server.status": Signature<Record<string, never>, ServerStatus>;
}

interface Signature<A, R> {
  readonly args: Readonly<A>;
  readonly result: Readonly<R>;
}

export type CommandName = keyof AdminCommands;
export type CommandArgs<N extends CommandName> = AdminCommands[N]["args"];
export type CommandResult<N extends CommandName> = AdminCommands[N]["result"];

/**
 * Does a command.
 *
 * @param args of whatever came from outside: checked here.
 * @throws AdminError
 */
export function performCommand<N extends CommandName>(
  administration: Administration,
  name: N,
  args: CommandArgs<N>,
): Promise<CommandResult<N>> {
  return perform(COMMANDS[name], administration, args);
}

/** True for the name of a command. */
export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

interface Command<A, R> {
  readonly args: z.ZodType<A>;
  run(administration: Administration, args: A): R | Promise<R>;
}

type CommandTable = {
  readonly [N in CommandName]: Command<CommandArgs<N>, CommandResult<N>>;
};

/** Far more than an address may have (RFC 7622 §3.1). */
const JID_LENGTH = 4096;
/** Fits into every message that a client logs in with. */
const PASSWORD_LENGTH = 1024;
const ID_LENGTH = 64;
const PAGE = 500;
const LONGEST_PAGE = 1000;

const jid = z.string().max(JID_LENGTH, { error: `longer than ${JID_LENGTH} characters` });
const password = z
  .string()
  .min(1, { error: "empty" })
  .max(PASSWORD_LENGTH, { error: `longer than ${PASSWORD_LENGTH} characters` });

const COMMANDS: CommandTable = {
  "user.add": {
    args: z.strictObject({ jid, password }),
    run: async (administration, args) => ({
      jid: await administration.addUser(args.jid, args.password),
    }),
  },
  "user.remove": {
    args: z.strictObject({ jid }),
    run: async (administration, args) => ({ jid: await administration.removeUser(args.jid) }),
  },
  "user.disable": {
    args: z.strictObject({ jid }),
    run: async (administration, args) => ({
      jid: await administration.setStatus(args.jid, { disabled: true }),
    }),
  },
  "user.enable": {
    args: z.strictObject({ jid }),
    run: async (administration, args) => ({
      jid: await administration.setStatus(args.jid, { disabled: false }),
    }),
  },
  "user.expire": {
    args: z.strictObject({ jid }),
    run: async (administration, args) => ({
      jid: await administration.setStatus(args.jid, { expired: true }),
    }),
  },
  "user.password": {
    args: z.strictObject({ jid, password }),
    run: async (administration, args) => ({
      jid: await administration.setPassword(args.jid, args.password),
    }),
  },
  "user.list": {
    args: z.strictObject({
      domain: jid.exactOptional(),
      after: jid.exactOptional(),
      limit: z.int().min(1).max(LONGEST_PAGE).exactOptional(),
    }),
    run: (administration, { domain, after, limit = PAGE }) =>
      administration.listUsers(domain, after, limit),
  },
  "invite.create": {
    args: z.strictObject({
      domain: jid.exactOptional(),
      admin: z.boolean().exactOptional(),
      name: jid.exactOptional(),
      uses: z.int().min(1).exactOptional(),
      days: z.int().min(1).exactOptional(),
      first: z.boolean().exactOptional(),
    }),
    run: (administration, args) => administration.createInvitation(args),
  },
  "invite.list": {
    args: z.strictObject({ domain: jid.exactOptional() }),
    run: async (administration, { domain }) => ({
      invitations: await administration.listInvitations(domain),
    }),
  },
  "invite.revoke": {
    args: z.strictObject({ id: z.string().max(ID_LENGTH, { error: "too long" }) }),
    run: async (administration, { id }) => ({ id: await administration.revokeInvitation(id) }),
  },
  "server.status": {
    args: z.strictObject({}),
    run: (administration) => administration.status(),
  },
};

async function perform<A, R>(
  command: Command<A, R>,
  administration: Administration,
  args: unknown,
): Promise<R> {
  const read = command.args.safeParse(args);
  if (read.success) return command.run(administration, read.data);
  // the values are not quoted, for one may be a password
  const problems = read.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `the ${path.map(String).join(".")} is wrong: ${message}`,
  );
  throw new AdminError("bad-request", problems.join("; "));
}
