import assert from "node:assert/strict";
import { test } from "node:test";
import {
  deriveScramKeys,
  saltPassword,
  sasl2Continue,
  sasl2Next,
  sasl2TaskData,
  upgradeHash,
  upgradeSalt,
} from "@rookery/stream";
import { PASSWORD, type TestClient, TestServer } from "@rookery/testkit";
import { nodeCrypto } from "../../accounts/node-crypto.ts";
import {
  account,
  BIND,
  byPassword,
  byToken,
  FAST,
  PHONE,
  REQUEST,
  refused,
  secured,
  welcomed,
} from "./sasl2-stage.test.ts";

const UPGRADE = ["SHA-256", "SHA-512", "SHA-1"]
  .map((hash) => `<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-${hash}</upgrade>`)
  .join("");

/** A server with an account that comes from elsewhere, with keys for SHA-1 alone. */
async function staged(): Promise<TestServer> {
  const stage = await TestServer.start();
  const salt = Buffer.from("0123456789abcdef");
  const keys = await deriveScramKeys(nodeCrypto, "SHA-1", PASSWORD, salt, 4096);
  await stage.server.host("example.org").accounts.createWithKeys(account(), { "SHA-1": keys });
  return stage;
}

const hashes = async (stage: TestServer): Promise<readonly boolean[]> => {
  const { scram } = stage.server.host("example.org").accounts;
  const found = ["SHA-1", "SHA-256", "SHA-512"] as const;
  return Promise.all(found.map(async (h) => (await scram?.scram("romeo", h)) !== undefined));
};

/** Does one task as a client does. */
async function does(client: TestClient, hash: "SHA-256" | "SHA-512"): Promise<void> {
  const { tasks } = sasl2Continue.read(await client.element());
  assert.deepEqual(tasks, [`UPGR-SCRAM-${hash}`]);
  client.send(sasl2Next.write(`UPGR-SCRAM-${hash}`));
  const told = upgradeSalt.in({ children: sasl2TaskData.read(await client.element()) });
  assert.ok(told);
  assert.equal(told.iterations, 10_000);
  const salted = await saltPassword(nodeCrypto, hash, PASSWORD, told.salt, told.iterations);
  client.send(sasl2TaskData.write([upgradeHash.write(salted)]));
}

test("XEP-0480 §3: an account with keys for SHA-1 only gets those of better hashes from its client", async () => {
  await using stage = await staged();
  const client = await secured(stage);
  client.send(byPassword({ inline: UPGRADE + BIND }));
  await does(client, "SHA-256");
  await does(client, "SHA-512");
  assert.match((await welcomed(client)).identity, /^romeo@example\.org\/Test\//);
  assert.deepEqual(await hashes(stage), [true, true, true]);
  // they are good for the same password, and there is nothing more to do
  const { plain } = stage.server.host("example.org").accounts;
  assert.equal(await plain?.verify("romeo", PASSWORD), true);
  assert.equal(await plain?.verify("romeo", "another"), false);
  const again = await secured(stage);
  again.send(byPassword({ inline: UPGRADE + BIND }));
  await welcomed(again);
});

test("nobody is let in, nothing bound and nothing changed before the task is done", async () => {
  await using stage = await staged();
  for (const says of [
    sasl2Next.write("UPGR-SCRAM-SHA-512"), // not the one that is due
    sasl2TaskData.write([upgradeHash.write(new Uint8Array(32))]), // before its salt is known
    `<response xmlns='urn:xmpp:sasl:2'/>`,
    `<abort xmlns='urn:xmpp:sasl:2'/>`,
  ]) {
    const client = await secured(stage);
    client.send(byPassword({ inline: UPGRADE + BIND }));
    assert.equal((await client.element()).name, "continue");
    client.send(says);
    assert.match(await refused(client), /^(?:malformed-request|aborted)$/);
  }
  const client = await secured(stage);
  client.send(byPassword({ inline: UPGRADE }));
  await client.element();
  client.send(sasl2Next.write("UPGR-SCRAM-SHA-256"));
  await client.element();
  client.send(sasl2TaskData.write([upgradeHash.write(new Uint8Array(20))]));
  assert.equal(await refused(client), "malformed-request");
  assert.equal(stage.server.sessions.size, 0);
  assert.deepEqual(await hashes(stage), [true, false, false]);
});

test("a storage that fails is told as such, and nobody is let in", async () => {
  await using stage = await staged();
  const { accounts } = stage.server.host("example.org");
  const failing = (): Promise<void> => Promise.reject(new Error("disk on fire"));
  Object.defineProperty(accounts, "addScramKeys", { value: failing });
  const client = await secured(stage);
  client.send(byPassword({ inline: UPGRADE + BIND }));
  await does(client, "SHA-256");
  assert.equal(await refused(client), "temporary-auth-failure");
  assert.equal(stage.server.sessions.size, 0);
});

test("who logs in with a token does not set keys", async () => {
  await using stage = await staged();
  const first = await secured(stage);
  first.send(byPassword({ device: PHONE, inline: REQUEST }));
  const { token = "" } = await welcomed(first);
  const client = await secured(stage);
  client.send(byToken(token, { inline: FAST + UPGRADE }));
  await welcomed(client);
  assert.deepEqual(await hashes(stage), [true, false, false]);
});
