import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { Person, type TestServer } from "@rookery/testkit";
import { asksForSlot, conditionOf, http, slotFor, uploads } from "./upload-scene.test.ts";
import { withData } from "./with-data.test.ts";

const DAY = 86_400_000;

/** The paths of all files of uploads, from the folder of the domain. */
function filesIn(data: string): string[] {
  const root = join(data, "files/upload/example.org");
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

/** Waits for what happens beside the conversation; time goes on meanwhile. */
async function until(stage: TestServer, condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < end, "it does not happen");
    stage.clock.advance(1000);
    await stage.settled();
  }
}

/** The address on the port that the server has now. */
function moved(url: string, { server }: TestServer): string {
  return url.replace(/:\d+\//, `:${server.ports.http[0]}/`);
}

test(
  "what was uploaded is there after a restart, byte for byte; places are not",
  withData(async ({ start }) => {
    let url = "";
    let put = "";
    {
      await using scene = await start();
      url = await uploads(scene.romeo, "hello");
      ({ put } = await slotFor(scene.romeo, 5));
    }
    await using scene = await start();
    assert.equal((await http("GET", moved(url, scene.stage))).body.toString(), "hello");
    assert.equal((await http("PUT", moved(put, scene.stage), { body: "hello" })).status, 404);
  }),
);

test(
  "files whose time is over go from the disk, in small steps, and no others",
  withData(async ({ data, start }) => {
    await using scene = await start({ modules: { upload: { keep: "1d" } } });
    const { romeo, stage } = scene;
    for (let i = 0; i < 60; i++) await uploads(romeo, `file ${i}`);
    stage.clock.advance(DAY / 2);
    const young = await uploads(romeo, "young");
    assert.equal(filesIn(data).length, 61);
    stage.clock.advance(DAY / 2);
    await until(stage, () => filesIn(data).length === 1);
    assert.equal((await http("GET", young)).body.toString(), "young");
    stage.clock.advance(DAY);
    await until(stage, () => filesIn(data).length === 0);
    await until(stage, () => readdirSync(join(data, "files/upload/example.org/kept")).length === 0);
  }),
);

test(
  "the files of an account go with it, and the next owner of its name begins anew",
  withData(async ({ data, start }) => {
    await using scene = await start({ limits: { uploadAccountFiles: 2 } });
    const { romeo, stage } = scene;
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    const kept = await uploads(juliet, "juliet's");
    const gone = [await uploads(romeo, "one"), await uploads(romeo, "two")];
    const { put } = await slotFor(juliet, 1);
    assert.equal(conditionOf(await asksForSlot(romeo, 1)), "resource-constraint");
    await stage.remove("romeo@example.org");
    for (const url of gone) assert.equal((await http("GET", url)).status, 404);
    await until(stage, () => filesIn(data).length === 1);
    assert.equal((await http("GET", kept)).body.toString(), "juliet's");
    assert.equal((await http("PUT", put, { body: "x" })).status, 201);
    const again = await Person.enters(stage, "romeo@example.org/balcony");
    await uploads(again, "new");
    for (const url of gone) assert.equal((await http("GET", url)).status, 404);
  }),
);

test(
  "a place of an account that is gone is gone with it",
  withData(async ({ data, start }) => {
    await using scene = await start();
    const { put, get } = await slotFor(scene.romeo, 5);
    await scene.stage.remove("romeo@example.org");
    assert.equal((await http("PUT", put, { body: "hello" })).status, 404);
    assert.equal((await http("GET", get)).status, 404);
    assert.deepEqual(filesIn(data), []);
  }),
);

test(
  "an upload that is under way when its account goes is not kept, nor counted for the next owner",
  withData(async ({ data, start }) => {
    await using scene = await start({ limits: { uploadAccountFiles: 1 } });
    const { stage } = scene;
    const { put, get } = await slotFor(scene.romeo, 1000);
    const { host, port } = new URL(put);
    const headers = { host, "content-length": "1000" };
    const path = new URL(put).pathname;
    const asked = request({ host: "127.0.0.1", port, method: "PUT", path, headers, agent: false });
    asked.on("error", () => {});
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    asked.write("x".repeat(500));
    await until(stage, () => filesIn(data).length === 1);
    await stage.remove("romeo@example.org");
    asked.end("x".repeat(500));
    const [response] = await answered;
    assert.equal(response.statusCode, 410);
    response.resume();
    await until(stage, () => filesIn(data).length === 0);
    assert.equal((await http("GET", get)).status, 404);
    await uploads(await Person.enters(stage, "romeo@example.org/balcony"), "new");
  }),
);

test(
  "what cannot be kept is not acknowledged, and does not count",
  withData(async ({ data, start }) => {
    await using scene = await start({ limits: { uploadAccountFiles: 1 } });
    const kept = join(data, "files/upload/example.org/kept");
    rmSync(kept, { recursive: true });
    writeFileSync(kept, "in the way");
    const { put, get } = await slotFor(scene.romeo, 5);
    assert.equal((await http("PUT", put, { body: "hello" })).status, 500);
    assert.notEqual((await http("GET", get)).status, 200);
    assert.deepEqual(filesIn(data), ["kept"]);
    rmSync(kept);
    await uploads(scene.romeo, "hello");
  }),
);

test(
  "what a killed server has left is removed at the next start: drafts, and files of accounts that are gone",
  withData(async ({ data, start }) => {
    const root = join(data, "files/upload/example.org");
    let url = "";
    {
      await using scene = await start();
      url = await uploads(scene.romeo, "hello");
      await uploads(scene.romeo, "again");
    }
    // broken off while it came in
    writeFileSync(join(root, "incoming", "A".repeat(24)), "half of");
    // broken off between what is known of a file and the file itself
    const [kept = ""] = filesIn(data).filter((path) => url.includes(path.slice(-24)));
    rmSync(join(root, kept));
    writeFileSync(join(root, "incoming", kept.slice(-24)), "hello");
    await using scene = await start({ limits: { uploadAccountFiles: 2 } });
    assert.equal((await http("GET", moved(url, scene.stage))).status, 404);
    assert.deepEqual(readdirSync(join(root, "incoming")), []);
    // only the other file counts
    await uploads(scene.romeo, "third");
    assert.equal(conditionOf(await asksForSlot(scene.romeo, 1)), "resource-constraint");
  }),
);

test(
  "files of an account that was removed while nobody could clean up are found later",
  withData(async ({ data, start }) => {
    {
      await using scene = await start();
      for (let i = 0; i < 60; i++) await uploads(scene.romeo, "hello");
    }
    {
      await using scene = await start({ modules: { upload: false } });
      await scene.stage.remove("romeo@example.org");
      assert.equal(filesIn(data).length, 60);
    }
    await using scene = await start();
    const mine = await uploads(scene.romeo, "mine");
    await until(scene.stage, () => filesIn(data).length === 1);
    assert.equal((await http("GET", mine)).body.toString(), "mine");
  }),
);

test(
  "without a data directory files go with the server",
  withData(async ({ data, start }) => {
    let folder = "";
    {
      await using scene = await start({ storage: "memory" });
      // as a module of one's own sees it
      await scene.stage.server.host("example.org").modules.load(
        {
          name: "probe",
          implements: [],
          requires: [],
          options: { safeParse: () => ({ success: true, data: {} }) } as never,
          setup(host) {
            folder = host.folder();
            writeFileSync(join(folder, "x"), "x");
          },
        },
        {},
      );
      assert.ok(existsSync(join(folder, "x")));
      assert.ok(!folder.startsWith(data));
    }
    assert.ok(!existsSync(folder));
  }),
);
