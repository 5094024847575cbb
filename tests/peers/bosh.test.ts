import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Jid } from "@rookery/protocol";
import { createServer, type Server } from "@rookery/server";
import { BoshClient } from "./strophe/bosh-client.ts";
import { cutRequests } from "./strophe/dom.ts";

const LIMIT = { timeout: 60_000 };
const PASSWORD = "pencil, and more";
const ROSTER = { xmlns: "jabber:iq:roster" };

/** A server with BOSH on a free port, that stops with the test. */
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

/** A client of Strophe.js that ends with the test. */
async function client(t: TestContext, server: Server): Promise<BoshClient> {
  const strophe = await BoshClient.load(`http://127.0.0.1:${server.ports.http[0]}/http-bind`);
  t.after(() => strophe.end());
  return strophe;
}

async function login(t: TestContext, server: Server, jid: string): Promise<BoshClient> {
  const strophe = await client(t, server);
  strophe.connect(jid, PASSWORD);
  await strophe.status("CONNECTED");
  return strophe;
}

test("Strophe.js logs in over BOSH, has a roster and chats", LIMIT, async (t) => {
  const server = await serving(t, "romeo", "juliet");
  const romeo = await login(t, server, "romeo@localhost/orchard");
  const juliet = await login(t, server, "juliet@localhost/balcony");
  assert.equal(romeo.jid, "romeo@localhost/orchard");
  for (const person of [romeo, juliet]) {
    await person.ask(person.$iq({ type: "get" }).c("query", ROSTER));
    person.send(person.$pres());
    await person.next("presence");
  }
  romeo.send(romeo.$pres({ to: "juliet@localhost", type: "subscribe" }));
  assert.equal((await juliet.next("presence")).getAttribute("type"), "subscribe");
  juliet.send(juliet.$pres({ to: "romeo@localhost", type: "subscribed" }));
  const subscribed = await romeo.next("presence");
  assert.equal(subscribed.getAttribute("type"), "subscribed");
  assert.equal((await romeo.next("presence")).getAttribute("from"), "juliet@localhost/balcony");
  const roster = await romeo.ask(romeo.$iq({ type: "get" }).c("query", ROSTER));
  const [item] = roster.getElementsByTagName("item");
  assert.equal(item?.getAttribute("jid"), "juliet@localhost");
  assert.equal(item?.getAttribute("subscription"), "to");

  const body = `<i>'tis</i> & "so" 🌙\n ]]>`;
  romeo.send(romeo.$msg({ to: "juliet@localhost", type: "chat" }).c("body").t(body));
  const heard = await juliet.next("message");
  assert.equal(heard.getAttribute("from"), "romeo@localhost/orchard");
  assert.equal(heard.getElementsByTagName("body")[0]?.textContent, body);
  juliet.send(juliet.$msg({ to: "romeo@localhost/orchard", type: "chat" }).c("body").t("Aye"));
  assert.equal((await romeo.next("message")).textContent, "Aye");

  romeo.disconnect();
  await romeo.status("DISCONNECTED");
  juliet.disconnect();
  await juliet.status("DISCONNECTED");
  assert.equal(server.sessions.size, 0);
});

test("Strophe.js is told that a password is wrong", LIMIT, async (t) => {
  const server = await serving(t, "romeo");
  const romeo = await client(t, server);
  romeo.connect("romeo@localhost", "wrong");
  await romeo.status("AUTHFAIL");
});

test(
  "a session of Strophe.js goes on after its connections were cut, and misses nothing",
  LIMIT,
  async (t) => {
    const server = await serving(t, "romeo", "juliet");
    const romeo = await login(t, server, "romeo@localhost/orchard");
    const juliet = await login(t, server, "juliet@localhost/balcony");
    for (let round = 0; round < 3; round++) {
      romeo.send(
        romeo.$msg({ to: "juliet@localhost/balcony", type: "chat" }).c("body").t(`a${round}`),
      );
      juliet.send(
        juliet.$msg({ to: "romeo@localhost/orchard", type: "chat" }).c("body").t(`b${round}`),
      );
      await setTimeout(round * 90);
      cutRequests();
      assert.equal((await juliet.next("message")).textContent, `a${round}`);
      assert.equal((await romeo.next("message")).textContent, `b${round}`);
      await setTimeout(200);
    }
    assert.ok(cutRequests() > 0);
    assert.equal(server.sessions.size, 2);
    romeo.disconnect();
    juliet.disconnect();
    await romeo.status("DISCONNECTED");
    await juliet.status("DISCONNECTED");
  },
);

test("Strophe.js is told when the server stops", LIMIT, async (t) => {
  const server = await serving(t, "romeo");
  const romeo = await login(t, server, "romeo@localhost/orchard");
  // it asks for what is new a moment after it has logged in
  await setTimeout(500);
  await server.stop();
  await romeo.status("DISCONNECTED");
});
