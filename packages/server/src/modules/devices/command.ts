import {
  type AdHocCommand,
  type CommandNote,
  commandError,
  defineCommand,
  defineForm,
  StreamError,
} from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { type CommandContext, users } from "../commands/contract.ts";
import { type Client, clientsOf, labelOf } from "./clients.ts";

/** The name of the form and of the command. */
const DEVICES = "devices";

/** Lists the clients of the account that is asked, and signs out those that are chosen. */
export function devicesCommand(host: Host): AdHocCommand<CommandContext> {
  return defineCommand<CommandContext>({
    node: DEVICES,
    name: "My devices",
    allowed: users,
  })
    .stage(
      "clients",
      async ({ context }) =>
        defineForm({
          formType: DEVICES,
          fields: {
            signout: {
              type: "list-multi",
              label: "Sign out",
              options: (await clientsOf(host, context.account)).map((client) => ({
                value: client.key,
                label: labelOf(client, context.session),
              })),
            },
          },
        }),
      {
        title: "My devices",
        instructions: [
          "These clients are connected, or may log in without the password.",
          "Those that you choose are signed out at once. One that knows the password can come back: change the password if you do not trust it.",
        ],
      },
    )
    .run(async ({ values, context }) => {
      const clients = await clientsOf(host, context.account);
      const chosen = (values.clients.signout ?? []).map((key) => {
        const client = clients.find((one) => one.key === key);
        if (client !== undefined) return client;
        throw commandError("bad-payload", "one of the clients is gone already; look again");
      });
      const notes: CommandNote[] = [];
      // the own one last, or nobody would get the answers
      for (const client of ownLast(chosen, context)) {
        await signOut(host, client, context);
        notes.push({ type: "info", text: `Signed out: ${labelOf(client, context.session)}` });
      }
      return { notes };
    });
}

function ownLast(clients: readonly Client[], { session }: CommandContext): readonly Client[] {
  const isOwn = (client: Client): boolean =>
    session !== undefined && client.sessions.includes(session);
  return clients.toSorted((a, b) => Number(isOwn(a)) - Number(isOwn(b)));
}

async function signOut(
  host: Host,
  { device, sessions }: Client,
  { account }: CommandContext,
): Promise<void> {
  if (device !== undefined) await host.devices.revoke(account, device.id);
  for (const session of sessions) {
    session.close(new StreamError("not-authorized", "this client was signed out"));
  }
  host.log.info("a client was signed out by its owner", { account: account.toString() });
}
