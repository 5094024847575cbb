import { readFile } from "node:fs/promises";
import type { Client } from "@rookery/client";
import { connectClient } from "@rookery/client/node";
import { command, dataForm, INVITE_COMMANDS, Jid, readInvitation } from "@rookery/protocol";
import { PASSWORD, type Served } from "./served.ts";

/** Makes two users contacts who see each other's presence (RFC 6121 §3.1). */
export async function befriend(served: Served, one: string, other: string): Promise<void> {
  const [first, second] = await Promise.all([connect(served, one), connect(served, other)]);
  await Promise.all([first.asks(other), second.asks(one)]);
  await Promise.all([first.client.close(), second.client.close()]);
}

interface Befriending {
  readonly client: Client;
  /** Asks for presence; resolves when it was granted both ways. */
  asks(name: string): Promise<void>;
}

async function connect(served: Served, name: string): Promise<Befriending> {
  const granted = Promise.withResolvers<void>();
  const wasAsked = Promise.withResolvers<void>();
  const client = await logIn(served, name, (own) => {
    own.onPresence(({ type, from }) => {
      if (type === "subscribe") wasAsked.resolve();
      // who has asked for no roster is not told of the answer, but sees its effect
      if (type === "available" && from.local !== name) granted.resolve();
    });
  });
  await client.send({ kind: "presence" });
  return {
    client,
    async asks(contact) {
      const to = Jid.of(contact, "localhost");
      await client.send({ kind: "presence", type: "subscribe", to });
      await wasAsked.promise;
      await client.send({ kind: "presence", type: "subscribed", to });
      await granted.promise;
    },
  };
}

/** Has a user invite somebody to be in touch (XEP-0401 §3.1); gives the page of the invitation. */
export async function inviteAs(served: Served, name: string): Promise<string> {
  const client = await logIn(served, name);
  const to = Jid.of("", "localhost");
  const wanted = { node: INVITE_COMMANDS.invite, notes: [], payload: [] };
  const { payload } = await client.request(
    { type: "set", to, payload: command.write(wanted) },
    command,
  );
  await client.close();
  const form = dataForm.in({ children: payload });
  const { landingUrl } = form ? readInvitation(form) : {};
  if (landingUrl === undefined) throw new Error("the invitation has no page");
  return landingUrl;
}

async function logIn(
  served: Served,
  name: string,
  setup?: (client: Client) => void,
): Promise<Client> {
  const options = {
    jid: `${name}@localhost`,
    password: PASSWORD,
    host: "127.0.0.1",
    port: served.c2s,
    ca: await readFile(served.certificate, "utf8"),
  };
  return connectClient(options, setup);
}
