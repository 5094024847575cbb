/**
 * What every storage driver must do: the contract of `api.ts`, line by line. A driver's test file
 * calls `storageConformance` with a way to open an empty storage.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  type LogEntry,
  type LogQuery,
  type LogSpec,
  type MapSpec,
  type Storage,
  StorageConflict,
  StorageNotFound,
  StorageUnavailable,
  type ValueCodec,
} from "./api.ts";
import { progressContract, sharedLogContract } from "./shared-log-conformance.test.ts";

const text: ValueCodec<string> = { encode: (value) => value, decode: (value) => value };
const json: ValueCodec<unknown> = {
  encode: (value) => JSON.stringify(value),
  decode: (value): unknown => JSON.parse(value),
};

const mapSpec: MapSpec<string> = { name: "test/map", shape: "map", version: 1, codec: text };
const logSpec: LogSpec<string> = { name: "test/log", shape: "log", version: 1, codec: text };
const searchSpec: LogSpec<string> = { ...logSpec, name: "test/search", search: true };

const ROMEO = "romeo@example.net";
const JULIET = "juliet@example.com";

/** In the order of their UTF-8 bytes; JavaScript would put the last two the other way round. */
const IN_BYTE_ORDER = ["", "\0", "a", "a\0", "a\0b", "aa", "b", "é", "\uffee", "\u{1f426}"];

/** Runs the suite for a driver. @param open gives an empty storage each time. */
export function storageConformance(name: string, open: () => Promise<Storage>): void {
  const check = (what: string, body: (storage: Storage) => Promise<void>): void => {
    void test(`${name}: ${what}`, async () => {
      const storage = await open();
      try {
        await body(storage);
      } finally {
        await storage.close();
      }
    });
  };
  mapContract(check);
  versionContract(check);
  logContract(check);
  queryContract(check);
  searchContract(check);
  togetherContract(check);
  sharedLogContract(check);
  progressContract(check);
  migrationContract(check);
  modelContract(check);
}

type Check = (what: string, body: (storage: Storage) => Promise<void>) => void;

