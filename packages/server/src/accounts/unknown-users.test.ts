/** Who has no account looks like who has one, on every path to a failed login. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { type TestClient, TestServer } from "@rookery/testkit";
import { type Element, serialize } from "@rookery/xml";

const TRIES = 300;
/**
 * Measured again so often before it is a failure: other work on the machine makes now the one and now
 * the other seem slower, what the server does differently always the same.
 */
const ROUNDS = 9;
const MOST_APART = 0.05;

type Try = (client: TestClient, username: string) => Promise<readonly Element[]>;

const byPlain: Try = async (client, username) => {
  const message = Buffer.from(`\0${username}\0wrong`).toString("base64");
  client.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${message}</auth>`);
  return [await client.element()];
};

function byScram(hash: "1" | "256" | "512", bytes: number): Try {
  return async (client, username) => {
    const first = Buffer.from(`n,,n=${username},r=abcdefghijklmnop`).toString("base64");
    client.send(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-${hash}'>${first}</auth>`);
    const challenge = await client.element();
    const nonce = /r=([^,]*)/.exec(Buffer.from(challenge.text, "base64").toString())?.[1];
    const proof = Buffer.alloc(bytes).toString("base64");
    const final = Buffer.from(`c=biws,r=${nonce},p=${proof}`).toString("base64");
    client.send(`<response xmlns='${NS.sasl}'>${final}</response>`);
    return [challenge, await client.element()];
  };
}

const PATHS: readonly (readonly [string, Try])[] = [
  ["PLAIN", byPlain],
  ["SCRAM-SHA-1", byScram("1", 20)],
  ["SCRAM-SHA-256", byScram("256", 32)],
  ["SCRAM-SHA-512", byScram("512", 64)],
];

async function withClient(
  scene: (client: TestClient, stage: TestServer) => Promise<void>,
): Promise<void> {
  const limits = { authenticationTries: 1_000_000, loginDelaySeconds: 0, c2sBytesPerSecond: 0 };
  await using stage = await TestServer.start({
    config: { auth: { requireTls: false, plainWithoutTls: true }, limits },
  });
  await stage.accounts("romeo@example.org");
  const client = stage.connect();
  await client.open("example.org");
  await scene(client, stage);
  await client.close();
}

for (const [name, attempt] of PATHS) {
  test(`${name}: an unknown user is answered in the same words as a known one`, () =>
    withClient(async (client) => {
      const shapes = new Set<string>();
      for (const username of ["romeo", "juliet", "nobody", "romeo"]) {
        shapes.add((await attempt(client, username)).map(shape).join("\n"));
      }
      assert.equal(shapes.size, 1, [...shapes].join("\n"));
    }));

  test(`${name}: medians of ${TRIES} tries as an unknown and as a known user are within 5 %`, () =>
    withClient(async (client) => {
      const apart: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        apart.push(await measure(client, attempt));
        if (Math.abs(median(apart)) <= MOST_APART) return;
      }
      assert.fail(`the medians are ${apart.map((one) => `${(one * 100).toFixed(1)} %`)} apart`);
    }));
}

/** By how much of the smaller one the medians differ, below zero if the unknown one is faster; the tries take turns. */
async function measure(client: TestClient, attempt: Try): Promise<number> {
  const times = { romeo: [] as number[], juliet: [] as number[] };
  for (let i = 0; i < TRIES; i++) {
    const order = i % 2 === 0 ? (["romeo", "juliet"] as const) : (["juliet", "romeo"] as const);
    for (const username of order) {
      const start = performance.now();
      await attempt(client, username);
      times[username].push(performance.now() - start);
    }
  }
  const [known, unknown] = [median(times.romeo), median(times.juliet)];
  return (unknown - known) / Math.min(known, unknown);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [below = 0, above = below] = sorted.slice(Math.ceil(sorted.length / 2) - 1);
  return sorted.length % 2 === 1 ? below : (below + above) / 2;
}

/** What an answer says, without what is different for each user and try: salt and nonce. */
function shape(element: Element): string {
  if (element.name !== "challenge") return serialize(element, NS.sasl);
  const text = Buffer.from(element.text, "base64").toString();
  return text.replace(/r=[^,]*/, "r=…").replace(/s=([^,]*)/, (_all, salt) => `s=${salt.length}`);
}
