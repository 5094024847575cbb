import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import { defineModule, type Host } from "../../host.ts";
import { Places } from "./places.ts";
import type { Registration } from "./registration.ts";

const jid = Jid.parse("app.example.net");
const registration = (at: number): Registration => ({
  jid,
  node: `n${at}`,
  options: undefined,
  resource: "phone",
  at,
});

/** The places of a host that nothing else uses. */
async function places(stage: TestServer): Promise<Places> {
  const { modules } = stage.server.host("example.org");
  modules.unload("push");
  const got = Promise.withResolvers<Host>();
  const module = defineModule({ name: "push", implements: [], setup: got.resolve });
  await modules.load(module, {});
  return Places.open(await got.promise);
}

test("10,000 accounts with registrations: of so many as pushAccounts says they are remembered, of all stored", async () => {
  await using stage = await TestServer.start({ config: { limits: { pushAccounts: 100 } } });
  const all = await places(stage);
  const account = (i: number): Jid => Jid.of(`user${i}`, "example.org");
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => all.add(account(i), registration(i))));
  assert.equal(all.size, 100);
  assert.deepEqual([...all.known(account(0))], []);
  for (const i of [0, 5000, 9999]) {
    assert.deepEqual(
      [...(await all.of(account(i)))].map(({ registration: { node } }) => node),
      [`n${i}`],
    );
  }
  assert.equal(all.size, 100);
});

test("a place that is removed twice, or is taken again meanwhile, is as it was said last", async () => {
  await using stage = await TestServer.start();
  const all = await places(stage);
  const juliet = Jid.parse("juliet@example.org");
  await all.add(juliet, registration(1));
  const [place] = await all.of(juliet);
  assert.ok(place);
  const removed = [all.remove(place), all.remove(place)];
  const added = all.add(juliet, registration(1));
  await Promise.all([...removed, added]);
  const now = [...(await all.of(juliet))];
  assert.equal(now.length, 1);
  assert.notEqual(now[0], place);
  assert.equal(place.isGone, true);
  all.forget(juliet);
  assert.equal([...(await all.of(juliet))].length, 1); // it is stored
});
