/** The commands of XEP-0401 §5.1 and §5.4, and one to look at and take back what was made. */
import {
  type AdHocCommand,
  type CommandResult,
  defineCommand,
  defineForm,
  type FormOption,
  formatDateTime,
  INVITE_COMMANDS,
  writeInvitation,
} from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { admins, type CommandContext, type Requester } from "../commands/contract.ts";
import type { Invitation, Invitations, MadeInvitation } from "./contract.ts";
import type { InvitationOptions } from "./options.ts";

/** All commands, for `addCommand`. */
export function inviteCommands(
  host: Host,
  options: InvitationOptions,
  invitations: Invitations,
): readonly AdHocCommand<CommandContext>[] {
  const members = (requester: Requester): boolean => mayInvite(host, options, requester);
  return [
    invite(members, invitations),
    createAccount(host, invitations),
    takeBack(members, invitations),
  ];
}

type Allowed = (requester: Requester) => boolean;

function mayInvite(host: Host, { users }: InvitationOptions, { requester, context }: Requester) {
  if (requester.domain !== host.domain.domain || context.session === undefined) return false;
  return (users || context.isAdmin) && !context.isGuest;
}

/** §5.1: at once, without a question. */
function invite(allowed: Allowed, invitations: Invitations): AdHocCommand<CommandContext> {
  const title = { node: INVITE_COMMANDS.invite, name: "Invite user", allowed };
  return defineCommand<CommandContext>(title).run(async ({ requester }) =>
    told(await invitations.create({ kind: "contact", inviter: requester.bare })),
  );
}

const account = defineForm({
  formType: INVITE_COMMANDS.createAccount,
  fields: {
    username: { type: "text-single", label: "Username (left empty, the invited person chooses)" },
    "roster-subscription": { type: "boolean", label: "We become contacts" },
  },
});

/** §5.4: only those who may make accounts anyway decide on a name. */
function createAccount(host: Host, invitations: Invitations): AdHocCommand<CommandContext> {
  const allowed = (requester: Requester): boolean =>
    admins(requester) &&
    requester.requester.domain === host.domain.domain &&
    host.registration.mode !== "closed";
  const title = { node: INVITE_COMMANDS.createAccount, name: "Create account", allowed };
  return defineCommand<CommandContext>(title)
    .stage("account", account, {
      title: "Invite somebody to make an account",
      values: () => ({ "roster-subscription": true }),
    })
    .run(async ({ requester, values }) => {
      const { username, "roster-subscription": subscribe = true } = values.account;
      return told(
        await invitations.create({
          kind: "account",
          inviter: requester.bare,
          subscribe,
          ...(username && { username }),
        }),
      );
    });
}

function takeBack(allowed: Allowed, invitations: Invitations): AdHocCommand<CommandContext> {
  const title = { node: "invitations", name: "My open invitations", allowed };
  return defineCommand<CommandContext>(title)
    .stage(
      "chosen",
      async ({ requester }) => {
        const open = await invitations.list(requester.bare);
        return defineForm({
          formType: "invitations",
          fields: {
            id: { type: "list-multi", label: "To be taken back", options: open.map(optionOf) },
          },
        });
      },
      { title: "My open invitations" },
    )
    .run(async ({ requester, values }) => {
      let count = 0;
      for (const id of values.chosen.id ?? []) {
        if (await invitations.revoke(id, requester.bare)) count++;
      }
      return {
        note: count === 1 ? "1 invitation taken back." : `${count} invitations taken back.`,
      };
    });
}

function optionOf({ id, kind, username, uses, expires }: Invitation): FormOption {
  const what = kind === "account" ? `account ${username ?? ""}`.trim() : "contact";
  const times = uses === 1 ? "" : `, ${uses} times`;
  return { value: id, label: `${id}: ${what}${times}, until ${formatDateTime(expires)}` };
}

function told({ links }: MadeInvitation): CommandResult {
  return { form: writeInvitation(links) };
}
