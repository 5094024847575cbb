/** XEP-0133 §4.13 and §4.15. */
import type { AdHocCommand } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, adminResult, perform } from "./admin-command.ts";

const registered = adminForm({
  registeredusersnum: { type: "text-single", label: "The number of registered users" },
});

const online = adminForm({
  onlineusersnum: { type: "text-single", label: "The number of online users" },
});

export function registeredUsersNumber(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("get-registered-users-num", "Get Number of Registered Users").run(
    async (run) => {
      const command = "get-registered-users-num";
      const number = await perform(host, run, { command }, () => host.administration.count());
      return { form: adminResult(registered, { registeredusersnum: String(number) }) };
    },
  );
}

export function onlineUsersNumber(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("get-online-users-num", "Get Number of Online Users").run(async (run) => {
    const command = "get-online-users-num";
    const accounts = await perform(host, run, { command }, () => host.administration.online());
    return { form: adminResult(online, { onlineusersnum: String(accounts.length) }) };
  });
}
