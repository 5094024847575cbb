/** What every storage driver must do with entries that several owners have. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  type LogEntry,
  type LogSpec,
  type MapSpec,
  type Storage,
  StorageConflict,
  type ValueCodec,
} from "./api.ts";

const text: ValueCodec<string> = { encode: (value) => value, decode: (value) => value };
const mapSpec: MapSpec<string> = { name: "test/map", shape: "map", version: 1, codec: text };
const logSpec: LogSpec<string> = { name: "test/log", shape: "log", version: 1, codec: text };
const searchSpec: LogSpec<string> = { ...logSpec, name: "test/search", search: true };

const ROMEO = "romeo@example.net";
const JULIET = "juliet@example.com";
const BOTH = [
  { owner: ROMEO, with: JULIET },
  { owner: JULIET, with: ROMEO },
];

type Check = (what: string, body: (storage: Storage) => Promise<void>) => void;

export function sharedLogContract(check: Check): void {
  check("a shared entry is in the log of each owner as if it was theirs alone", async (storage) => {
    const log = await storage.log(searchSpec);
    await log.append(ROMEO, { id: "a", at: 1, value: "before" });
    await log.appendShared(BOTH, { id: "b", at: 2, value: "shared", text: "wherefore" });
    await log.append(JULIET, { id: "c", at: 3, value: "after" });
    const shared = { id: "b", at: 2, value: "shared" };
    assert.deepEqual(await log.get(ROMEO, "b"), { ...shared, with: JULIET });
    assert.deepEqual(await log.get(JULIET, "b"), { ...shared, with: ROMEO });
    assert.deepEqual(ids(await log.read(ROMEO)), ["a", "b"]);
    assert.deepEqual(ids(await log.read(JULIET)), ["b", "c"]);
    assert.deepEqual(ids(await log.read(ROMEO, { with: JULIET })), ["b"]);
    assert.deepEqual(ids(await log.read(JULIET, { with: JULIET })), []);
    for (const { owner } of BOTH) {
      assert.deepEqual(ids(await log.read(owner, { text: "wherefore" })), ["b"]);
      assert.equal(await log.count(owner), 2);
    }
    assert.deepEqual(await log.owners(), [JULIET, ROMEO]);
  });

  check("of a shared entry all owners get it or none", async (storage) => {
    const log = await storage.log(logSpec);
    const map = await storage.map(mapSpec);
    await log.append(JULIET, { id: "x", at: 1, value: "hers" });
    const entry = { id: "x", at: 2, value: "shared" };
    await assert.rejects(log.appendShared(BOTH, entry), StorageConflict);
    await assert.rejects(log.appendShared(BOTH, entry), /"x" for "juliet@example.com"/);
    const batch = [
      log.write.appendShared(BOTH, { ...entry, id: "y" }),
      map.write.put(ROMEO, "k", "v", { ifVersion: 7 }),
    ];
    await assert.rejects(storage.batch(batch), StorageConflict);
    assert.deepEqual(await log.read(ROMEO), []);
    assert.deepEqual(await log.owners(), [JULIET]);
    assert.deepEqual(ids(await log.read(JULIET)), ["x"]);
    await storage.batch(batch.slice(0, 1));
    assert.deepEqual(ids(await log.read(ROMEO)), ["y"]);
  });

  check("an id of a series is kept once, wherever the entry is by then", async (storage) => {
    const log = await storage.log(logSpec);
    const entry = (n: number): LogEntry<string> => ({ id: `s${n}`, at: n, value: "v", series: 1 });
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    await Promise.all(numbers.map((n) => log.appendShared(BOTH, entry(n))));
    for (const n of numbers) await assert.rejects(log.append(JULIET, entry(n)), StorageConflict);
    // beside those that are refused, others of the same commit are kept
    const more = [299, 300, 0, 301].map((n) => log.appendShared(BOTH, entry(n)));
    const kept = (await Promise.allSettled(more)).map(({ status }) => status === "fulfilled");
    assert.deepEqual(kept, [false, true, false, true]);
    await log.remove(ROMEO, ["s7"]);
    await assert.rejects(log.appendShared(BOTH, entry(7)), /"s7" for "juliet@example.com"/);
    await log.append(ROMEO, entry(7));
    const undone = [log.write.append(ROMEO, entry(302)), log.write.append(ROMEO, entry(302))];
    await assert.rejects(storage.batch(undone), StorageConflict);
    await log.append(ROMEO, entry(302));
    await log.append(ROMEO, { ...entry(303), series: 0 });
    assert.equal(await log.count(ROMEO), 304);
    assert.equal(await log.count(JULIET), 302);
  });

  check(
    "sameBefore: what is there from before is the same, another one gets its own id",
    async (storage) => {
      const log = await storage.log(logSpec);
      const entry = { id: "x", at: 10, value: "<x/>", series: 1, sameBefore: 10 };
      await log.append(ROMEO, { id: "x", at: 9, value: "his" });
      await log.appendShared(BOTH, entry);
      assert.deepEqual(await log.read(ROMEO), [{ id: "x", at: 9, value: "his" }]);
      assert.deepEqual(await log.read(JULIET), [{ id: "x", at: 10, value: "<x/>", with: ROMEO }]);
      await log.appendShared(BOTH, entry);
      await log.appendShared(BOTH, { ...entry, sameBefore: 9 });
      const [, his] = await log.read(ROMEO);
      const [, second, third] = await log.read(JULIET);
      assert.ok(his && second && third);
      assert.equal(new Set(["x", second.id, third.id]).size, 3);
      assert.deepEqual(his, { ...third, with: JULIET });
      assert.equal(third.value, `<${third.id}/>`);
      assert.deepEqual(await log.get(JULIET, second.id), second);
      await assert.rejects(log.append(ROMEO, { id: "x", at: 11, value: "v" }), StorageConflict);
    },
  );

  check("an owner named twice gets a shared entry once, and one is needed", async (storage) => {
    const log = await storage.log(logSpec);
    const twice = [
      { owner: ROMEO, with: "first@example.org" },
      { owner: ROMEO, with: "second@example.org" },
    ];
    await log.appendShared(twice, { id: "x", at: 1, value: "v" });
    assert.deepEqual(await log.read(ROMEO), [
      { id: "x", at: 1, with: "first@example.org", value: "v" },
    ]);
    await assert.rejects(log.appendShared([], { id: "y", at: 1, value: "v" }), RangeError);
    await assert.rejects(
      log.appendShared([{ owner: "\ud800" }], { id: "y", at: 1, value: "v" }),
      /lone surrogate/,
    );
  });

  check("replacing a shared entry changes it for one owner only", async (storage) => {
    const log = await storage.log(searchSpec);
    await log.appendShared(BOTH, { id: "a", at: 1, value: "shared", text: "secret" });
    await log.appendShared(BOTH, { id: "b", at: 1, value: "other", text: "secret" });
    assert.equal(await log.replace(ROMEO, "a", "mine", "public"), true);
    assert.deepEqual(values(await log.read(ROMEO)), ["mine", "other"], "in its old place");
    assert.deepEqual(values(await log.read(JULIET)), ["shared", "other"]);
    assert.equal((await log.get(ROMEO, "a"))?.with, JULIET);
    assert.deepEqual(ids(await log.read(ROMEO, { text: "secret" })), ["b"]);
    assert.deepEqual(ids(await log.read(JULIET, { text: "secret" })), ["a", "b"]);
    assert.deepEqual(ids(await log.read(ROMEO, { text: "public" })), ["a"]);
    await log.replace(JULIET, "a", "hers");
    await log.replace(ROMEO, "a", "mine again");
    assert.equal((await log.get(JULIET, "a"))?.value, "hers");
    assert.equal((await log.get(ROMEO, "a"))?.value, "mine again");
    assert.deepEqual(ids(await log.read(JULIET, { text: "secret" })), ["b"]);
  });

  check("what one owner removes, expires or clears the others keep", async (storage) => {
    const log = await storage.log(searchSpec);
    for (let i = 0; i < 4; i++) {
      await log.appendShared(BOTH, { id: `${i}`, at: i, value: `${i}`, text: "word" });
    }
    assert.equal(await log.remove(ROMEO, ["1"]), 1);
    assert.equal(await log.expire(1, ROMEO), 1);
    assert.deepEqual(ids(await log.read(ROMEO, { text: "word" })), ["2", "3"]);
    assert.deepEqual(ids(await log.read(JULIET)), ["0", "1", "2", "3"]);
    await log.clear(ROMEO);
    assert.deepEqual(await log.owners(), [JULIET]);
    assert.deepEqual(values(await log.read(JULIET, { text: "word" })), ["0", "1", "2", "3"]);
    await log.append(ROMEO, { id: "2", at: 9, value: "new" });
    assert.deepEqual(values(await log.read(ROMEO)), ["new"]);
    assert.equal(await log.count(ROMEO, { text: "word" }), 0);
    await storage.clear(JULIET);
    assert.deepEqual(await log.owners(), [ROMEO]);
    assert.equal(await log.expire(100), 1);
    assert.deepEqual(await log.owners(), []);
  });

  check("a migration brings what owners share forward once", async (storage) => {
    const log = await storage.log(logSpec);
    await log.appendShared(BOTH, { id: "a", at: 1, value: "a" });
    await log.appendShared(BOTH, { id: "b", at: 1, value: "b" });
    await log.replace(ROMEO, "b", "own");
    const newer = await storage.log({ ...logSpec, version: 2, migrate: (old) => `${old}!` });
    assert.deepEqual(values(await newer.read(ROMEO)), ["a!", "own!"]);
    assert.deepEqual(values(await newer.read(JULIET)), ["a!", "b!"]);
  });

  check(
    "any sequence of writes to shared logs is what a simple model makes of it",
    async (storage) => {
      const log = await storage.log(searchSpec);
      const map = await storage.map(mapSpec);
      const step = fc.record({
        action: fc.constantFrom(
          "share",
          "share",
          "append",
          "replace",
          "remove",
          "expire",
          "clear",
          "undone",
        ),
        owner: fc.nat({ max: 2 }),
        id: fc.integer({ min: 0, max: 12 }).map(String),
        at: fc.integer({ min: 0, max: 5 }),
        value: fc.constantFrom("soft", "light", "window"),
      });
      let run = 0;
      const property = fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const owners = [0, 1, 2].map((i) => `${run}-${i}`);
        run++;
        const models: LogEntry<string>[][] = owners.map(() => []);
        const written: Promise<unknown>[] = [];
        for (const { action, owner, id, at, value } of steps) {
          const name = owners[owner] ?? "";
          const model = models[owner] ?? [];
          const entry = { id, at, value, text: value };
          if (action === "share" || action === "append") {
            const sharing = action === "share" ? [owner, (owner + 1) % 3] : [owner];
            const named = sharing.map((i) => ({ owner: owners[i] ?? "", with: owners[i] ?? "" }));
            written.push(log.appendShared(named, entry).catch(() => "conflict"));
            if (sharing.some((i) => models[i]?.some((known) => known.id === id))) continue;
            for (const i of sharing) {
              models[i]?.push({ id, at, with: owners[i] ?? "", value });
              models[i]?.sort((a, b) => a.at - b.at);
            }
          } else if (action === "replace") {
            written.push(log.replace(name, id, value, value));
            const known = model.findIndex((one) => one.id === id);
            const old = model[known];
            if (old !== undefined) model[known] = { ...old, value };
          } else if (action === "undone") {
            const batch = storage.batch([
              log.write.remove(name, [id]),
              log.write.replace(name, "3", "undone", "undone"),
              log.write.appendShared(
                owners.map((one) => ({ owner: one })),
                { ...entry, id: `u${id}` },
              ),
              log.write.clear(owners[(owner + 1) % 3] ?? ""),
              map.write.put(name, "absent", "v", { ifVersion: 3 }),
            ]);
            written.push(assert.rejects(batch, StorageConflict));
          } else {
            if (action === "remove") written.push(log.remove(name, [id]));
            else if (action === "expire") written.push(log.expire(at, name));
            else written.push(log.clear(name));
            models[owner] = model.filter((one) =>
              action === "remove" ? one.id !== id : action === "expire" && one.at >= at,
            );
          }
        }
        for (const [i, owner] of owners.entries()) {
          const model = models[i] ?? [];
          assert.deepEqual(await log.read(owner), model);
          assert.equal(await log.count(owner), model.length);
          const found = await log.read(owner, { text: "light" });
          assert.deepEqual(
            found,
            model.filter(({ value }) => value === "light"),
          );
          for (const { id } of model.slice(0, 2)) {
            const place = model.findIndex((one) => one.id === id);
            assert.deepEqual(await log.read(owner, { after: id }), model.slice(place + 1));
          }
        }
        await Promise.all(written);
      });
      await fc.assert(property, { numRuns: 80 });
    },
  );
}

export function progressContract(check: Check): void {
  check("progress counts writes, not reads, in the order they were asked", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    await storage.flush();
    const { asked } = storage.progress;
    await storage.progress.whenSettled(asked);
    assert.equal(storage.progress.settled, asked);
    const writes = [
      map.put(ROMEO, "k", "v"),
      log.appendShared(BOTH, { id: "a", at: 1, value: "v" }),
      storage.batch([map.write.put(ROMEO, "l", "v"), log.write.clear(ROMEO)]),
      storage.clear(JULIET),
    ];
    void map.get(ROMEO, "k");
    void log.read(ROMEO);
    assert.equal(storage.progress.asked, asked + 4);
    assert.ok(storage.progress.settled < asked + 4);
    await storage.progress.whenSettled(asked + 4);
    assert.ok(storage.progress.settled >= asked + 4);
    await Promise.all(writes);
    await storage.progress.whenSettled(0);
  });

  check("whenSettled comes after the handlers of the writes, failed ones too", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    const seen: string[] = [];
    const tell = (what: string) => (): void => void seen.push(what);
    void map.put(ROMEO, "k", "v").then(tell("put"));
    map.put(ROMEO, "k", "v", { ifVersion: 9 }).catch(tell("conflict"));
    void map.delete(ROMEO, "other").then(tell("delete"));
    log.remove(ROMEO, ["a"]).then(tell("remove"), tell("?"));
    storage.batch([map.write.put(ROMEO, "k", "v", { ifVersion: 9 })]).catch(tell("batch"));
    const mark = storage.progress.asked;
    void map.put(ROMEO, "later", "v");
    await storage.progress.whenSettled(mark);
    assert.deepEqual(seen.toSorted(), ["batch", "conflict", "delete", "put", "remove"]);
    assert.ok(storage.progress.settled >= mark);
  });

  check("writes refused after close settle too", async (storage) => {
    const map = await storage.map(mapSpec);
    await storage.close();
    let refused = false;
    map.put(ROMEO, "k", "v").catch(() => (refused = true));
    await storage.progress.whenSettled(storage.progress.asked);
    assert.equal(refused, true);
  });
}

const ids = (entries: readonly { readonly id: string }[]): readonly string[] =>
  entries.map(({ id }) => id);

const values = (entries: readonly { readonly value: string }[]): readonly string[] =>
  entries.map(({ value }) => value);
