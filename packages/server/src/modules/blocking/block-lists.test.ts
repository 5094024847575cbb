import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import fc from "fast-check";
import type { Host } from "../../host.ts";
import type { MapStore, Storage, Write } from "../../storage/api.ts";
import { openStorage } from "../../storage/open.ts";
import { BlockList } from "./block-list.ts";
import { BlockLists } from "./block-lists.ts";

const JULIET = Jid.parse("juliet@example.org");
const jids = (...texts: readonly string[]): Jid[] => texts.map((text) => Jid.parse(text));

interface Stage {
  readonly storage: Storage;
  readonly lists: BlockLists;
  readonly reads: string[];
  /** Makes the writes that follow fail. */
  failing: boolean;
}

/** Lists over a storage in memory that tells what is read of it. */
async function open(remembered?: number, sessions: () => number = () => 0): Promise<Stage> {
  const storage = await openStorage({ driver: "memory" });
  const stage = { storage, reads: [] as string[], failing: false };
  let now = 0;
  const host = {
    clock: { now: () => now++ },
    sessions: { of: () => Array.from({ length: sessions() }) },
    async mapStore(spec: Parameters<Storage["map"]>[0]) {
      const store: MapStore<unknown> = await storage.map(spec);
      return {
        ...store,
        range: (owner: string) => {
          stage.reads.push(owner);
          return store.range(owner);
        },
      };
    },
    batch: (writes: readonly Write[]) =>
      stage.failing ? Promise.reject(new Error("disk full")) : storage.batch(writes),
  } as unknown as Host;
  return Object.assign(stage, { lists: await BlockLists.open(host, remembered) });
}

test("XEP-0191 §6: what an item stands for", () => {
  const list = BlockList.of(
    jids("a@one.example/x", "b@one.example", "two.example/x", "three.example"),
  );
  const covered = (text: string): boolean => list.covers(Jid.parse(text));
  for (const text of [
    "a@one.example/x",
    "b@one.example",
    "b@one.example/any",
    "two.example/x",
    "three.example",
    "three.example/x",
    "any@three.example/x",
  ]) {
    assert.ok(covered(text), text);
  }
  for (const text of [
    "a@one.example",
    "a@one.example/y",
    "one.example",
    "c@one.example/x",
    "two.example",
    "two.example/y",
    "a@two.example/x",
    "sub.three.example",
  ]) {
    assert.ok(!covered(text), text);
  }
});

test("a list has what was added and not removed since, each once", () => {
  const some = fc.array(fc.constantFrom("a@x", "b@x", "x", "a@x/1", "c@y"), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), some)), (steps) => {
      const model = new Set<string>();
      let list = BlockList.NONE;
      for (const [adds, texts] of steps) {
        const before = list.items;
        const now: BlockList = adds ? list.with(jids(...texts)) : list.without(jids(...texts));
        assert.deepEqual(list.items, before, "a list is immutable");
        list = now;
        for (const text of texts) {
          if (adds) model.add(text);
          else model.delete(text);
        }
      }
      assert.deepEqual(list.items.map(String), [...model]);
      assert.equal(list.size, model.size);
    }),
  );
});

test("a list in memory is there at once, also where it is empty, and changes at once", async () => {
  const { lists, reads } = await open();
  lists.pin(JULIET);
  await lists.get(JULIET);
  const list = lists.get(JULIET);
  assert.equal(list, BlockList.NONE);
  const committed = lists.add(JULIET, list, jids("romeo@example.org"));
  assert.ok((lists.get(JULIET) as BlockList).covers(Jid.parse("romeo@example.org/x")));
  await committed;
  lists.unpin(JULIET);
  assert.equal((lists.get(JULIET) as BlockList).size, 1);
  assert.deepEqual(reads, ["juliet@example.org"]);
});

test("lists of accounts without a session are forgotten, the longest unused first", async () => {
  const { lists, reads } = await open(3);
  const accounts = jids("a@x", "b@x", "c@x", "d@x");
  lists.pin(JULIET);
  for (const account of accounts) await lists.get(account);
  await lists.get(accounts[1] as Jid);
  reads.length = 0;
  assert.equal(lists.get(JULIET), BlockList.NONE);
  assert.equal(lists.get(accounts[3] as Jid), BlockList.NONE);
  assert.ok(lists.get(accounts[0] as Jid) instanceof Promise);
  assert.ok(lists.get(accounts[2] as Jid) instanceof Promise);
  assert.deepEqual(reads, ["a@x", "c@x"]);
});

test("long lists count by their addresses", async () => {
  const { lists } = await open(10);
  const [long, short] = jids("a@x", "b@x") as [Jid, Jid];
  await lists.add(
    long,
    await lists.get(long),
    jids(...Array.from({ length: 9 }, (_, i) => `${i}@y`)),
  );
  assert.ok(lists.get(long) instanceof BlockList);
  await lists.get(short);
  assert.ok(lists.get(short) instanceof BlockList);
  assert.ok(lists.get(long) instanceof Promise);
  assert.equal((await lists.get(long)).size, 9);
});

for (const sessions of [0, 1]) {
  test(`a change that could not be stored is taken back (${sessions} sessions)`, async () => {
    const stage = await open(undefined, () => sessions);
    const { lists } = stage;
    if (sessions > 0) lists.pin(JULIET);
    await lists.add(JULIET, await lists.get(JULIET), jids("a@x"));
    stage.failing = true;
    const list = await lists.get(JULIET);
    await assert.rejects(lists.add(JULIET, list, jids("b@x")), /disk full/);
    assert.deepEqual((await lists.get(JULIET)).items.map(String), ["a@x"]);
    await assert.rejects(lists.remove(JULIET, await lists.get(JULIET), jids("a@x")), /disk full/);
    assert.deepEqual((await lists.get(JULIET)).items.map(String), ["a@x"]);
  });
}

test("what is read while it is forgotten does not come back", async () => {
  const { lists, storage } = await open();
  await lists.add(JULIET, await lists.get(JULIET), jids("a@x"));
  lists.forget(JULIET);
  const reading = lists.get(JULIET);
  await storage.clear(JULIET.toString());
  lists.forget(JULIET);
  await reading;
  assert.equal((await lists.get(JULIET)).size, 0);
});