function mapContract(check: Check): void {
  check("a map gives back what was put, and nothing for another owner or key", async (storage) => {
    const map = await storage.map<unknown>({ ...mapSpec, codec: json });
    await map.put(ROMEO, "nurse", { name: "Nurse", groups: ["Servants"] });
    assert.deepEqual(await map.get(ROMEO, "nurse"), {
      key: "nurse",
      value: { name: "Nurse", groups: ["Servants"] },
      version: 1,
    });
    assert.equal(await map.get(ROMEO, "nurs"), undefined);
    assert.equal(await map.get(JULIET, "nurse"), undefined);
  });

  check("a promise of a write does not settle in the same turn", async (storage) => {
    const map = await storage.map(mapSpec);
    let settled = false;
    const put = map.put(ROMEO, "k", "v").then(() => (settled = true));
    assert.equal(settled, false);
    await put;
  });

  check("reads see every write that was asked for before them", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    const puts = [map.put(ROMEO, "k", "1"), map.put(ROMEO, "k", "2")];
    const first = map.get(ROMEO, "k");
    puts.push(map.put(ROMEO, "k", "3"));
    const appended = log.append(ROMEO, { id: "a", at: 1, value: "x" });
    const second = log.get(ROMEO, "a");
    const removed = log.remove(ROMEO, ["a"]);
    assert.equal((await first)?.value, "2");
    assert.equal((await second)?.value, "x");
    assert.deepEqual(await Promise.all(puts), [1, 2, 3]);
    assert.equal(await removed, 1);
    await appended;
  });

  check("keys, owners and values hold NUL and characters beyond the BMP", async (storage) => {
    const map = await storage.map(mapSpec);
    for (const odd of ["a\0b", "\0", "\u{1f426}\u{10ffff}", "\r\n\t\"'\\%_", "é", "e\u0301"]) {
      await map.put(odd, odd, odd);
      assert.deepEqual(await map.get(odd, odd), { key: odd, value: odd, version: 1 });
    }
    assert.equal(await map.get("a", "a"), undefined, "text after NUL counts");
    assert.equal((await map.owners()).length, 6, "nothing was normalised");
  });

  check("a lone surrogate is refused, in whatever place", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    const lone = "a\ud800b";
    const entry = { id: "i", at: 1, value: "v" };
    await assert.rejects(map.put(lone, "k", "v"), /lone surrogate/);
    await assert.rejects(map.put("o", lone, "v"), /lone surrogate/);
    await assert.rejects(map.put("o", "k", lone), /"a\\ud800b".*lone surrogate/);
    await assert.rejects(map.get("o", lone), /lone surrogate/);
    await assert.rejects(map.range("o", { prefix: lone }), /lone surrogate/);
    await assert.rejects(log.append("o", { ...entry, id: lone }), /lone surrogate/);
    await assert.rejects(log.append("o", { ...entry, with: lone }), /lone surrogate/);
    await assert.rejects(log.read("o", { ids: [lone] }), /lone surrogate/);
    await assert.rejects(storage.clear(lone), /lone surrogate/);
    assert.deepEqual(await map.owners(), []);
  });

  check("a value of 1 MB comes back whole, from a map and from a log", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    const large = "\u{1f426}é x".repeat(200_000);
    await map.put(ROMEO, "k", large);
    await log.append(ROMEO, { id: "i", at: 1, value: large });
    assert.equal((await map.get(ROMEO, "k"))?.value, large);
    assert.equal((await log.get(ROMEO, "i"))?.value, large);
  });

  check("range gives keys in the order of their UTF-8 bytes", async (storage) => {
    const map = await storage.map(mapSpec);
    await Promise.all(IN_BYTE_ORDER.toReversed().map((key) => map.put(ROMEO, key, `<${key}>`)));
    await map.put(JULIET, "aaa", "not Romeo's");
    const all = await map.range(ROMEO);
    assert.deepEqual(keys(all), IN_BYTE_ORDER);
    assert.deepEqual(all.at(-1), { key: "\u{1f426}", value: "<\u{1f426}>", version: 1 });
  });

  check("range keeps to prefix, after and limit, in all combinations", async (storage) => {
    const map = await storage.map(mapSpec);
    await Promise.all(IN_BYTE_ORDER.map((key) => map.put(ROMEO, key, key)));
    const bytes = (key: string): Buffer => Buffer.from(key);
    const bounds = [undefined, ...IN_BYTE_ORDER, "\u{10ffff}", "\ud7ff", "zz"];
    const asked: Promise<void>[] = [];
    for (const prefix of bounds) {
      for (const after of bounds) {
        for (const limit of [undefined, 0, 1, 3]) {
          const expected = IN_BYTE_ORDER.filter(
            (key) =>
              key.startsWith(prefix ?? "") &&
              (after === undefined || Buffer.compare(bytes(key), bytes(after)) > 0),
          ).slice(0, limit);
          const range = defined({ prefix, after, limit });
          asked.push(
            map.range(ROMEO, range).then((found) => {
              assert.deepEqual(keys(found), expected, JSON.stringify(range));
            }),
          );
        }
      }
    }
    await Promise.all(asked);
  });

  check("a limit that is no whole number from 0 on is refused", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    for (const limit of [-1, 1.5, Number.NaN, Infinity]) {
      await assert.rejects(map.range(ROMEO, { limit }), RangeError);
      await assert.rejects(map.owners({ limit }), RangeError);
      await assert.rejects(log.read(ROMEO, { limit }), RangeError);
    }
  });

  check("owners are those that have something, by page, in byte order", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    for (const owner of IN_BYTE_ORDER) {
      await map.put(owner, "k1", "v");
      await map.put(owner, "k2", "v");
      await log.append(owner, { id: "i", at: 1, value: "v" });
      await log.append(owner, { id: "j", at: 2, value: "v" });
    }
    for (const store of [map, log]) {
      assert.deepEqual(await store.owners(), IN_BYTE_ORDER);
      assert.deepEqual(await store.owners({ limit: 0 }), []);
      const paged: string[] = [];
      let page = await store.owners({ limit: 3 });
      while (page.length > 0) {
        paged.push(...page);
        page = await store.owners({ after: paged.at(-1) ?? "", limit: 3 });
      }
      assert.deepEqual(paged, IN_BYTE_ORDER);
    }
    await map.clear("a");
    await log.remove("a", ["i", "j"]);
    await log.expire(10, "b");
    const without = (...gone: string[]): string[] =>
      IN_BYTE_ORDER.filter((owner) => !gone.includes(owner));
    assert.deepEqual(await map.owners(), without("a"));
    assert.deepEqual(await log.owners(), without("a", "b"));
    await log.append("a", { id: "i", at: 1, value: "again" });
    assert.deepEqual(await log.owners(), without("b"));
  });

  check("clear removes all of one owner in one store", async (storage) => {
    const map = await storage.map(mapSpec);
    const other = await storage.map({ ...mapSpec, name: "test/other" });
    await Promise.all([map.put(ROMEO, "a", "1"), map.put(ROMEO, "b", "2")]);
    await Promise.all([map.put(JULIET, "a", "3"), other.put(ROMEO, "a", "4")]);
    await map.clear(ROMEO);
    await map.clear("nobody@example.org");
    assert.deepEqual(await map.range(ROMEO), []);
    assert.equal((await map.get(JULIET, "a"))?.value, "3");
    assert.equal((await other.get(ROMEO, "a"))?.value, "4");
  });

  check("a codec that throws rejects the write or the read, and nothing else", async (storage) => {
    const codec: ValueCodec<string> = {
      encode: (value) => (value === "bad" ? fail("no text for this") : value),
      decode: (value) => (value === "odd" ? fail("no value for this") : value),
    };
    const map = await storage.map({ ...mapSpec, codec });
    const good = map.put(ROMEO, "good", "good");
    await assert.rejects(map.put(ROMEO, "bad", "bad"), /no text for this/);
    await map.put(ROMEO, "odd", "odd");
    await assert.rejects(map.get(ROMEO, "odd"), /no value for this/);
    assert.equal(await good, 1);
    assert.equal(await map.get(ROMEO, "bad"), undefined);
  });
}

