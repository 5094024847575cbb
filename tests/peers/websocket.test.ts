import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Jid } from "@rookery/protocol";
import { createServer, type Server } from "@rookery/server";
import { type Agent, createClient } from "stanza";
import { BoshClient as StropheClient } from "./strophe/bosh-client.ts";
import { within } from "./support/wait.ts";

const LIMIT = { timeout: 60_000 };
const WAIT_MS = 15_000;
const PASSWORD = "pencil, and more";
const ROSTER = { xmlns: "jabber:iq:roster" };
const BODY = `<i>'tis</i> & "so" 🌙\n ]]>`;

/** A server with WebSocket on a free port, that stops with the test. */
async function serving(t: TestContext, ...users: readonly string[]): Promise<Server> {
  const server = await createServer({
    domains: [{ name: "localhost" }],
    storage: "memory",
    listen: { c2s: false, c2sTls: false, http: "127.0.0.1:0", https: false },
  });
  t.after(() => server.stop());
  for (const user of users) {
    await server.host("localhost").accounts.create(Jid.parse(`${user}@localhost`), PASSWORD);
  }
  await server.listen();
  return server;
}

function url(server: Server): string {
  return `ws://127.0.0.1:${server.ports.http[0]}/xmpp-websocket`;
}

async function strophe(server: Server, jid: string, password = PASSWORD): Promise<StropheClient> {
  const client = await StropheClient.load(url(server));
  client.connect(jid, password);
  return client;
}

/** A client of stanza; it leaves with the test. */
function stanza(t: TestContext, server: Server, jid: string, password = PASSWORD): Agent {
  const client = createClient({
    jid,
    password,
    server: "localhost",
    transports: { websocket: url(server), bosh: false },
    autoReconnect: false,
  });
  t.after(() => client.disconnect());
  return client;
}

function heard<T>(
  client: Agent,
  event: string,
  wanted: (data: T) => boolean = () => true,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  client.on(event as "*", (data: unknown) => {
    if (wanted(data as T)) resolve(data as T);
  });
  return within(WAIT_MS, promise, () => new Error(`waited for "${event}"`));
}

test("Strophe.js logs in over WebSocket, has a roster and chats", LIMIT, async (t) => {
  const server = await serving(t, "romeo", "juliet");
  const romeo = await strophe(server, "romeo@localhost/orchard");
  const juliet = await strophe(server, "juliet@localhost/balcony");
  for (const client of [romeo, juliet]) {
    await client.status("CONNECTED");
    await client.ask(client.$iq({ type: "get" }).c("query", ROSTER));
    client.send(client.$pres());
    await client.next("presence");
  }
  romeo.send(romeo.$pres({ to: "juliet@localhost", type: "subscribe" }));
  assert.equal((await juliet.next("presence")).getAttribute("type"), "subscribe");
  juliet.send(juliet.$pres({ to: "romeo@localhost", type: "subscribed" }));
  assert.equal((await romeo.next("presence")).getAttribute("type"), "subscribed");
  assert.equal((await romeo.next("presence")).getAttribute("from"), "juliet@localhost/balcony");
  const roster = await romeo.ask(romeo.$iq({ type: "get" }).c("query", ROSTER));
  const [item] = roster.getElementsByTagName("item");
  assert.equal(item?.getAttribute("jid"), "juliet@localhost");

  romeo.send(romeo.$msg({ to: "juliet@localhost", type: "chat" }).c("body").t(BODY));
  const message = await juliet.next("message");
  assert.equal(message.getAttribute("from"), "romeo@localhost/orchard");
  assert.equal(message.getElementsByTagName("body")[0]?.textContent, BODY);

  romeo.disconnect();
  juliet.disconnect();
  await romeo.status("DISCONNECTED");
  await juliet.status("DISCONNECTED");
  assert.equal(server.sessions.size, 0);
});

test("Strophe.js is told over WebSocket that a password is wrong", LIMIT, async (t) => {
  const server = await serving(t, "romeo");
  const client = await strophe(server, "romeo@localhost", "wrong");
  await client.status("AUTHFAIL");
});

test("stanza logs in over WebSocket, has a roster and chats with Strophe.js", LIMIT, async (t) => {
  const server = await serving(t, "romeo", "juliet");
  const juliet = stanza(t, server, "juliet@localhost/balcony");
  const started = heard<unknown>(juliet, "session:started");
  juliet.connect();
  await started;
  assert.match(juliet.jid, /^juliet@localhost\/./); // it lets the server name the resource
  assert.deepEqual((await juliet.getRoster()).items, []);
  juliet.sendPresence();
  const romeo = await strophe(server, "romeo@localhost/orchard");
  await romeo.status("CONNECTED");
  romeo.send(romeo.$pres());

  const message = heard<{ from: string; body: string }>(juliet, "chat");
  romeo.send(romeo.$msg({ to: "juliet@localhost", type: "chat" }).c("body").t(BODY));
  const { from, body } = await message;
  assert.deepEqual({ from, body }, { from: "romeo@localhost/orchard", body: BODY });
  juliet.sendMessage({ to: "romeo@localhost", body: BODY, type: "chat" });
  const answer = await romeo.next("message");
  assert.equal(answer.getElementsByTagName("body")[0]?.textContent, BODY);

  const gone = heard<unknown>(juliet, "disconnected");
  juliet.disconnect();
  await gone;
  romeo.disconnect();
  await romeo.status("DISCONNECTED");
  assert.equal(server.sessions.size, 0);
});

test("stanza is told over WebSocket that a password is wrong", LIMIT, async (t) => {
  const server = await serving(t, "romeo");
  const client = stanza(t, server, "romeo@localhost", "wrong");
  const failed = heard<unknown>(client, "auth:failed");
  client.connect();
  await failed;
});

test("stanza goes on with its session after its WebSocket was cut", LIMIT, async (t) => {
  const server = await serving(t, "romeo", "juliet");
  const juliet = stanza(t, server, "juliet@localhost/balcony");
  juliet.updateConfig({ useStreamManagement: true, autoReconnect: true });
  const started = heard<unknown>(juliet, "session:started");
  juliet.connect();
  await started;
  juliet.sendPresence();
  await juliet.ping("localhost");
  const romeo = await strophe(server, "romeo@localhost/orchard");
  await romeo.status("CONNECTED");

  const message = heard<{ body: string }>(juliet, "chat");
  const resumed = heard<unknown>(juliet, "stream:management:resumed");
  const { socket } = juliet.transport as unknown as { readonly socket: { close(): void } };
  socket.close();
  romeo.send(romeo.$msg({ to: "juliet@localhost", type: "chat" }).c("body").t("while away"));
  await resumed;
  assert.equal((await message).body, "while away");
  juliet.updateConfig({ autoReconnect: false });
  romeo.disconnect();
  await romeo.status("DISCONNECTED");
});

test("Strophe.js is told over WebSocket when the server stops", LIMIT, async (t) => {
  const server = await serving(t, "romeo");
  const romeo = await strophe(server, "romeo@localhost/orchard");
  await romeo.status("CONNECTED");
  await server.stop();
  await romeo.status("DISCONNECTED");
});
