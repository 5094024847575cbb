/** What administrators do to accounts while the server is down: the command line opens the data itself. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Jid, SM_NS } from "@rookery/protocol";
import { PASSWORD, type TestClient, TestServer } from "@rookery/testkit";
import { Administration } from "../admin/administration.ts";
import { needing } from "../modules/left-out.test.ts";
import {
  BIND,
  byPassword,
  byToken,
  FAST,
  PHONE,
  REQUEST,
  refused,
  secured,
  welcomed,
} from "../streams/features/sasl2-stage.test.ts";
import { authenticated } from "../streams/stream-management/stage.test.ts";

const ROMEO = Jid.parse("romeo@example.org");
const MANAGED = BIND.replace("</bind>", `<enable xmlns='${SM_NS}' resume='true'/></bind>`);

interface Left {
  readonly token: string;
  /** SM-IDs of romeo: of a client with a token, and of one that has none. */
  readonly ids: readonly string[];
  readonly juliet: string;
}

interface Scene {
  /** Opens the data without listening, as the command line does. */
  readonly change: (work: (admin: Administration) => Promise<unknown>) => Promise<void>;
  readonly start: () => Promise<TestServer>;
  readonly left: Left;
}

/** Two clients of romeo, and one of juliet, are away when the server stops; a message waits for romeo. */
async function stopped(scene: (scene: Scene) => Promise<void>): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), "rookery-restart-"));
  const start = (): Promise<TestServer> =>
    TestServer.start({ config: { storage: "sqlite", data } });
  try {
    const left = await leaves(start);
    const change: Scene["change"] = async (work) => {
      await using stage = await start();
      await work(new Administration(stage.server));
    };
    await scene({ change, start, left });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function leaves(start: () => Promise<TestServer>): Promise<Left> {
  await using stage = await start();
  await stage.accounts("romeo@example.org", "juliet@example.org");
  const phone = await secured(stage);
  phone.send(byPassword({ device: PHONE, inline: REQUEST + MANAGED }));
  const { token = "", inline } = await welcomed(phone);
  const bound = inline.find(({ name }) => name === "bound");
  const first = bound?.child(SM_NS, "enabled")?.attr("id") ?? "";
  const other = await stage.login("romeo@example.org/other");
  const second = await enabled(other);
  const juliet = await stage.login("juliet@example.org/balcony");
  const third = await enabled(juliet);
  for (const client of [phone, other]) {
    client.send("<presence/>");
    await client.sync();
    client.cut();
  }
  juliet.send("<message to='romeo@example.org' type='chat'><body>one</body></message>");
  await juliet.sync();
  juliet.cut();
  return { token, ids: [first, second], juliet: third };
}

async function enabled(client: TestClient): Promise<string> {
  client.write(`<enable xmlns='${SM_NS}' resume='true'/>`);
  return (await client.element()).attr("id") ?? "";
}

/** What a client that has logged in is answered when it asks for a session. */
async function resuming(client: TestClient, id: string): Promise<string> {
  client.write(`<resume xmlns='${SM_NS}' previd='${id}' h='0'/>`);
  return (await client.element()).name;
}

test("a session and a token from before the stop are good after the start if nothing was changed", () =>
  stopped(async ({ change, start, left }) => {
    await change((admin) => admin.listUsers(undefined, undefined, 10));
    await using stage = await start();
    assert.equal(stage.server.sessions.of(ROMEO).length, 2);
    for (const id of left.ids) {
      assert.equal(await resuming(await authenticated(stage, "romeo@example.org"), id), "resumed");
    }
    const client = await secured(stage);
    client.send(byToken(left.token));
    await welcomed(client);
  }));

test(
  "another password while the server is down ends sessions and tokens, and no message is lost",
  needing("offline"),
  () =>
    stopped(async ({ change, start, left }) => {
      await change((admin) => admin.setPassword("romeo@example.org", "another"));
      await using stage = await start();
      assert.deepEqual(stage.server.sessions.of(ROMEO), []);
      for (const id of left.ids) {
        const client = stage.connect();
        await client.authenticate(ROMEO, "another");
        assert.equal(await resuming(client, id), "failed");
      }
      const client = await secured(stage);
      client.send(byToken(left.token, { inline: FAST + BIND }));
      assert.equal(await refused(client), "not-authorized");
      client.send(byPassword({ password: PASSWORD }));
      assert.equal(await refused(client), "not-authorized");
      client.send(byPassword({ password: "another" }));
      await welcomed(client);
      client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
      assert.equal((await client.element()).attr("type"), "result");
      client.send("<presence/>");
      for (;;) {
        const element = await client.element();
        if (element.name !== "message") continue;
        assert.equal(element.child("jabber:client", "body")?.text, "one");
        break;
      }
      const juliet = await authenticated(stage, "juliet@example.org");
      assert.equal(await resuming(juliet, left.juliet), "resumed", "nobody else is concerned");
    }),
);

test("an account that is disabled, expired or removed while the server is down keeps no session and no token", () =>
  stopped(async ({ change, start, left }) => {
    await change((admin) => admin.setStatus("romeo@example.org", { disabled: true }));
    {
      await using stage = await start();
      assert.deepEqual(stage.server.sessions.of(ROMEO), []);
      const client = await secured(stage);
      client.send(byToken(left.token));
      assert.equal(await refused(client), "not-authorized", "the token is gone");
      client.send(byPassword());
      assert.equal(await refused(client), "account-disabled");
    }
    await change((admin) => admin.setStatus("romeo@example.org", { disabled: false }));
    {
      await using stage = await start();
      for (const id of left.ids) {
        const client = await authenticated(stage, "romeo@example.org");
        assert.equal(
          await resuming(client, id),
          "failed",
          "they do not come back with the account",
        );
      }
    }
    await change((admin) => admin.setStatus("juliet@example.org", { expired: true }));
    await change((admin) => admin.removeUser("romeo@example.org"));
    await using stage = await start();
    assert.equal(stage.server.sessions.size, 0);
    await stage.accounts("romeo@example.org");
    const next = await secured(stage);
    next.send(byToken(left.token));
    assert.equal(await refused(next), "not-authorized");
    for (const id of left.ids) {
      const client = await authenticated(stage, "romeo@example.org");
      assert.equal(await resuming(client, id), "failed");
    }
  }));

test("XEP-0198 §5: the sessions of clients that are away end with the password of a server that runs", () =>
  stopped(async ({ start, left }) => {
    await using stage = await start();
    const { administration, devices } = stage.server.host("example.org");
    assert.equal(await devices.revoke(ROMEO, PHONE), true);
    assert.equal(stage.server.sessions.of(ROMEO).length, 1, "that of the client with the token");
    await administration.setPassword(ROMEO, "another");
    assert.deepEqual(stage.server.sessions.of(ROMEO), []);
    for (const id of left.ids) {
      const client = stage.connect();
      await client.authenticate(ROMEO, "another");
      assert.equal(await resuming(client, id), "failed");
    }
  }));