function versionContract(check: Check): void {
  check("each put raises the version by one, from 1 on", async (storage) => {
    const map = await storage.map(mapSpec);
    assert.equal(await map.put(ROMEO, "k", "a"), 1);
    assert.equal(await map.put(ROMEO, "k", "a"), 2);
    assert.equal(await map.put(ROMEO, "k", "b", { ifVersion: 2 }), 3);
    assert.equal((await map.get(ROMEO, "k"))?.version, 3);
  });

  check("ifVersion must hold, for put and for delete; 0 is absence", async (storage) => {
    const map = await storage.map(mapSpec);
    assert.equal(await map.put(ROMEO, "k", "a", { ifVersion: 0 }), 1);
    for (const ifVersion of [0, 2, 17]) {
      await assert.rejects(map.put(ROMEO, "k", "x", { ifVersion }), StorageConflict);
      await assert.rejects(map.delete(ROMEO, "k", { ifVersion }), StorageConflict);
    }
    await assert.rejects(map.put(ROMEO, "absent", "x", { ifVersion: 1 }), StorageConflict);
    await assert.rejects(map.delete(ROMEO, "absent", { ifVersion: 1 }), StorageConflict);
    assert.deepEqual(await map.range(ROMEO), [{ key: "k", value: "a", version: 1 }]);
    assert.equal(await map.delete(ROMEO, "absent", { ifVersion: 0 }), false);
    assert.equal(await map.delete(ROMEO, "k", { ifVersion: 1 }), true);
    assert.equal(await map.delete(ROMEO, "k"), false);
  });

  check("a conflict names the store, the owner, the key and the version", async (storage) => {
    const map = await storage.map(mapSpec);
    await assert.rejects(
      map.put(ROMEO, "nurse", "x", { ifVersion: 4 }),
      /"nurse" of "romeo@example.net" in test\/map.*version 4/,
    );
  });

  check("a key that was deleted and put again has a version it never had", async (storage) => {
    const map = await storage.map(mapSpec);
    for (const remove of [() => map.delete(ROMEO, "k"), () => map.clear(ROMEO)]) {
      await map.put(ROMEO, "k", "old");
      const version = await map.put(ROMEO, "k", "old");
      await remove();
      assert.ok((await map.put(ROMEO, "k", "new")) > version);
      await assert.rejects(map.put(ROMEO, "k", "x", { ifVersion: version }), StorageConflict);
    }
  });

  check("of many who compare and set the same version, one wins", async (storage) => {
    const map = await storage.map(mapSpec);
    await map.put(ROMEO, "k", "0");
    const writers = Array.from({ length: 20 }, (_, i) =>
      map.put(ROMEO, "k", String(i), { ifVersion: 1 }),
    );
    const outcomes = await Promise.allSettled(writers);
    const won = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(won.length, 1);
    assert.deepEqual(await map.get(ROMEO, "k"), { key: "k", value: "0", version: 2 });
  });

  check("update never loses a change, whoever else writes", async (storage) => {
    const map = await storage.map(mapSpec);
    const again = await storage.map(mapSpec);
    const add = (old: string | undefined): string => String(Number(old ?? 0) + 1);
    const both = Array.from({ length: 30 }, (_, i) =>
      (i % 2 ? map : again).update(ROMEO, "counter", add),
    );
    await Promise.all(both);
    assert.equal((await map.get(ROMEO, "counter"))?.value, "30");
  });

  check("update gives what is stored, and undefined deletes", async (storage) => {
    const map = await storage.map(mapSpec);
    const seen: (string | undefined)[] = [];
    const to =
      (value: string | undefined) =>
      (old: string | undefined): string | undefined => {
        seen.push(old);
        return value;
      };
    assert.equal(await map.update(ROMEO, "k", to(undefined)), undefined);
    assert.equal(await map.update(ROMEO, "k", to("a")), "a");
    assert.equal(await map.update(ROMEO, "k", to(undefined)), undefined);
    assert.equal(await map.get(ROMEO, "k"), undefined);
    assert.deepEqual(seen, [undefined, undefined, "a"]);
  });

  check("update tries again when someone wrote or deleted in between", async (storage) => {
    const map = await storage.map(mapSpec);
    await map.put(ROMEO, "k", "a");
    const seen: (string | undefined)[] = [];
    const others = [() => map.put(ROMEO, "k", "b"), () => map.delete(ROMEO, "k")];
    const result = await map.update(ROMEO, "k", (old) => {
      seen.push(old);
      void others.shift()?.();
      return `${old}!`;
    });
    assert.deepEqual(seen, ["a", "b", undefined]);
    assert.equal(result, "undefined!");
  });

  check("an update whose change throws writes nothing and blocks nobody", async (storage) => {
    const map = await storage.map(mapSpec);
    const bad = map.update(ROMEO, "k", () => fail("no"));
    const good = map.update(ROMEO, "k", () => "good");
    await assert.rejects(bad, /no/);
    assert.equal(await good, "good");
  });
}

