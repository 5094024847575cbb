/** XEP-0133 §4.2. */
import { type AdHocCommand, type CommandNote, type Jid, StanzaError } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { type AdminRun, adminCommand, adminForm, perform } from "./admin-command.ts";
import { ACCOUNT_JIDS, checkAccount } from "./fields.ts";

const form = adminForm({
  accountjids: { ...ACCOUNT_JIDS, label: "The Jabber ID(s) to delete" },
});

export function deleteUser(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("delete-user", "Delete User")
    .stage("users", form, {
      title: "Deleting a User",
      instructions: [
        "Fill out this form to delete a user.",
        "All that the user owns is deleted, and sessions end.",
      ],
    })
    .run(async (run) => {
      const accounts = run.values.users.accountjids ?? [];
      for (const account of accounts) await checkDeletable(host, account);
      const notes: CommandNote[] = [];
      for (const account of accounts) notes.push(await remove(host, run, account));
      return { notes };
    });
}

/** All are looked at before the first is deleted, so that a slip of the pen deletes nobody. */
async function checkDeletable(host: Host, account: Jid): Promise<void> {
  checkAccount(host, account);
  if (host.isAdmin(account)) {
    // or the next owner of the name would be one; and administrators do not delete each other from afar
    const advice = host.isConfiguredAdmin(account)
      ? "take it from `admins` in the configuration first"
      : "remove it by `rookery user remove`";
    throw new StanzaError("not-allowed", `${account} administers the server; ${advice}`);
  }
  if (await host.accounts.exists(account)) return;
  throw new StanzaError("item-not-found", `there is no account ${account}`);
}

/** XEP-0050 §4.6: what failed has a note of type `error`; the others are deleted all the same. */
async function remove(host: Host, run: AdminRun, account: Jid): Promise<CommandNote> {
  const facts = { command: "delete-user", account: account.toString() };
  try {
    await perform(host, run, facts, () => host.administration.remove(account));
    return { type: "info", text: `The account ${account} was deleted.` };
  } catch (error) {
    const why = error instanceof StanzaError ? error.message : "the log of the server tells why";
    return { type: "error", text: `The account ${account} was not deleted: ${why}.` };
  }
}
