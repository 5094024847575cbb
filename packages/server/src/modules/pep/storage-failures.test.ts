import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stanza } from "@rookery/protocol";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { type Actor, type FailingStage, failingStage } from "../../im/failing-stage.test.ts";
import { pepModule } from "./index.ts";
import { publish, pubsub, TUNE } from "./scenes.test.ts";

/** In the place of service discovery, which is asked nothing here. */
const disco: Module<NoOptions, void> = defineModule({ name: "disco", implements: [], setup() {} });

async function stageWithPep(): Promise<FailingStage & { readonly juliet: Actor }> {
  const stage = await failingStage();
  await stage.host.modules.load(disco, {});
  await stage.host.modules.load(pepModule, {});
  return { ...stage, juliet: await stage.login("juliet@example.org/chamber") };
}

async function answer({
  juliet,
  turns,
}: Awaited<ReturnType<typeof stageWithPep>>): Promise<Stanza> {
  for (let i = 0; i < 20 && juliet.received.length === 0; i++) await turns();
  const [first, ...others] = juliet.received.splice(0);
  assert.ok(first);
  assert.deepEqual(others, []);
  return first;
}

const ITEMS = pubsub("get", `<items node='${TUNE}'/>`);

test("what cannot be stored is refused, told to nobody, and not there afterwards", async () => {
  const stage = await stageWithPep();
  const { juliet, driver } = stage;
  await juliet.does(publish("one"));
  assert.equal((await answer(stage)).type, "result");
  const subscribe = `<subscribe node='${TUNE}' jid='juliet@example.org/chamber'/>`;
  await juliet.does(pubsub("set", subscribe));
  await stage.turns();
  juliet.received.length = 0;

  driver.writes = "fail";
  await juliet.does(publish("two"));
  const refused = await answer(stage);
  assert.equal(refused.type, "error");
  assert.ok(refused.toXml().includes("internal-server-error"));
  await juliet.does(ITEMS);
  assert.match((await answer(stage)).toXml(), /one/);

  driver.writes = "work";
  await juliet.does(publish("three"));
  for (let i = 0; i < 20 && juliet.received.length < 2; i++) await stage.turns();
  const [result, told] = juliet.received.splice(0).toSorted((a) => (a.kind === "iq" ? -1 : 1));
  assert.equal(result?.type, "result");
  assert.match(told?.toXml() ?? "", /three/);
});

test("while nodes cannot be read, requests about them are refused, and answered again later", async () => {
  const stage = await stageWithPep();
  const { juliet, driver } = stage;
  driver.reads = "fail";
  await juliet.does(ITEMS);
  assert.ok((await answer(stage)).toXml().includes("internal-server-error"));
  driver.reads = "work";
  await juliet.does(publish("one"));
  assert.equal((await answer(stage)).type, "result");
  await juliet.does(ITEMS);
  assert.match((await answer(stage)).toXml(), /one/);
});
