/**
 * Reads pages of a large archive at both ends and in the middle, in both directions, with and
 * without `with`; and counts it. The last page is to be as fast as the first.
 *
 *     node bench/archive-pages.ts [entries = 100000] [directory]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { LogQuery, LogStore } from "../packages/server/src/storage/api.ts";
import { openStorage } from "../packages/server/src/storage/open.ts";

const OWNER = "romeo@example.net";
const PEERS = 20;
const PAGE = 50;
const TIMES = 200;
const BODY = `<message xmlns="jabber:client"><body>${"Deny thy father. ".repeat(18)}</body></message>`;

const entries = Number(process.argv[2] ?? 100_000);
const directory = mkdtempSync(join(process.argv[3] ?? tmpdir(), "rookery-bench-"));
try {
  const storage = await openStorage({ driver: "sqlite", directory });
  const log = await storage.log<string>({
    name: "bench/archive",
    shape: "log",
    version: 1,
    codec: { encode: (value) => value, decode: (value) => value },
  });
  await fill(log);
  const middle = idOf(Math.floor(entries / 2));
  const queries: readonly (readonly [string, LogQuery])[] = [
    ["first page", {}],
    ["page after the middle", { after: middle }],
    ["last page, forward", { after: idOf(entries - PAGE - 1) }],
    ["last page", { direction: "backward" }],
    ["page before the middle", { before: middle, direction: "backward" }],
    ["first page, backward", { before: idOf(PAGE), direction: "backward" }],
    ["first page with one of 20", { with: peerOf(3) }],
    ["last page with one of 20", { with: peerOf(3), direction: "backward" }],
  ];
  for (const [name, query] of queries) {
    console.log(`${name}: ${await timeOf(() => log.read(OWNER, { ...query, limit: PAGE }))}`);
  }
  console.log(`count of all: ${await timeOf(() => log.count(OWNER))}`);
  console.log(`count with one of 20: ${await timeOf(() => log.count(OWNER, { with: peerOf(3) }))}`);
  await storage.close();
} finally {
  rmSync(directory, { recursive: true });
}

async function fill(log: LogStore<string>): Promise<void> {
  for (let i = 0; i < entries; ) {
    const some: Promise<void>[] = [];
    for (; i < entries && some.length < 5000; i++) {
      const sides = [
        { owner: OWNER, with: peerOf(i) },
        { owner: peerOf(i), with: OWNER },
      ];
      some.push(log.appendShared(sides, { id: idOf(i), at: 1_700_000_000_000 + i, value: BODY }));
    }
    await Promise.all(some);
  }
}

async function timeOf(read: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const start = performance.now();
    await read();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return `${(times[TIMES / 2] ?? 0).toFixed(2)} ms (p95 ${(times[TIMES * 0.95] ?? 0).toFixed(2)})`;
}

function idOf(i: number): string {
  return `s${i.toString(36).padStart(8, "0")}`;
}

function peerOf(i: number): string {
  return `friend${i % PEERS}@example.org`;
}