function logContract(check: Check): void {
  check("a log gives entries by time, then by arrival", async (storage) => {
    const log = await storage.log(logSpec);
    const order: readonly (readonly [string, number])[] = [
      ["c", 20],
      ["a", 10],
      ["d", 20],
      ["b", 10],
      ["z", -5],
      ["e", 20],
    ];
    await Promise.all(order.map(([id, at]) => log.append(ROMEO, { id, at, value: id })));
    assert.deepEqual(ids(await log.read(ROMEO)), ["z", "a", "b", "c", "d", "e"]);
    await log.remove(ROMEO, ["d", "e"]);
    await log.append(ROMEO, { id: "f", at: 20, value: "f" });
    assert.deepEqual(ids(await log.read(ROMEO)), ["z", "a", "b", "c", "f"]);
  });

  check("an entry comes back as it was, with and without a JID", async (storage) => {
    const log = await storage.log<unknown>({ ...logSpec, codec: json });
    const one = { id: "1", at: 1_700_000_000_123, with: JULIET, value: { body: "\0\u{1f426}" } };
    const two = { id: "2", at: 0, value: null };
    await log.append(ROMEO, one);
    await log.append(ROMEO, { ...two, text: "text is for finding only" });
    assert.deepEqual(await log.get(ROMEO, "1"), one);
    assert.deepEqual(await log.get(ROMEO, "2"), two);
    assert.equal(await log.get(JULIET, "1"), undefined);
    assert.deepEqual(await log.read(ROMEO), [two, one]);
  });

  check("an id is unique for the owner in the store, not beyond", async (storage) => {
    const log = await storage.log(logSpec);
    const other = await storage.log({ ...logSpec, name: "test/other" });
    await log.append(ROMEO, { id: "x", at: 1, value: "first" });
    await assert.rejects(log.append(ROMEO, { id: "x", at: 2, value: "second" }), StorageConflict);
    await log.append(JULIET, { id: "x", at: 3, value: "Juliet's" });
    await other.append(ROMEO, { id: "x", at: 4, value: "elsewhere" });
    assert.deepEqual(await log.read(ROMEO), [{ id: "x", at: 1, value: "first" }]);
  });

  check("a time must be whole milliseconds", async (storage) => {
    const log = await storage.log(logSpec);
    for (const at of [1.5, Number.NaN, Infinity, 2 ** 60]) {
      await assert.rejects(log.append(ROMEO, { id: "x", at, value: "v" }), RangeError);
      await assert.rejects(log.expire(at, ROMEO), RangeError);
    }
  });

  check("replace leaves an entry its place and says whether there was one", async (storage) => {
    const log = await storage.log(logSpec);
    for (const id of ["a", "b", "c"]) {
      await log.append(ROMEO, { id, at: 5, with: JULIET, value: id });
    }
    assert.equal(await log.replace(ROMEO, "b", "tombstone"), true);
    assert.equal(await log.replace(ROMEO, "nothing", "x"), false);
    assert.equal(await log.replace(JULIET, "b", "x"), false);
    assert.deepEqual(ids(await log.read(ROMEO)), ["a", "b", "c"]);
    const replaced = { id: "b", at: 5, with: JULIET, value: "tombstone" };
    assert.deepEqual(await log.get(ROMEO, "b"), replaced);
  });

  check("remove says how many there were", async (storage) => {
    const log = await storage.log(logSpec);
    for (const id of ["a", "b", "c"]) await log.append(ROMEO, { id, at: 1, value: id });
    await log.append(JULIET, { id: "a", at: 1, value: "Juliet's" });
    assert.equal(await log.remove(ROMEO, []), 0);
    assert.equal(await log.remove(ROMEO, ["a", "a", "nothing", "c"]), 2);
    assert.equal(await log.remove("nobody", ["a"]), 0);
    assert.deepEqual(ids(await log.read(ROMEO)), ["b"]);
    assert.deepEqual(ids(await log.read(JULIET)), ["a"]);
  });

  check("expire removes what is older, of one owner or of all", async (storage) => {
    const log = await storage.log(logSpec);
    const writes = [ROMEO, JULIET, "mercutio"].flatMap((owner) =>
      Array.from({ length: 20 }, (_, i) => log.append(owner, { id: `${i}`, at: i, value: "v" })),
    );
    await Promise.all(writes);
    assert.equal(await log.expire(5, ROMEO), 5);
    assert.equal(await log.count(ROMEO), 15);
    assert.equal(await log.count(JULIET), 20);
    assert.equal(await log.expire(10), 5 + 10 + 10);
    assert.equal((await log.read(JULIET))[0]?.id, "10");
    assert.equal(await log.expire(10), 0);
    assert.equal(await log.expire(1000), 30);
    assert.deepEqual(await log.owners(), []);
  });

  check("expire goes on beyond what it removes at once", async (storage) => {
    const log = await storage.log(logSpec);
    const writes = Array.from({ length: 1203 }, (_, i) =>
      log.append(ROMEO, { id: `${i}`, at: Math.floor(i / 400), value: "v" }),
    );
    await Promise.all(writes);
    assert.equal(await log.expire(3, ROMEO), 1200);
    assert.deepEqual(ids(await log.read(ROMEO)), ["1200", "1201", "1202"]);
  });

  check("clear empties the log of one owner", async (storage) => {
    const log = await storage.log(logSpec);
    await log.append(ROMEO, { id: "a", at: 1, value: "v" });
    await log.append(JULIET, { id: "a", at: 1, value: "v" });
    await log.clear(ROMEO);
    await log.clear("nobody");
    assert.equal(await log.count(ROMEO), 0);
    assert.equal(await log.count(JULIET), 1);
    await log.append(ROMEO, { id: "a", at: 2, value: "new" });
    assert.equal((await log.get(ROMEO, "a"))?.value, "new");
  });
}

