/** What a `kill -9` may and may not do; every test kills processes of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ValueCodec } from "./api.ts";
import { openDataDirectory } from "./data-directory.ts";
import { openStorage } from "./open.ts";
import { assertWhole } from "./sqlite/whole-database.test.ts";

const codec: ValueCodec<string> = { encode: (value) => value, decode: (value) => value };

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

/** Starts a program given as text, with the directory as its argument. */
function start(context: TestContext, program: string, directory: string): ChildProcess {
  const args = ["--input-type=module", "--eval", program, directory];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  // A test that fails half way leaves a child behind that must not hold up the others.
  context.after(() => child.kill("SIGKILL"));
  return child;
}

/** A child that ended by itself was not killed: the test would have shown nothing. */
async function kill(child: ChildProcess): Promise<void> {
  assert.equal(child.exitCode, null, "the child ended by itself");
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function* lines(child: ChildProcess): AsyncGenerator<string> {
  assert.ok(child.stdout !== null);
  yield* createInterface({ input: child.stdout });
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of lines(child)) return line;
  throw new Error("the child ended without a word");
}

function withDirectory(
  body: (directory: string, context: TestContext) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    const directory = mkdtempSync(join(tmpdir(), "rookery-crash-"));
    try {
      await body(directory, context);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

const HOLD = `
  import { openDataDirectory } from ${here("./data-directory.ts")};
  try {
    openDataDirectory(process.argv[1]);
    console.log("open");
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.message);
  }`;

test(
  "another process is refused a data directory that this one holds, and told its pid",
  withDirectory(async (directory, context) => {
    const data = openDataDirectory(directory);
    const said = await firstLine(start(context, HOLD, directory));
    assert.match(said, new RegExp(`the process with pid ${process.pid} has it open`));
    data.close();
  }),
);

test(
  "after a kill -9 of its holder a data directory opens at once",
  withDirectory(async (directory, context) => {
    const holder = start(context, HOLD, directory);
    assert.equal(await firstLine(holder), "open");
    assert.throws(() => openDataDirectory(directory), new RegExp(`pid ${holder.pid} has it open`));
    await kill(holder);
    openDataDirectory(directory).close();
  }),
);

const APPEND = `
  import { openStorage } from ${here("./open.ts")};
  // Small steps: the end comes in the midst of indexing as well.
  const limits = { tidying: { indexAt: 40, step: 0 } };
  const storage = await openStorage({ driver: "sqlite", directory: process.argv[1], limits });
  const codec = { encode: (value) => value, decode: (value) => value };
  const log = await storage.log({ name: "log", shape: "log", version: 1, codec });
  const map = await storage.map({ name: "map", shape: "map", version: 1, codec });
  const shared = await storage.log({ name: "shared", shape: "log", version: 1, codec });
  const fleeting = await storage.log({ name: "fleeting", shape: "log", version: 1, codec });
  let n = 0;
  const sharer = async (i) => {
    const owners = [{ owner: "owner" + i }, { owner: "owner" + ((i + 1) % 10) }];
    for (;;) {
      const id = process.pid + "-" + n++;
      const entry = { id, at: Date.now(), value: "v".repeat(n % 3000) };
      await Promise.all([
        shared.appendShared(owners, entry),
        fleeting.appendShared(owners, entry),
        shared.replace(owners[n % 2].owner, id, "replaced"),
      ]);
      console.log("shared " + id + " " + owners[0].owner + " " + owners[1].owner);
      if (n % 7 === 0) await fleeting.expire(Date.now() - 100, owners[1].owner);
      if (n % 101 === 0) await fleeting.clear("owner" + (n % 10));
    }
  };
  for (let i = 0; i < 10; i++) void sharer(i);
  const writer = async (owner) => {
    for (;;) {
      const id = process.pid + "-" + n++;
      await storage.batch([
        log.write.append(owner, { id, at: Date.now(), value: "v".repeat(n % 3000) }),
        map.write.put(owner, id, "v"),
      ]);
      console.log(owner + " " + id);
    }
  };
  for (let i = 0; i < 50; i++) void writer("owner" + i % 10);`;

/** The same moments in each run, more or less. */
const SEED = 20_260_101;
const ROUNDS = 10;

test(
  "what was acknowledged is there after a kill -9 at any moment, batches and the index are whole",
  withDirectory(async (directory, context) => {
    const acknowledged: string[] = [];
    const shared: string[] = [];
    let random = SEED;
    for (let round = 0; round < ROUNDS; round++) {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      const child = start(context, APPEND, directory);
      const before = acknowledged.length;
      let killing: Promise<void> | undefined;
      for await (const line of lines(child)) {
        if (/^owner\d \d+-\d+$/.test(line)) acknowledged.push(line);
        const both = /^shared (\d+-\d+) (owner\d) (owner\d)$/.exec(line);
        if (both) shared.push(`${both[2]} ${both[1]}`, `${both[3]} ${both[1]}`);
        killing ??= sleep(random % 150).then(() => kill(child));
      }
      await (killing ?? once(child, "exit"));
      assert.equal(child.signalCode, "SIGKILL", `the child ended with the code ${child.exitCode}`);
      assert.ok(acknowledged.length > before, "the child came to write");
      // Opening goes over what the end has left; closing writes it all to the database.
      await (await openStorage({ driver: "sqlite", directory })).close();
      assertWhole(directory);
    }
    const storage = await openStorage({ driver: "sqlite", directory });
    const log = await storage.log({ name: "log", shape: "log", version: 1, codec });
    const map = await storage.map({ name: "map", shape: "map", version: 1, codec });
    const kept = new Set<string>();
    for (const owner of await log.owners()) {
      const ids = (await log.read(owner)).map(({ id }) => id);
      for (const id of ids) kept.add(`${owner} ${id}`);
      const keys = (await map.range(owner)).map(({ key }) => key);
      assert.deepEqual(ids.toSorted(), keys.toSorted(), "both halves of each batch or none");
    }
    const lost = acknowledged.filter((line) => !kept.has(line));
    assert.deepEqual(lost, []);
    const sharedLog = await storage.log({ name: "shared", shape: "log", version: 1, codec });
    const keptShared = new Set<string>();
    for (const owner of await sharedLog.owners()) {
      for (const { id } of await sharedLog.read(owner)) keptShared.add(`${owner} ${id}`);
    }
    assert.ok(shared.length > 0);
    assert.deepEqual(
      shared.filter((line) => !keptShared.has(line)),
      [],
    );
    await storage.close();
  }),
);

const MIGRATE = `
  import { openStorage } from ${here("./open.ts")};
  import { writeSync } from "node:fs";
  const storage = await openStorage({ driver: "sqlite", directory: process.argv[1] });
  const codec = { encode: (value) => value, decode: (value) => value };
  let migrated = 0;
  const migrate = (text) => {
    if (++migrated === 1500) {
      writeSync(1, "half way\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    return text + " migrated";
  };
  await storage.log({ name: "log", shape: "log", version: 2, codec, migrate });`;

test(
  "a kill -9 in the middle of a migration leaves the old values, and the next start migrates each once",
  withDirectory(async (directory, context) => {
    const spec = { name: "log", shape: "log", version: 1, codec } as const;
    const before = await openStorage({ driver: "sqlite", directory });
    const old = await before.log(spec);
    for (let i = 0; i < 2000; i++) void old.append(`o${i % 3}`, { id: `${i}`, at: i, value: "v" });
    await before.close();

    for (let round = 0; round < 2; round++) {
      const child = start(context, MIGRATE, directory);
      assert.equal(await firstLine(child), "half way");
      await kill(child);
    }
    const back = await openStorage({ driver: "sqlite", directory });
    const untouched = await (await back.log(spec)).read("o1");
    assert.ok(untouched.every(({ value }) => value === "v"));
    await back.close();

    const after = await openStorage({ driver: "sqlite", directory });
    const log = await after.log({ ...spec, version: 2, migrate: (text) => `${text} migrated` });
    for (const owner of await log.owners()) {
      for (const { value } of await log.read(owner)) assert.equal(value, "v migrated");
    }
    await after.close();
    const again = await openStorage({ driver: "sqlite", directory });
    await assert.rejects(again.log(spec), /in version 1: its values are of version 2/);
    await again.close();
  }),
);

const FORGETFUL = `
  import { openStorage } from ${here("./open.ts")};
  const storage = await openStorage({ driver: "sqlite", directory: process.argv[1] });
  const codec = { encode: (value) => value, decode: (value) => value };
  const map = await storage.map({ name: "map", shape: "map", version: 1, codec });
  void map.put("o", "k", "v").then(() => console.log("acknowledged"));`;

test(
  "an idle storage does not keep its process alive, a write that waits does",
  withDirectory(async (directory, context) => {
    const child = start(context, FORGETFUL, directory);
    const exited = once(child, "exit");
    assert.equal(await firstLine(child), "acknowledged");
    assert.deepEqual(await exited, [0, null]);
  }),
);
