import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import type { TestClient, TestServer } from "@rookery/testkit";
import {
  type ManagedClient,
  managed,
  resumes,
} from "../../streams/stream-management/stage.test.ts";
import { type AppServer, enables, staged, type Told } from "./stage.test.ts";

const JULIET = "juliet@example.org";
const CSI = "urn:xmpp:csi:0";
const chat = (text: string, to = JULIET): string =>
  `<message to='${to}' type='chat'><body>${text}</body></message>`;

/** A phone with stream management that wants to be woken, and has acknowledged all. */
async function phoneOf(stage: TestServer, resource = "phone", node = "n1"): Promise<ManagedClient> {
  const phone = await managed(stage, `${JULIET}/${resource}`);
  phone.client.send("<presence/>");
  phone.client.send(
    `<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='app.example.net' node='${node}'/></iq>`,
  );
  while ((await phone.stanza()).attr("id") !== "e") {
    // presence
  }
  await phone.handled();
  phone.acknowledge();
  await phone.handled();
  return phone;
}

async function says(client: TestClient, ...stanzas: readonly string[]): Promise<void> {
  for (const stanza of stanzas) client.send(stanza);
  await client.sync();
}

const nodes = (told: readonly Told[]): readonly string[] => told.map(({ node }) => node);

async function isCutOff(stage: TestServer, { client }: ManagedClient): Promise<void> {
  client.cut();
  await stage.settled();
}

interface Scene {
  readonly stage: TestServer;
  readonly app: AppServer;
  readonly romeo: TestClient;
  readonly phone: ManagedClient;
}

function scene(play: (scene: Scene) => Promise<void>) {
  return async (): Promise<void> => {
    const { stage, app } = await staged();
    await using _ = stage;
    const romeo = await stage.login("romeo@example.org/orchard");
    await play({ stage, app, romeo, phone: await phoneOf(stage) });
  };
}

test(
  "a client whose session waits for it is woken at once, and once, until it comes back",
  scene(async ({ stage, app, romeo, phone }) => {
    await isCutOff(stage, phone);
    await says(romeo, chat("one"));
    assert.deepEqual(nodes(await app.told()), ["n1"]);
    const { answer, client } = await resumes(stage, JULIET, phone);
    assert.equal(answer.name, "resumed");
    assert.equal((await client.stanza()).elements()[0]?.text, "one");
    client.acknowledge();
    await client.handled();
    assert.deepEqual(await app.passes(stage.clock, 15_000), []);
    await isCutOff(stage, client);
    await says(romeo, chat("two"));
    assert.deepEqual(nodes(await app.told()), ["n1"]);
  }),
);

test(
  "a client that acknowledges is not woken, one that does not is, after pushUnackedSeconds",
  scene(async ({ stage, app, romeo, phone }) => {
    await says(romeo, chat("one"));
    await phone.stanza();
    phone.acknowledge();
    await phone.handled();
    assert.deepEqual(await app.passes(stage.clock, 30_000), []);
    await says(romeo, chat("two"), chat("three"));
    assert.deepEqual(await app.passes(stage.clock, 9999), []);
    const told = await app.passes(stage.clock, 1);
    assert.deepEqual(
      told.map(({ summary }) => summary["message-count"]),
      ["2"],
    );
    assert.deepEqual(await app.passes(stage.clock, 60_000), []);
  }),
);

test(
  "so is one that says it is inactive (XEP-0352): it gets its messages, and is not woken for them",
  scene(async ({ stage, app, romeo, phone }) => {
    if (!stage.server.host("example.org").modules.has("client-state")) return;
    phone.client.write(`<inactive xmlns='${CSI}'/>`);
    await phone.handled();
    await says(romeo, chat("one"));
    assert.equal((await phone.stanza()).elements()[0]?.text, "one");
    phone.acknowledge();
    await phone.handled();
    assert.deepEqual(await app.passes(stage.clock, 30_000), []);
  }),
);

test(
  "what a client had not acknowledged when it was lost wakes it, and its end does not once more",
  scene(async ({ stage, app, romeo, phone }) => {
    await says(romeo, chat("one"));
    assert.deepEqual(await app.told(), []);
    await isCutOff(stage, phone);
    assert.deepEqual(nodes(await app.told()), ["n1"]);
    assert.deepEqual(await app.passes(stage.clock, 700_000), []); // the session has ended
    assert.equal(stage.server.sessions.of(Jid.parse(JULIET)).length, 0);
    await says(romeo, chat("two"));
    assert.deepEqual(nodes(await app.told()), ["n1"]);
  }),
);

test(
  "what is sent again after a client came back, and is not acknowledged, wakes it again",
  scene(async ({ stage, app, romeo, phone }) => {
    await isCutOff(stage, phone);
    await says(romeo, chat("one"));
    assert.equal((await app.told()).length, 1);
    const { client } = await resumes(stage, JULIET, phone);
    await client.stanza();
    assert.deepEqual(await app.passes(stage.clock, 9999), []);
    assert.equal((await app.passes(stage.clock, 1)).length, 1);
  }),
);

test(
  "of two clients the one that is away is woken",
  scene(async ({ stage, app, romeo, phone }) => {
    const tablet = await phoneOf(stage, "tablet", "n2");
    await phone.handled();
    phone.acknowledge();
    await phone.handled();
    await isCutOff(stage, tablet);
    await says(romeo, chat("one"));
    assert.deepEqual(nodes(await app.told()), ["n2"]);
    phone.client.clear();
  }),
);

test(
  "what a room tells a client that is away wakes that client, and no other",
  scene(async ({ stage, app, romeo, phone }) => {
    const gone = await stage.login(`${JULIET}/gone`);
    await enables(gone, "n3");
    await gone.close();
    const room = (inside: string): string =>
      `<message to='${JULIET}/phone' type='groupchat'>${inside}</message>`;
    await isCutOff(stage, phone);
    await says(romeo, room("<subject>s</subject>"));
    assert.deepEqual(await app.told(), []);
    await says(romeo, room("<body>all</body>"));
    assert.deepEqual(nodes(await app.told()), ["n1"]);
  }),
);

test(
  "whoever knew the old password is told of nothing more, the client that changed it is",
  scene(async ({ stage, app, romeo, phone }) => {
    const tablet = await phoneOf(stage, "tablet", "n2");
    const account = Jid.parse(JULIET);
    const host = stage.server.host("example.org");
    const [, by] = stage.server.sessions.of(account);
    assert.equal(by?.jid.resource, "tablet");
    await host.accountChanged({ account, why: "password", by });
    await stage.settled();
    await isCutOff(stage, tablet);
    assert.ok(phone.client.closed);
    await says(romeo, chat("one"));
    assert.deepEqual(nodes(await app.told()), ["n2"]);
    await host.accountChanged({ account, why: "disabled", by: undefined });
    await stage.settled();
    await app.passes(stage.clock, 30_000);
    await says(romeo, chat("two"));
    assert.deepEqual(await app.told(), []);
  }),
);