/** Every query below is answered by this too. */
function answer(log: readonly LogEntry<string>[], query: LogQuery): readonly string[] {
  const place = (id: string): number => log.findIndex((entry) => entry.id === id);
  const found = log.filter(
    (entry, i) =>
      (query.after === undefined || i > place(query.after)) &&
      (query.before === undefined || i < place(query.before)) &&
      (query.from === undefined || entry.at >= query.from) &&
      (query.to === undefined || entry.at <= query.to) &&
      (query.with === undefined || entry.with === query.with) &&
      (query.ids === undefined || query.ids.includes(entry.id)) &&
      (query.text === undefined || (entry.text ?? "").split(" ").includes(query.text)),
  );
  const { limit = found.length, direction } = query;
  return ids(
    direction === "backward"
      ? found.slice(Math.max(0, found.length - limit))
      : found.slice(0, limit),
  );
}

function queryContract(check: Check): void {
  check("read and count keep to every combination of a query", async (storage) => {
    const log = await storage.log(searchSpec);
    const entries: LogEntry<string>[] = Array.from({ length: 12 }, (_, i) => ({
      id: `m${i}`,
      at: 100 + 10 * Math.floor(i / 3),
      ...(i % 4 !== 3 && { with: i % 2 ? JULIET : "nurse@example.com" }),
      value: `${i}`,
      text: i % 3 ? "wherefore art thou" : "soft what light",
    }));
    for (const entry of entries) await log.append(ROMEO, entry);
    await log.append(JULIET, { id: "m1", at: 110, with: JULIET, value: "x", text: "light art" });
    const choices = {
      after: [undefined, "m1", "m9"],
      before: [undefined, "m5", "m0"],
      from: [undefined, 110],
      to: [undefined, 120],
      with: [undefined, JULIET],
      ids: [undefined, [], ["m8", "m2", "m8", "m4", "nothing", "m3"]],
      text: [undefined, "art"],
      limit: [undefined, 0, 2],
      direction: [undefined, "backward" as const],
    };
    const asked: Promise<void>[] = [];
    for (const query of combinations(choices)) {
      const expected = answer(entries, query);
      asked.push(
        log.read(ROMEO, query).then((found) => {
          assert.deepEqual(ids(found), expected, JSON.stringify(query));
        }),
      );
      if (query.limit !== undefined || query.direction !== undefined) continue;
      asked.push(
        log.count(ROMEO, query).then((count) => {
          assert.equal(count, expected.length, JSON.stringify(query));
        }),
      );
    }
    await Promise.all(asked);
  });

  check("a query from an entry that is not there is StorageNotFound", async (storage) => {
    const log = await storage.log(logSpec);
    await log.append(JULIET, { id: "x", at: 1, value: "Juliet's" });
    await log.append(ROMEO, { id: "y", at: 1, value: "v" });
    for (const owner of [ROMEO, "nobody"]) {
      await assert.rejects(log.read(owner, { after: "x" }), StorageNotFound);
      await assert.rejects(log.read(owner, { before: "x" }), /"x"/);
      await assert.rejects(log.count(owner, { after: "x" }), StorageNotFound);
    }
    assert.deepEqual(ids(await log.read(ROMEO, { after: "y" })), []);
    assert.deepEqual(await log.read("nobody"), []);
    assert.equal(await log.count("nobody"), 0);
  });
}

