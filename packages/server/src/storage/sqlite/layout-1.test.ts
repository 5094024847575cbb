import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type LogSpec, StorageConflict, type ValueCodec } from "../api.ts";
import { openStorage } from "../open.ts";
import { assertWhole } from "./whole-database.test.ts";

const codec: ValueCodec<string> = { encode: (value) => value, decode: (value) => value };
const plain: LogSpec<string> = { name: "plain", shape: "log", version: 1, codec };
const search: LogSpec<string> = { ...plain, name: "search", search: true };

/** The tables of layout 1 as they were. */
const LAYOUT_1 = `
  create table store (id integer primary key, name text not null unique, shape text not null,
    version integer not null) strict;
  create table map (store integer not null, owner text not null, key text not null,
    version integer not null, value text not null,
    primary key (store, owner, key)) strict, without rowid;
  create table list (id integer primary key, store integer not null, owner text not null,
    unique (store, owner)) strict;
  create table log (list integer not null, at integer not null, seq integer not null,
    id text not null, peer text, doc integer, value text not null,
    primary key (list, at, seq)) strict, without rowid;
  create unique index log_id on log (list, id);
  create table map_staged (store integer not null, owner text not null, key text not null,
    value text not null, primary key (store, owner, key)) strict, without rowid;
  create table log_staged (store integer not null, list integer not null, at integer not null,
    seq integer not null, value text not null, primary key (store, list, at, seq)
    ) strict, without rowid;
  create virtual table log_text using fts5 (list, text, at unindexed, seq unindexed, content = '',
    contentless_delete = 1, contentless_unindexed = 1, tokenize = 'ascii', detail = 'column');
  insert into store values (1, 'plain', 'log', 1), (2, 'search', 'log', 1), (3, 'm', 'map', 1);
  insert into map values (3, 'romeo', 'k', 4, 'v');
  insert into list values (1, 1, 'romeo'), (2, 1, 'juliet'), (5, 2, 'romeo'), (6, 2, 'empty');
  insert into log values
    (1, 10, 0, 'a', 'juliet', null, 'A'), (1, 10, 1, 'b', null, null, 'B'),
    (1, 5, 0, 'c', 'nurse', null, 'C'), (2, 10, 0, 'a', 'romeo', null, 'hers'),
    (5, 7, 0, 'late', null, 9, 'L'), (5, 3, 0, 'early', null, 12, 'E'),
    (5, 4, 0, 'silent', null, null, 'S');
  insert into log_text (rowid, list, text, at, seq) values
    (9, 'l5', 'balcony scene', 7, 0), (12, 'l5', 'balcony', 3, 0);
  pragma user_version = 1;`;

function withLayout1(body: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "rookery-layout-"));
    try {
      const db = new DatabaseSync(join(directory, "rookery.sqlite"));
      db.exec(LAYOUT_1);
      db.close();
      await body(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

test(
  "a database of layout 1 is carried over with its order, ids, texts and maps",
  withLayout1(async (directory) => {
    for (let start = 0; start < 2; start++) {
      const storage = await openStorage({ driver: "sqlite", directory });
      const log = await storage.log(plain);
      const texts = await storage.log(search);
      const map = await storage.map({ ...plain, name: "m", shape: "map" });
      assert.deepEqual((await log.read("romeo")).slice(0, 3), [
        { id: "c", at: 5, with: "nurse", value: "C" },
        { id: "a", at: 10, with: "juliet", value: "A" },
        { id: "b", at: 10, value: "B" },
      ]);
      assert.equal((await log.get("juliet", "a"))?.value, "hers");
      const found = await texts.read("romeo", { text: "balcony" });
      assert.deepEqual(
        found.map(({ id }) => id),
        ["early", "late"],
      );
      assert.deepEqual(await texts.owners(), ["romeo"]);
      assert.deepEqual(await map.get("romeo", "k"), { key: "k", value: "v", version: 4 });
      await assert.rejects(log.append("romeo", { id: "a", at: 9, value: "x" }), StorageConflict);
      await log.append("romeo", { id: `new${start}`, at: 10, value: "after those of its time" });
      assert.equal((await log.read("romeo")).at(-1)?.id, `new${start}`);
      await storage.close();
      assertWhole(directory);
    }
  }),
);

test(
  "entries of layout 1 can be replaced, removed and expired",
  withLayout1(async (directory) => {
    const storage = await openStorage({ driver: "sqlite", directory });
    const texts = await storage.log(search);
    await texts.replace("romeo", "late", "tombstone");
    assert.equal(await texts.count("romeo", { text: "balcony" }), 1);
    assert.equal(await texts.remove("romeo", ["early"]), 1);
    assert.equal(await texts.count("romeo", { text: "balcony" }), 0);
    assert.equal(await texts.expire(100), 2);
    await (await storage.log(plain)).clear("romeo");
    await storage.close();
    assertWhole(directory);
  }),
);

test(
  "a database of layout 1 that cannot be carried over stays as it was",
  withLayout1(async (directory) => {
    const file = join(directory, "rookery.sqlite");
    const before = new DatabaseSync(file);
    before.exec("create table place (in_the_way)");
    before.close();
    await assert.rejects(openStorage({ driver: "sqlite", directory }), /place already exists/);
    const after = new DatabaseSync(file);
    assert.deepEqual({ ...after.prepare("pragma user_version").get() }, { user_version: 1 });
    assert.deepEqual({ ...after.prepare("select count(*) n from log").get() }, { n: 7 });
    after.close();
  }),
);
