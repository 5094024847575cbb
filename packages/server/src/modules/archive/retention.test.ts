import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { conversation, Person, type TestServer } from "@rookery/testkit";
import { durationMs } from "../../duration.ts";
import { ask, cast, form, page, talks } from "./archive-scene.test.ts";

const HOUR = 3_600_000;

/** Time goes by until archives were gone through. */
async function later(stage: TestServer, ms: number): Promise<void> {
  stage.clock.advance(ms);
  for (let n = 0; n < 50; n++) await new Promise(setImmediate);
}

test(
  "XEP-0313 §3.2: the option keep removes what is older, and leaves no holes",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await talks(romeo, stage, "juliet@example.org", 3);
      // who says nothing for so long is disconnected
      await later(stage, 11 * HOUR);
      const again = await Person.enters(stage, "romeo@example.org/garden");
      await talks(again, stage, "juliet@example.org", 2);
      const found = async (name: string): Promise<unknown> =>
        (await ask(await Person.enters(stage, `${name}@example.org/${randomUUID()}`))).bodies;
      assert.deepEqual(await found("juliet"), ["0", "1", "2", "0", "1"]);
      await later(stage, 2 * HOUR);
      assert.deepEqual(await found("romeo"), ["0", "1"]);
      assert.deepEqual(await found("juliet"), ["0", "1"]);
      await later(stage, 12 * HOUR);
      assert.deepEqual(await found("juliet"), []);
    },
    { config: { modules: { archive: { keep: "12h" } } } },
  ),
);

test(
  "XEP-0313 §3.2: the option messages removes the oldest while there are more",
  conversation(
    cast,
    async ({ romeo, juliet, stage }) => {
      await talks(romeo, stage, "juliet@example.org", 25);
      await later(stage, 0);
      const expected = Array.from({ length: 10 }, (_, n) => String(n + 15));
      assert.deepEqual((await ask(juliet)).bodies, expected);
      assert.deepEqual((await ask(romeo, form({ with: "juliet@example.org" }))).bodies, expected);
    },
    { config: { modules: { archive: { messages: 10 } } } },
  ),
);

test(
  "what was too much before a restart is removed after it",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await talks(romeo, stage, "juliet@example.org", 25);
      const { modules } = stage.server.host("example.org");
      await modules.reload("archive", { messages: 10 });
      await later(stage, 61_000);
      const { fin } = await ask(romeo, page({ max: 0 }));
      assert.equal(fin.page?.count, 10);
    },
    { config: { modules: { archive: { messages: 0 } } } },
  ),
);

test("the option keep is a number of hours, days, weeks or years, or for ever", () => {
  const texts = ["12h", "30d", "8w", "1y", "forever"];
  assert.deepEqual(texts.map(durationMs), [
    12 * HOUR,
    30 * 24 * HOUR,
    56 * 24 * HOUR,
    365 * 24 * HOUR,
    undefined,
  ]);
});