function searchContract(check: Check): void {
  const find = async (storage: Storage, query: string): Promise<readonly string[]> =>
    ids(await (await storage.log(searchSpec)).read(ROMEO, { text: query }));

  check("text finds entries that have all its words, without case and accents", async (storage) => {
    const log = await storage.log(searchSpec);
    const texts = ["Wherefore art thou, Romeo?", "Où est le CAFÉ?", "Где Ромео", "naïve café"];
    for (const [i, found] of texts.entries()) {
      await log.append(ROMEO, { id: `${i}`, at: i, value: "v", text: found });
    }
    await log.append(ROMEO, { id: "silent", at: 9, value: "Romeo" });
    await log.append(JULIET, { id: "other", at: 9, value: "v", text: "Romeo" });
    assert.deepEqual(await find(storage, "romeo WHEREFORE"), ["0"]);
    assert.deepEqual(await find(storage, "cafe"), ["1", "3"]);
    assert.deepEqual(await find(storage, "ромео"), ["2"]);
    assert.deepEqual(await find(storage, "rom"), [], "whole words");
    assert.deepEqual(await find(storage, "romeo cafe"), []);
    assert.equal(await log.count(ROMEO, { text: "café" }), 2);
  });

  check("nothing in a text is taken as an operator", async (storage) => {
    const log = await storage.log(searchSpec);
    await log.append(ROMEO, { id: "a", at: 1, value: "v", text: "near the list, or not: text" });
    const hostile = ['"', "*", "near(", "a OR b", "NOT near", "list:l1", "text:near*", "\0", ")("];
    for (const text of hostile) await log.read(ROMEO, { text });
    assert.deepEqual(await find(storage, "OR"), ["a"]);
    assert.deepEqual(await find(storage, 'NEAR ("list" + "text")'), ["a"]);
    assert.deepEqual(await find(storage, "l1"), []);
    for (const empty of ["", "  ", '"*"', "\0", "…"])
      assert.deepEqual(await find(storage, empty), []);
    assert.deepEqual(await find(storage, "x ".repeat(100_000)), []);
  });

  check("what was replaced, removed, expired or cleared is not found any more", async (storage) => {
    const log = await storage.log(searchSpec);
    for (const id of ["a", "b", "c", "d", "e"]) {
      await log.append(ROMEO, { id, at: id.charCodeAt(0), value: "v", text: `secret ${id}` });
    }
    await log.replace(ROMEO, "c", "tombstone");
    await log.replace(ROMEO, "d", "edited", "public now");
    assert.deepEqual(await find(storage, "secret"), ["a", "b", "e"]);
    assert.deepEqual(await find(storage, "public"), ["d"]);
    await log.remove(ROMEO, ["e"]);
    await log.expire(98, ROMEO);
    assert.deepEqual(await find(storage, "secret"), ["b"]);
    await log.clear(ROMEO);
    await log.append(ROMEO, { id: "b", at: 98, value: "v" });
    assert.deepEqual(await find(storage, "secret"), []);
  });

  check("a store without search refuses a text", async (storage) => {
    const log = await storage.log(logSpec);
    await log.append(ROMEO, { id: "a", at: 1, value: "v", text: "ignored" });
    await assert.rejects(log.read(ROMEO, { text: "ignored" }), /test\/log.*search: true/);
  });
}

