import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { connect, type RawClient, rosterGet } from "./stage.test.ts";

const COUNT = 100_000;
/** How long a flood may take altogether is not the question here. */
const FLOOD_MS = 50_000;

async function loggedIn(stage: TestServer, name: string): Promise<RawClient> {
  await stage.accounts(`${name}@example.org`);
  const client = connect(stage);
  await client.login(name, "x");
  return client;
}

/** What floods: answered at once, answered by a promise that is settled already, and much for one. */
const FLOODS: readonly (readonly [what: string, stanza: string])[] = [
  ["requests that are answered at once", "<iq type='result' id='1' to='example.org'/>"],
  [
    "messages to nobody, for whom storage is asked",
    "<message to='nobody@example.org' type='headline'/>",
  ],
  ["presence", "<presence/>"],
];

for (const [what, stanza] of FLOODS) {
  test(`a client that sends ${COUNT} stanzas in one go delays nobody else much: ${what}`, async () => {
    await using stage = await TestServer.start({ config: { limits: { c2sBytesPerSecond: 0 } } });
    const [romeo, juliet] = [await loggedIn(stage, "romeo"), await loggedIn(stage, "juliet")];
    const state = { done: false };
    romeo.write(stanza.repeat(COUNT) + rosterGet("done"));
    const flood = romeo.until("type='result' id='done'", FLOOD_MS).finally(() => {
      state.done = true;
    });
    const delays: number[] = [];
    for (let i = 0; !state.done; i++) {
      const asked = performance.now();
      juliet.write(rosterGet(`p${i}`));
      await juliet.until(`type='result' id='p${i}'`);
      delays.push(performance.now() - asked);
    }
    await flood;
    assert.ok(delays.length > COUNT / 50 / 20, `${delays.length} requests were answered meanwhile`);
    const slowest = delays.toSorted((a, b) => b - a)[Math.floor(delays.length / 100)] as number;
    assert.ok(slowest < 200, `99 of 100 requests are answered in ${slowest} ms`);
  });
}
