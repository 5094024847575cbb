import type { InvitationFacts, InvitationMade } from "@rookery/server";
import { withChannel } from "./channel.ts";
import { CommandError, EXIT } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

export interface InviteOptions {
  readonly config?: string;
  readonly admin?: boolean;
  readonly domain?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly days?: string;
}

/** `rookery invite` */
export async function invite(
  { config, admin, domain, name, uses, days }: InviteOptions,
  terminal: Terminal,
): Promise<number> {
  const wish = {
    ...(admin && { admin }),
    ...(domain !== undefined && { domain }),
    ...(name !== undefined && { name }),
    ...(uses !== undefined && { uses: readCount("--uses", uses) }),
    ...(days !== undefined && { days: readCount("--days", days) }),
  };
  const made = await withChannel(config, terminal, (channel) =>
    channel.call("invite.create", wish),
  );
  terminal.stdout.write(described(made));
  return EXIT.ok;
}

/** `rookery invite list` */
export async function listInvitations(
  domain: string | undefined,
  { config }: InviteOptions,
  terminal: Terminal,
): Promise<number> {
  const { invitations } = await withChannel(config, terminal, (channel) =>
    channel.call("invite.list", { ...(domain !== undefined && { domain }) }),
  );
  for (const one of invitations) terminal.stdout.write(`${lineOf(one)}\n`);
  return EXIT.ok;
}

/** `rookery invite revoke` */
export async function revokeInvitation(
  id: string,
  { config }: InviteOptions,
  terminal: Terminal,
): Promise<number> {
  await withChannel(config, terminal, (channel) => channel.call("invite.revoke", { id }));
  terminal.stdout.write(`${id} revoked\n`);
  return EXIT.ok;
}

/** The links of a new invitation, each on a line of its own. */
function described({ url, uri, admin, uses, expires }: InvitationMade): string {
  const who = admin ? "an administrator" : "an account";
  const times = uses === 1 ? "" : `, for ${uses} of them`;
  const links = url === undefined ? uri : `${url}\n${uri}`;
  return `${links}\nmakes ${who}${times}, until ${day(expires)}\n`;
}

/** As in `4f1c… example.org account 1 use until 2026-01-08 by operator`. */
function lineOf(one: InvitationFacts): string {
  const what = one.admin ? "administrator" : one.kind;
  const name = one.name === undefined ? "" : ` ${one.name}`;
  const uses = one.uses === 1 ? "once" : `${one.uses} times`;
  const by = one.inviter ?? "the operator";
  return `${one.id}  ${one.domain}  ${what}${name}, ${uses}, until ${day(one.expires)}, by ${by}`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function readCount(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new CommandError(`${option} is a whole number from 1, not "${text}"`, EXIT.wrongUse);
}