function togetherContract(check: Check): void {
  check("a batch writes to several stores at once", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(searchSpec);
    await map.put(ROMEO, "old", "x");
    await log.append(ROMEO, { id: "old", at: 1, value: "x" });
    await storage.batch([
      map.write.delete(ROMEO, "old", { ifVersion: 1 }),
      map.write.put(ROMEO, "new", "1", { ifVersion: 0 }),
      map.write.put(ROMEO, "new", "2", { ifVersion: 2 }),
      log.write.append(ROMEO, { id: "b", at: 2, value: "b", text: "found" }),
      log.write.replace(ROMEO, "old", "tombstone"),
      log.write.append(ROMEO, { id: "gone", at: 3, value: "x" }),
      log.write.remove(ROMEO, ["gone"]),
    ]);
    await storage.batch([]);
    assert.deepEqual(await map.range(ROMEO), [{ key: "new", value: "2", version: 3 }]);
    assert.deepEqual(await log.read(ROMEO), [
      { id: "old", at: 1, value: "tombstone" },
      { id: "b", at: 2, value: "b" },
    ]);
    await storage.batch([map.write.clear(ROMEO), log.write.clear(ROMEO)]);
    assert.deepEqual([await map.owners(), await log.owners()], [[], []]);
  });

  check("a batch with one conflict leaves no trace in any store", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(searchSpec);
    await map.put(ROMEO, "k", "before");
    await map.put(ROMEO, "l", "before");
    await log.append(ROMEO, { id: "a", at: 1, value: "before", text: "before" });
    await log.append(ROMEO, { id: "b", at: 1, value: "before", text: "before" });
    const everything = async (): Promise<unknown> => [
      await map.range(ROMEO),
      await map.owners(),
      await log.read(ROMEO),
      await log.owners(),
      await log.read(ROMEO, { text: "before" }),
      await log.read(ROMEO, { text: "after" }),
    ];
    const before = await everything();
    const conflicts = [
      map.write.put(ROMEO, "k", "x", { ifVersion: 1 }),
      map.write.delete(ROMEO, "k", { ifVersion: 9 }),
      log.write.append(ROMEO, { id: "new", at: 9, value: "x" }),
    ];
    for (const conflict of conflicts) {
      const batch = storage.batch([
        map.write.put(ROMEO, "k", "after"),
        map.write.delete(ROMEO, "l"),
        map.write.put("new@example.net", "k", "after"),
        log.write.replace(ROMEO, "a", "after", "after"),
        log.write.append(ROMEO, { id: "new", at: 0, value: "after", text: "after" }),
        log.write.append("new@example.net", { id: "n", at: 0, value: "after", text: "after" }),
        log.write.remove(ROMEO, ["b"]),
        map.write.clear(JULIET),
        conflict,
      ]);
      await assert.rejects(batch, StorageConflict);
      assert.deepEqual(await everything(), before);
    }
    const cleared = [map.write.clear(ROMEO), log.write.clear(ROMEO), conflicts[1] ?? fail("")];
    await assert.rejects(storage.batch(cleared), StorageConflict);
    assert.deepEqual(await everything(), before);
    await log.append("new@example.net", { id: "n", at: 0, value: "later" });
    assert.deepEqual(await log.owners(), ["new@example.net", ROMEO]);
  });

  check("one bad write does not concern those asked for beside it", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    const outcomes = await Promise.allSettled([
      map.put(ROMEO, "a", "1"),
      map.put(ROMEO, "a", "x", { ifVersion: 5 }),
      log.append(ROMEO, { id: "i", at: 1, value: "1" }),
      log.append(ROMEO, { id: "i", at: 1, value: "x" }),
      storage.batch([
        map.write.put(ROMEO, "b", "x"),
        map.write.delete(ROMEO, "a", { ifVersion: 7 }),
      ]),
      log.append(ROMEO, { id: "j", at: 1, value: "2" }),
      map.delete(ROMEO, "nothing"),
      map.put(ROMEO, "c", "3"),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : "refused")),
      [1, "refused", undefined, "refused", "refused", undefined, false, 1],
    );
    assert.deepEqual(keys(await map.range(ROMEO)), ["a", "c"]);
    assert.deepEqual(ids(await log.read(ROMEO)), ["i", "j"]);
  });

  check("a batch for a store that is not open is refused", async (storage) => {
    const op = { do: "clear", owner: ROMEO } as const;
    await assert.rejects(storage.batch([{ store: "never/opened", op }]), /"never\/opened"/);
  });

  check("clear of an owner reaches every store and nobody else", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(searchSpec);
    for (const owner of [ROMEO, JULIET]) {
      await map.put(owner, "k", "v");
      await log.append(owner, { id: "i", at: 1, value: "v", text: "word" });
    }
    await storage.clear(ROMEO);
    assert.deepEqual(await map.range(ROMEO), []);
    assert.deepEqual(await log.read(ROMEO), []);
    assert.deepEqual(await map.owners(), [JULIET]);
    assert.deepEqual(ids(await log.read(JULIET, { text: "word" })), ["i"]);
  });

  check("flush settles after every write asked for before it", async (storage) => {
    const map = await storage.map(mapSpec);
    const settled: number[] = [];
    for (let i = 0; i < 50; i++) void map.put(ROMEO, `${i}`, "v").then(() => settled.push(i));
    await storage.flush();
    assert.equal(settled.length, 50);
  });

  check("after close everything is refused; what was asked before is kept", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(logSpec);
    const last = map.put(ROMEO, "k", "v");
    const closed = storage.close();
    await assert.rejects(map.get(ROMEO, "k"), StorageUnavailable);
    await Promise.all([last, closed]);
    await storage.close();
    await assert.rejects(map.put(ROMEO, "k", "v"), /was closed/);
    await assert.rejects(log.append(ROMEO, { id: "a", at: 1, value: "v" }), StorageUnavailable);
    await assert.rejects(storage.batch([]), StorageUnavailable);
    await assert.rejects(storage.flush(), StorageUnavailable);
    await assert.rejects(storage.map(mapSpec), StorageUnavailable);
  });
}

function migrationContract(check: Check): void {
  check("a higher version migrates every value before the store is handed out", async (storage) => {
    const map = await storage.map(mapSpec);
    const log = await storage.log(searchSpec);
    const writes: Promise<unknown>[] = [];
    for (let i = 0; i < 450; i++) {
      writes.push(map.put(`owner${i % 7}`, `k${i}`, `${i}`));
      writes.push(log.append(`owner${i % 7}`, { id: `i${i}`, at: i, value: `${i}`, text: "word" }));
    }
    await Promise.all(writes);
    const migrate = (old: string, from: number): string => `${old} of ${from}`;
    const newMap = await storage.map({ ...mapSpec, version: 3, migrate });
    const newLog = await storage.log({ ...searchSpec, version: 2, migrate });
    const values = [];
    for (const owner of await newMap.owners()) values.push(...(await newMap.range(owner)));
    assert.equal(values.length, 450);
    for (const { key, value, version } of values) {
      assert.equal(`k${value}`, `${key} of 1`);
      assert.equal(version, 1, "a migration is no change that compare-and-set is about");
    }
    for (const owner of await newLog.owners()) {
      for (const { id, value } of await newLog.read(owner, { text: "word" })) {
        assert.equal(`i${value}`, `${id} of 1`);
      }
    }
    assert.equal(await newLog.count("owner0", { text: "word" }), 65);
    const again = await storage.map({ ...mapSpec, version: 3, migrate });
    assert.equal((await again.get("owner0", "k0"))?.value, "0 of 1");
  });

  check("a lower version than the recorded one is refused", async (storage) => {
    await storage.map({ ...mapSpec, version: 2 });
    await assert.rejects(storage.map(mapSpec), /"test\/map" in version 1: .* version 2/);
  });

  check("a migration that fails changes nothing", async (storage) => {
    const map = await storage.map(mapSpec);
    for (let i = 0; i < 300; i++) void map.put(ROMEO, `${i}`.padStart(4, "0"), `${i}`);
    const migrate = (old: string): string => (old === "299" ? fail("no such value") : `new ${old}`);
    await assert.rejects(
      storage.map({ ...mapSpec, version: 2, migrate }),
      /"test\/map" from version 1 to 2.*"299".*no such value/,
    );
    await assert.rejects(storage.map({ ...mapSpec, version: 2 }), /no migrate/);
    assert.equal((await map.get(ROMEO, "0000"))?.value, "0");
    const repaired = await storage.map({
      ...mapSpec,
      version: 2,
      migrate: (old) => `better ${old}`,
    });
    assert.equal((await repaired.get(ROMEO, "0000"))?.value, "better 0");
  });

  check("a store keeps its shape, and a version is a whole number from 1 on", async (storage) => {
    await storage.map(mapSpec);
    await assert.rejects(storage.log({ ...logSpec, name: mapSpec.name }), /recorded as a map/);
    await assert.rejects(storage.map({ ...mapSpec, version: 0 }), /version is 0/);
  });
}

