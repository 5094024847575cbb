/** XEP-0133 §4.1. */
import { type AdHocCommand, commandError } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, perform } from "./admin-command.ts";
import { ACCOUNT_JID, checkAccount, PASSWORD } from "./fields.ts";

/** Of the fields that the text shows, those that are kept: no name and no e-mail address is. */
const form = adminForm({
  accountjid: { ...ACCOUNT_JID, label: "The Jabber ID for the account to be added" },
  password: { ...PASSWORD, label: "The password for this account" },
  "password-verify": { ...PASSWORD, label: "Retype password" },
});

export function addUser(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("add-user", "Add User")
    .stage("user", form, {
      title: "Adding a User",
      instructions: ["Fill out this form to add a user."],
    })
    .run(async (run) => {
      const { accountjid, password, "password-verify": again } = run.values.user;
      const account = checkAccount(host, accountjid!);
      if (password !== again) throw commandError("bad-payload", "the two passwords differ");
      const facts = { command: "add-user", account: account.toString() };
      await perform(host, run, facts, () => host.administration.create(account, password!));
      return { note: `The account ${account} was added.` };
    });
}
