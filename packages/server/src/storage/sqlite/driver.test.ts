import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type LogSpec, type MapSpec, StorageUnavailable, type ValueCodec } from "../api.ts";
import { openDataDirectory } from "../data-directory.ts";
import { openStorage } from "../open.ts";
import { sqliteDriver } from "./driver.ts";
import { assertWhole } from "./whole-database.test.ts";

const codec: ValueCodec<string> = { encode: (value) => value, decode: (value) => value };
const mapSpec: MapSpec<string> = { name: "test/map", shape: "map", version: 1, codec };
const logSpec: LogSpec<string> = {
  name: "test/log",
  shape: "log",
  version: 1,
  codec,
  search: true,
};

const OWNER = "romeo@example.net";

function withDirectory(body: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "rookery-sqlite-"));
    try {
      await body(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

test(
  "everything is there after closing and opening again",
  withDirectory(async (directory) => {
    const first = await openStorage({ driver: "sqlite", directory });
    const map = await first.map(mapSpec);
    const log = await first.log(logSpec);
    await map.put(OWNER, "k", "old");
    await map.put(OWNER, "k", "v");
    await log.append(OWNER, { id: "i", at: 7, value: "v", text: "some words" });
    await first.close();

    const second = await openStorage({ driver: "sqlite", directory });
    const mapAgain = await second.map(mapSpec);
    const logAgain = await second.log(logSpec);
    assert.deepEqual(await mapAgain.get(OWNER, "k"), { key: "k", value: "v", version: 2 });
    const found = await logAgain.read(OWNER, { text: "words" });
    assert.deepEqual(found, [{ id: "i", at: 7, value: "v" }]);
    await second.close();
  }),
);

test(
  "clear of an owner reaches stores that are recorded but not open",
  withDirectory(async (directory) => {
    const first = await openStorage({ driver: "sqlite", directory });
    await (await first.map(mapSpec)).put(OWNER, "k", "v");
    await (await first.log(logSpec)).append(OWNER, { id: "i", at: 7, value: "v", text: "word" });
    await first.close();

    const second = await openStorage({ driver: "sqlite", directory });
    await second.clear(OWNER);
    assert.deepEqual(await (await second.map(mapSpec)).owners(), []);
    assert.deepEqual(await (await second.log(logSpec)).owners(), []);
    await second.close();
  }),
);

test(
  "all files are readable by their user only, and one storage holds the directory",
  withDirectory(async (directory) => {
    const storage = await openStorage({ driver: "sqlite", directory });
    await (await storage.map(mapSpec)).put(OWNER, "k", "v");
    for (const file of readdirSync(directory)) {
      assert.equal(statSync(join(directory, file)).mode & 0o077, 0, file);
    }
    await assert.rejects(openStorage({ driver: "sqlite", directory }), /this process \(pid/);
    await storage.close();
    assert.ok(!readdirSync(directory).includes("rookery.sqlite-wal"), "closed cleanly");
  }),
);

test(
  "a data directory that the caller has open stays the caller's",
  withDirectory(async (path) => {
    const directory = openDataDirectory(path);
    const storage = await openStorage({ driver: "sqlite", directory });
    await storage.close();
    assert.throws(() => openDataDirectory(path), StorageUnavailable);
    directory.close();
  }),
);

test(
  "a file that is no database is refused, and the directory let go of",
  withDirectory(async (directory) => {
    writeFileSync(join(directory, "rookery.sqlite"), "these are not the bytes".repeat(1000));
    await assert.rejects(
      openStorage({ driver: "sqlite", directory }),
      /cannot open the database ".*rookery.sqlite".*not a database.*restore a backup/,
    );
    openDataDirectory(directory).close();
  }),
);

test(
  "a database of a newer layout is refused",
  withDirectory(async (directory) => {
    const db = new DatabaseSync(join(directory, "rookery.sqlite"));
    db.exec("pragma user_version = 3");
    db.close();
    await assert.rejects(openStorage({ driver: "sqlite", directory }), /layout 3.*up to 2/);
  }),
);

test(
  "a commit that fails rejects every write of its group, answers its reads, and no other group",
  withDirectory(async (directory) => {
    await (await openStorage({ driver: "sqlite", directory })).close();
    // A constraint that SQLite checks at the commit only stands for a disk that fails there.
    const db = new DatabaseSync(join(directory, "rookery.sqlite"));
    db.exec(`create table parent (id integer primary key);
      create table child (id integer references parent (id) deferrable initially deferred);
      create trigger poison after insert on map when new.key = 'poison'
      begin insert into child values (1); end`);
    db.close();

    const storage = await openStorage({ driver: "sqlite", directory });
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    await map.put(OWNER, "before", "v");
    const outcomes = await Promise.allSettled([
      map.put("new@example.net", "k", "v"),
      map.put(OWNER, "before", "v", { ifVersion: 9 }),
      log.append("new@example.net", { id: "i", at: 1, value: "v", text: "word" }),
      map.put(OWNER, "poison", "v"),
      map.get(OWNER, "poison"),
      map.get(OWNER, "before"),
      storage.batch([map.write.put(OWNER, "batch", "v")]),
    ]);
    assert.deepEqual(
      outcomes.map((one) => (one.status === "fulfilled" ? one.value : one.reason.name)),
      [
        "StorageUnavailable",
        "StorageConflict",
        "StorageUnavailable",
        "StorageUnavailable",
        undefined,
        { key: "before", value: "v", version: 1 },
        "StorageUnavailable",
      ],
    );
    assert.deepEqual(await map.owners(), [OWNER]);
    assert.deepEqual(await log.owners(), []);
    await log.append("new@example.net", { id: "i", at: 1, value: "v", text: "word" });
    assert.equal(await log.count("new@example.net", { text: "word" }), 1);
    await storage.close();
  }),
);

test(
  "a full disk rejects writes, reads go on, and writes too once there is room",
  withDirectory(async (directory) => {
    const limits = { databaseBytes: 300_000 };
    const storage = await openStorage({ driver: "sqlite", directory, limits });
    const map = await storage.map(mapSpec);
    const large = "x".repeat(50_000);
    let kept = 0;
    await assert.rejects(async () => {
      for (; kept < 20; kept++) await map.put(OWNER, `${kept}`, large);
    }, /full.*free space on the disk/);
    assert.ok(kept > 0 && kept < 6);
    assert.equal((await map.range(OWNER)).length, kept, "what was acknowledged, and no more");
    await map.delete(OWNER, "0");
    await map.put(OWNER, "small", "v");
    await storage.close();
  }),
);

test(
  "beyond the bound of the queue requests are refused, and taken again later",
  withDirectory(async (directory) => {
    const limits = { queueRequests: 10, queueLength: 1000 };
    const storage = await openStorage({ driver: "sqlite", directory, limits });
    const map = await storage.map(mapSpec);
    const flood = Array.from({ length: 15 }, (_, i) => map.put(OWNER, `${i}`, "v"));
    const outcomes = await Promise.allSettled(flood);
    const refused = outcomes.filter((one) => one.status === "rejected");
    assert.equal(refused.length, 5);
    assert.match(String(refused[0]?.reason), /10 requests.*wait for the disk/);
    await assert.rejects(map.put(OWNER, "large", "x".repeat(1000)), StorageUnavailable);
    assert.equal(await map.put(OWNER, "after", "v"), 1);
    await storage.close();
  }),
);

test(
  "a worker that ends rejects everything pending and all that comes later",
  withDirectory(async (directory) => {
    const driver = await sqliteDriver(join(directory, "db.sqlite"));
    const spec = { name: "test/map", shape: "map", version: 1, search: false } as const;
    const { id } = await driver.call("open", spec);
    // A text for a number breaks the protocol between the threads: the worker throws.
    const broken = driver.write(id, {
      do: "expire",
      owner: "x",
      before: "not a number" as unknown as number,
      limit: 1,
    });
    const beside = driver.call("get", id, OWNER, "k");
    await assert.rejects(broken, /thread ended unexpectedly \(expected a number/);
    await assert.rejects(beside, StorageUnavailable);
    await assert.rejects(driver.flush(), /thread ended unexpectedly/);
    await driver.close();
  }),
);

test(
  "a request that cannot cross into the worker is rejected, and the next one is not",
  withDirectory(async (directory) => {
    const driver = await sqliteDriver(join(directory, "db.sqlite"));
    const spec = { name: "test/map", shape: "map", version: 1, search: false, extra: () => {} };
    await assert.rejects(driver.call("open", spec as never), /could not be cloned/);
    await driver.flush();
    await driver.close();
  }),
);

test(
  "a backup is a whole database of one moment, made while writes go on",
  withDirectory(async (directory) => {
    const storage = await openStorage({ driver: "sqlite", directory });
    const map = await storage.map(mapSpec);
    for (let i = 0; i < 500; i++) void map.put(OWNER, `a${i}`, "x".repeat(1000));
    const target = join(directory, "copy.sqlite");
    const backup = storage.backup?.(target);
    const during = Array.from({ length: 500 }, (_, i) => map.put(OWNER, `b${i}`, "v"));
    await backup;
    await Promise.all(during);
    await assert.rejects(storage.backup?.(target) ?? Promise.resolve(), /EEXIST/);
    await storage.close();

    assert.equal(statSync(target).mode & 0o077, 0);
    const copy = new DatabaseSync(target, { readOnly: true });
    assert.deepEqual(
      { ...copy.prepare("pragma integrity_check").get() },
      { integrity_check: "ok" },
    );
    const { n } = { ...copy.prepare("select count(*) n from map where key like 'a%'").get() };
    assert.equal(n, 500, "what was asked for before the backup is in it");
    copy.close();
  }),
);

test(
  "what an interrupted migration left is forgotten and it starts anew",
  withDirectory(async (directory) => {
    const file = join(directory, "db.sqlite");
    const first = await sqliteDriver(file);
    const spec = { name: "m", shape: "map", version: 1, search: false } as const;
    const { id } = await first.call("open", spec);
    await first.write(id, { do: "put", owner: "o", key: "k", value: "v1", ifVersion: undefined });
    await first.call("open", { ...spec, version: 2 });
    await first.call("stage", id, [[["o", "k"], "half"]]);
    await first.close();

    const second = await sqliteDriver(file);
    assert.deepEqual(await second.call("open", { ...spec, version: 2 }), { id, version: 1 });
    await second.call("adopt", id, 2);
    assert.deepEqual(await second.call("get", id, "o", "k"), ["k", "v1", 1]);
    await second.close();
  }),
);

test(
  "entries come into the index after their commit, and a start finds those that did not",
  withDirectory(async (directory) => {
    const rows = (): unknown => {
      const db = new DatabaseSync(join(directory, "rookery.sqlite"), { readOnly: true });
      const found = { ...db.prepare("select count(*) n from place").get() };
      db.close();
      return found["n"];
    };
    const limits = { tidying: { indexAt: 10, step: 4 } };
    const storage = await openStorage({ driver: "sqlite", directory, limits });
    const log = await storage.log(logSpec);
    for (let i = 0; i < 9; i++) await log.append(OWNER, { id: `${i}`, at: i, value: "v" });
    assert.equal(rows(), 0);
    await log.append(OWNER, { id: "9", at: 9, value: "v" });
    // The index is made after the answer, mostly before what is asked next.
    await log.append(OWNER, { id: "10", at: 10, value: "v" });
    for (let wait = 0; rows() === 0 && wait < 500; wait++) await sleep(10);
    assert.ok([10, 11].includes(Number(rows())), String(rows()));
    await storage.close();

    const again = await openStorage({ driver: "sqlite", directory });
    const same = await again.log(logSpec);
    assert.equal(await same.count(OWNER), 11);
    await assert.rejects(same.append(OWNER, { id: "10", at: 1, value: "v" }), /entry of this id/);
    assert.equal(await same.remove(OWNER, ["10", "0"]), 2);
    await again.close();
    assertWhole(directory);
  }),
);

test(
  "a log that was cleared is removed afterwards, whatever came meanwhile",
  withDirectory(async (directory) => {
    const limits = { tidying: { indexAt: 10, step: 0 } };
    const storage = await openStorage({ driver: "sqlite", directory, limits });
    const log = await storage.log(logSpec);
    const sides = [{ owner: OWNER }, { owner: "juliet@example.com" }];
    for (let i = 0; i < 300; i++) {
      void log.appendShared(sides, { id: `${i}`, at: i, value: "v", text: "word" });
    }
    await log.clear(OWNER);
    await log.append(OWNER, { id: "5", at: 5, value: "new" });
    assert.equal(await log.count(OWNER), 1);
    await log.clear("juliet@example.com");
    let left = -1;
    for (let tries = 0; tries < 200 && left !== 1; tries++) {
      await storage.flush();
      const db = new DatabaseSync(join(directory, "rookery.sqlite"), { readOnly: true });
      left = Number(db.prepare("select count(*) n from entry").get()?.["n"]);
      db.close();
    }
    assert.equal(left, 1, "what both had is gone");
    assert.equal(await log.count(OWNER, { text: "word" }), 0);
    await storage.close();
    assertWhole(directory);
  }),
);

test(
  "a read overtakes writes of others that wait to be sent, and no write of its owner",
  withDirectory(async (directory) => {
    const storage = await openStorage({ driver: "sqlite", directory });
    const map = await storage.map(mapSpec);
    await map.put(OWNER, "k", "old");
    const order: string[] = [];
    const flood = Array.from({ length: 6000 }, (_, i) =>
      map.put("busy@example.net", `${i}`, "v".repeat(100)),
    );
    const last = flood.at(-1)?.then(() => order.push("flood"));
    await flood[0];
    const other = map.get(OWNER, "k").then((found) => order.push(found?.value ?? ""));
    const own = map.get("busy@example.net", "5999").then(() => order.push("own"));
    await Promise.all([last, other, own]);
    assert.deepEqual(order, ["old", "flood", "own"]);
    void map.put(OWNER, "k", "new");
    assert.equal((await map.get(OWNER, "k"))?.value, "new");
    const batched = storage.batch([map.write.put(OWNER, "k", "batched")]);
    assert.equal((await map.get(OWNER, "k"))?.value, "batched");
    const cleared = storage.clear(OWNER);
    assert.equal(await map.get(OWNER, "k"), undefined);
    await Promise.all([batched, cleared]);
    await storage.close();
  }),
);

test(
  "a shared entry that fails for one owner leaves the group it is in alone",
  withDirectory(async (directory) => {
    const storage = await openStorage({ driver: "sqlite", directory });
    const log = await storage.log(logSpec);
    const sides = [{ owner: OWNER }, { owner: "juliet@example.com" }];
    const outcomes = await Promise.allSettled([
      log.append("juliet@example.com", { id: "a", at: 1, value: "hers" }),
      log.appendShared(sides, { id: "a", at: 1, value: "shared" }),
      log.appendShared(sides, { id: "b", at: 1, value: "shared" }),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.equal(await log.count(OWNER), 1);
    assert.equal(await log.count("juliet@example.com"), 2);
    await storage.close();
    assertWhole(directory);
  }),
);