function modelContract(check: Check): void {
  check("any sequence of writes to a map is what a simple model makes of it", async (storage) => {
    const map = await storage.map(mapSpec);
    const part = fc.constantFrom("a", "b", "\uffee", "\u{1f426}", "a\0");
    const step = fc.record({
      action: fc.constantFrom("put", "put", "delete", "clear", "insert"),
      owner: fc.constantFrom("x", "y"),
      key: fc.tuple(part, part).map((parts) => parts.join("")),
      value: fc.string({ unit: "binary", maxLength: 5 }).map((value) => value.toWellFormed()),
    });
    let run = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      run++;
      const model = new Map<string, string>();
      const written: Promise<unknown>[] = [];
      for (const { action, owner, key, value } of steps) {
        const mine = `${run}${owner}`;
        const taken = model.has(owner + key);
        if (action === "put") written.push(map.put(mine, key, value));
        else if (action === "delete") written.push(map.delete(mine, key));
        else if (action === "clear") written.push(map.clear(mine));
        else written.push(map.put(mine, key, value, { ifVersion: 0 }).catch(() => "conflict"));
        if (action === "put" || (action === "insert" && !taken)) model.set(owner + key, value);
        if (action === "delete") model.delete(owner + key);
        if (action !== "clear") continue;
        for (const known of model.keys()) if (known.startsWith(owner)) model.delete(known);
      }
      for (const owner of ["x", "y"]) {
        const found = await map.range(`${run}${owner}`);
        const expected = [...model]
          .filter(([known]) => known.startsWith(owner))
          .map(([known, value]) => [known.slice(1), value] as const)
          .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        assert.deepEqual(
          found.map(({ key, value }) => [key, value]),
          expected,
        );
      }
      await Promise.all(written);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  check("any sequence of writes to a log is what a simple model makes of it", async (storage) => {
    const log = await storage.log(logSpec);
    const step = fc.record({
      action: fc.constantFrom("append", "append", "append", "replace", "remove", "expire"),
      id: fc.integer({ min: 0, max: 15 }).map(String),
      at: fc.integer({ min: 0, max: 5 }),
      value: fc.string({ maxLength: 3 }),
    });
    let run = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const owner = `owner${run++}`;
      let model: LogEntry<string>[] = [];
      const written: Promise<unknown>[] = [];
      for (const { action, id, at, value } of steps) {
        const known = model.findIndex((entry) => entry.id === id);
        if (action === "append") {
          written.push(log.append(owner, { id, at, value }).catch(() => "conflict"));
          if (known < 0) model.push({ id, at, value });
          model.sort((a, b) => a.at - b.at);
        } else if (action === "replace") {
          written.push(log.replace(owner, id, value));
          model = model.map((entry) => (entry.id === id ? { ...entry, value } : entry));
        } else if (action === "remove") {
          written.push(log.remove(owner, [id]));
          model = model.filter((entry) => entry.id !== id);
        } else {
          written.push(log.expire(at, owner));
          model = model.filter((entry) => entry.at >= at);
        }
      }
      assert.deepEqual(await log.read(owner), model);
      assert.equal(await log.count(owner), model.length);
      await Promise.all(written);
    });
    await fc.assert(property, { numRuns: 60 });
  });
}

const keys = (entries: readonly { readonly key: string }[]): readonly string[] =>
  entries.map(({ key }) => key);

const ids = (entries: readonly { readonly id: string }[]): readonly string[] =>
  entries.map(({ id }) => id);

function fail(message: string): never {
  throw new Error(message);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The same object without what is undefined. */
function defined<T extends object>(object: T): Defined<T> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}

function* combinations<T extends object>(
  choices: {
    readonly [K in keyof T]: readonly T[K][];
  },
): Generator<Defined<T>> {
  let all: object[] = [{}];
  for (const [name, values] of Object.entries<readonly unknown[]>(choices)) {
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  for (const one of all) yield defined(one as T);
}
