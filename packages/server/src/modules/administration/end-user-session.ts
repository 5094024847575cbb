/** XEP-0133 §4.5. */
import { type AdHocCommand, type CommandNote, type Jid, StreamError } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, perform } from "./admin-command.ts";
import { ACCOUNT_JIDS, checkUser } from "./fields.ts";

const form = adminForm({
  accountjids: { ...ACCOUNT_JIDS, label: "The Jabber ID(s) for which to end sessions" },
});

export function endUserSession(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("end-user-session", "End User Session")
    .stage("users", form, {
      title: "Ending a User Session",
      instructions: [
        "Fill out this form to end a user's session.",
        "An address with a resource ends that session, one without it all sessions of the user.",
      ],
    })
    .run(async (run) => {
      const jids = run.values.users.accountjids ?? [];
      for (const jid of jids) checkUser(host, jid);
      const notes: CommandNote[] = [];
      for (const jid of jids) {
        const facts = { command: "end-user-session", sessions: jid.toString() };
        notes.push(noteOf(jid, await perform(host, run, facts, () => end(host, jid))));
      }
      return { notes };
    });
}

function end(host: Host, jid: Jid): number {
  const error = new StreamError("policy-violation", "an administrator ended this session");
  return host.administration.endSessions(jid, error);
}

function noteOf(jid: Jid, ended: number): CommandNote {
  if (ended === 0) return { type: "warn", text: `${jid} is not connected.` };
  return { type: "info", text: `${jid}: ${ended} ${ended === 1 ? "session" : "sessions"} ended.` };
}
