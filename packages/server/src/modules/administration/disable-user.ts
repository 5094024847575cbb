/** XEP-0133 §4.3 and §4.4. */
import { type AdHocCommand, type CommandNote, type Jid, StanzaError } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, perform } from "./admin-command.ts";
import { ACCOUNT_JIDS, checkAccount } from "./fields.ts";

const disableForm = adminForm({
  accountjids: { ...ACCOUNT_JIDS, label: "The Jabber ID(s) to disable" },
});

const reenableForm = adminForm({
  accountjids: { ...ACCOUNT_JIDS, label: "The Jabber ID(s) to re-enable" },
});

export function disableUser(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("disable-user", "Disable User")
    .stage("users", disableForm, {
      title: "Disabling a User",
      instructions: [
        "Fill out this form to disable a user.",
        "Sessions end and nobody logs in as the user; what the user owns stays.",
      ],
    })
    .run(async (run) => {
      const accounts = run.values.users.accountjids ?? [];
      for (const account of accounts) {
        await checkKnown(host, account);
        if (host.isAdmin(account)) {
          // or administrators could lock each other out, and themselves
          const advice = "take it from `admins` in the configuration first";
          throw new StanzaError("not-allowed", `${account} administers the server; ${advice}`);
        }
      }
      const notes: CommandNote[] = [];
      for (const account of accounts) {
        const facts = { command: "disable-user", account: account.toString() };
        await perform(host, run, facts, () =>
          host.administration.setStatus(account, { disabled: true }),
        );
        notes.push({ type: "info", text: `The account ${account} is disabled.` });
      }
      return { notes };
    });
}

export function reenableUser(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("reenable-user", "Re-Enable User")
    .stage("users", reenableForm, {
      title: "Re-Enabling a User",
      instructions: ["Fill out this form to re-enable a user that was disabled."],
    })
    .run(async (run) => {
      const accounts = run.values.users.accountjids ?? [];
      for (const account of accounts) await checkKnown(host, account);
      const notes: CommandNote[] = [];
      for (const account of accounts) {
        const facts = { command: "reenable-user", account: account.toString() };
        await perform(host, run, facts, () =>
          host.administration.setStatus(account, { disabled: false }),
        );
        notes.push({ type: "info", text: `The account ${account} is enabled.` });
      }
      return { notes };
    });
}

/** All are looked at before the first is changed. */
async function checkKnown(host: Host, account: Jid): Promise<void> {
  checkAccount(host, account);
  if (await host.accounts.exists(account)) return;
  throw new StanzaError("item-not-found", `there is no account ${account}`);
}
