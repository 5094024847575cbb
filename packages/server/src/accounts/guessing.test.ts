/** Who guesses passwords, on the streams of clients. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { chooseMechanism, type PlainVerifier, sasl2Response } from "@rookery/stream";
import { PASSWORD, type TestClient, TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import {
  authenticate,
  byPassword,
  byToken,
  secured,
  welcomed,
  withToken,
} from "../streams/features/sasl2-stage.test.ts";
import { turns } from "../streams/stage.test.ts";
import { nodeCrypto } from "./node-crypto.ts";

const ATTACKER = "198.51.100.7";
const HOME = "192.0.2.1";
/** Twice `loginDelaySeconds`: the longest that anybody waits. */
const LONGEST_MS = 60_000;
const STEP_MS = 5000;

async function connected(stage: TestServer, address: string): Promise<TestClient> {
  const client = stage.connect(address);
  await client.open("example.org");
  return client;
}

/** Tries a password that is wrong, by SCRAM, which costs the server little. */
async function guesses(client: TestClient, username: string): Promise<void> {
  const first = Buffer.from(`n,,n=${username},r=abcdefghijklmnop`).toString("base64");
  client.send(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>${first}</auth>`);
  const challenge = Buffer.from((await client.element()).text, "base64").toString();
  const nonce = /r=([^,]*)/.exec(challenge)?.[1];
  const proof = Buffer.alloc(32).toString("base64");
  const final = Buffer.from(`c=biws,r=${nonce},p=${proof}`).toString("base64");
  client.send(`<response xmlns='${NS.sasl}'>${final}</response>`);
}

/** The answer, for which the clock is moved as far as it takes. */
async function answer(stage: TestServer, client: TestClient): Promise<Element> {
  for (let ms = 0; client.queued.length === 0 && ms <= LONGEST_MS; ms += STEP_MS) {
    await turns();
    if (client.queued.length === 0) stage.clock.advance(STEP_MS);
  }
  return client.element();
}

/** Whether a client with the right password is let in at once. */
async function isLetIn(stage: TestServer, address: string, user: string): Promise<boolean> {
  const client = await secured(stage, address);
  const answered = client.element();
  client.send(byPassword({ user }));
  const next = await Promise.race([answered, realTime(300)]);
  client.cut();
  answered.catch(() => {});
  return next?.name === "success";
}

function realTime(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}

test("1,000 wrong passwords from one address slow that address and no one else, whoever they were for", async () => {
  const limits = { authenticationTries: 1000, c2sBytesPerSecond: 0, loginSeconds: 0 };
  await using stage = await TestServer.start({ config: { limits } });
  await stage.accounts("romeo@example.org", "juliet@example.org");
  const guesser = await connected(stage, ATTACKER);
  const began = stage.clock.now();
  for (let n = 0; n < 999; n++) {
    await guesses(guesser, ["romeo", "juliet", "nobody"][n % 3] ?? "");
    assert.equal((await answer(stage, guesser)).name, "failure");
  }
  const hours = (stage.clock.now() - began) / 3_600_000;
  assert.ok(hours > 6 && hours < 10, `${hours} hours for them`);
  await guesses(guesser, "romeo");
  assert.equal(await isLetIn(stage, ATTACKER, "romeo"), false, "by SASL2 neither");
  assert.equal(await isLetIn(stage, HOME, "romeo"), true);
  assert.equal(await isLetIn(stage, HOME, "juliet"), true);
});

test("who does not wait for the answer does not learn it from what comes next", async () => {
  await using stage = await TestServer.start({ config: { limits: { loginFailures: 1 } } });
  await stage.accounts("romeo@example.org");
  const wrong = await connected(stage, ATTACKER);
  for (let n = 0; n < 2; n++) {
    await guesses(wrong, "romeo");
    assert.equal((await answer(stage, wrong)).name, "failure");
  }
  const right = await secured(stage, ATTACKER);
  const scram = chooseMechanism(["SCRAM-SHA-256"], {
    crypto: nodeCrypto,
    username: "romeo",
    password: PASSWORD,
  });
  assert.ok(scram);
  right.send(authenticate(scram.name, scram.start() ?? new Uint8Array()));
  const challenge = Buffer.from((await right.element()).text, "base64");
  right.send(sasl2Response.write(await scram.respond(challenge)));
  await realTime(50); // it is verified
  assert.deepEqual(right.queued, [], "it has to wait");
  right.cut();
  await turns();
  await guesses(wrong, "romeo");
  await turns(50);
  assert.deepEqual(wrong.queued, [], "the address is not one of the account's");
  assert.equal((await answer(stage, wrong)).name, "failure");
});

test("a token, which nobody can guess, does not wait, and a wrong one makes nobody wait", async () => {
  await using stage = await TestServer.start({ config: { limits: { loginFailures: 2 } } });
  await stage.accounts("juliet@example.org");
  const token = await withToken(stage);
  const stale = await secured(stage, ATTACKER);
  for (let n = 0; n < 4; n++) {
    stale.send(byToken("of long ago"));
    assert.equal((await stale.element()).name, "failure");
  }
  assert.equal(await isLetIn(stage, ATTACKER, "juliet"), true);
  const guesser = await connected(stage, ATTACKER);
  for (let n = 0; n < 4; n++) {
    await guesses(guesser, "tybalt");
    assert.equal((await answer(stage, guesser)).name, "failure");
  }
  assert.equal(await isLetIn(stage, ATTACKER, "tybalt"), false);
  const romeo = await secured(stage, ATTACKER);
  romeo.send(byToken(token));
  await welcomed(romeo);
});

test("a password that has to wait is not verified before, and not at all once the client is gone", async () => {
  const limits = { loginFailures: 1, loginForgetSeconds: 3600, loginSeconds: 0 };
  await using stage = await TestServer.start({ config: { limits } });
  await stage.accounts("romeo@example.org");
  const plain = stage.server.host("example.org").accounts.plain as {
    verify: PlainVerifier["verify"];
  };
  const { verify } = plain;
  let verified = 0;
  plain.verify = (...asked) => {
    verified++;
    return verify(...asked);
  };
  const guesser = await connected(stage, ATTACKER);
  await guesses(guesser, "romeo");
  assert.equal((await answer(stage, guesser)).name, "failure");
  const hasty = await Promise.all(Array.from({ length: 20 }, () => secured(stage, ATTACKER)));
  for (const client of hasty) {
    client.send(byPassword());
    await turns();
    client.cut();
  }
  await realTime(20);
  stage.clock.advance(LONGEST_MS);
  await realTime(50);
  assert.equal(verified, 0);
  const patient = await connected(stage, ATTACKER);
  const message = Buffer.from(`\0romeo\0${PASSWORD}`).toString("base64");
  patient.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${message}</auth>`);
  await turns();
  assert.equal(verified, 0);
  stage.clock.advance(LONGEST_MS);
  assert.equal((await patient.element()).name, "success");
  await patient.open("example.org");
  assert.equal(verified, 1);
});
