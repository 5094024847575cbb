/** XEP-0133 §4.7. */
import type { AdHocCommand } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, perform } from "./admin-command.ts";
import { ACCOUNT_JID, checkAccount, PASSWORD } from "./fields.ts";

const form = adminForm({
  accountjid: { ...ACCOUNT_JID, label: "The Jabber ID for this account" },
  password: { ...PASSWORD, label: "The password for this account" },
});

export function changeUserPassword(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("change-user-password", "Change User Password")
    .stage("user", form, {
      title: "Changing a User Password",
      instructions: ["Fill out this form to change a user's password."],
    })
    .run(async (run) => {
      const { accountjid, password } = run.values.user;
      const account = checkAccount(host, accountjid!);
      const facts = { command: "change-user-password", account: account.toString() };
      // administrators who change their own go on
      const by = run.requester.bare.equals(account) ? run.context.session : undefined;
      await perform(host, run, facts, () =>
        host.administration.setPassword(account, password!, by),
      );
      return { note: `The password of ${account} was changed. Its sessions have ended.` };
    });
}
