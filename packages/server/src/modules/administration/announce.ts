/** XEP-0133 §4.23. */
import { type AdHocCommand, body, type Jid, Stanza, subject } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../commands/contract.ts";
import { adminCommand, adminForm, perform } from "./admin-command.ts";

/** Others get a turn after so many messages. */
const TURN = 200;

const form = adminForm({
  announcement: { type: "text-multi", required: true, label: "Announcement" },
});

export function announce(host: Host): AdHocCommand<CommandContext> {
  return adminCommand("announce", "Send Announcement to Online Users")
    .stage("text", form, {
      title: "Making an Announcement",
      instructions: [
        "Fill out this form to make an announcement to all active users of this service.",
      ],
    })
    .run(async (run) => {
      const text = (run.values.text.announcement ?? []).join("\n");
      const online = host.administration.online();
      const facts = { command: "announce", users: online.length };
      await perform(host, run, facts, () => send(host, text, online));
      return { note: `The announcement was sent to ${online.length} online users.` };
    });
}

/**
 * A headline goes to every resource that takes messages, and is never kept for who has none (RFC
 * 6121 §5.2.2, §8.5.2.1.1): only those hear it who have a session.
 */
async function send(host: Host, text: string, online: readonly Jid[]): Promise<void> {
  const children = [subject.write({ text: "Announcement" }), body.write({ text })];
  for (const [index, to] of online.entries()) {
    const id = host.random.id();
    void host.send(
      new Stanza({ kind: "message", type: "headline", id, from: host.domain, to, children }),
    );
    if (index % TURN === TURN - 1) await new Promise(setImmediate);
  }
}
