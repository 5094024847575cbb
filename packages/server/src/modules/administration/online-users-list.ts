/** XEP-0133 §4.20. */
import { type AdHocCommand, type Jid, StanzaError } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, adminResult, perform } from "./admin-command.ts";

const CHOICES = ["25", "50", "75", "100", "150", "200"];
/** What `none` stands for: a longer list would not fit into a stanza everywhere. */
const LONGEST = 1000;

const request = adminForm({
  max_items: {
    type: "list-single",
    label: "Maximum number of items to show",
    options: [
      ...CHOICES.map((value) => ({ value, label: value })),
      { value: "none", label: "None" },
    ],
  },
});

const result = adminForm({
  onlineuserjids: { type: "jid-multi", label: "The list of all online users" },
});

export function onlineUsersList(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("get-online-users-list", "Get List of Online Users")
    .stage("bounds", request, {
      title: "Requesting List of Online Users",
      instructions: ["Fill out this form to request the online users of this service."],
    })
    .run(async (run) => {
      const most = run.values.bounds.max_items;
      const command = "get-online-users-list";
      const online = await perform(host, run, { command }, () => host.administration.online());
      const shown = bounded(online, most);
      const text = `${shown.length} of ${online.length} online users are shown.`;
      return {
        form: adminResult(result, { onlineuserjids: shown }),
        notes: shown.length < online.length ? [{ type: "warn", text }] : [],
      };
    });
}

/** @throws StanzaError if all are asked for, and they are too many. */
function bounded(online: readonly Jid[], most: string | undefined): readonly Jid[] {
  const number = Number(most || Number.NaN);
  if (Number.isInteger(number)) return online.slice(0, number);
  if (online.length <= LONGEST) return online;
  throw new StanzaError(
    "not-acceptable",
    `${online.length} users are online, more than the ${LONGEST} that an answer holds; choose a maximum`,
  );
}
