/**
 * Archives messages in the SQLite storage, each for both sides, at a fixed rate and as fast as it
 * goes: how long until an acknowledgement, and what a message costs the main thread and all
 * threads. Then how long others wait while one account writes lists of 1000 items.
 *
 *     node bench/storage.ts [messages per second = 10000] [seconds = 8] [directory]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogStore, SharedLogEntry, Storage } from "../packages/server/src/storage/api.ts";
import { openStorage } from "../packages/server/src/storage/open.ts";

const OWNERS = 1000;
const BODY =
  '<message xmlns="jabber:client" type="chat" id="5f1c" from="romeo@example.net/orchard" ' +
  'to="juliet@example.com"><body>Wherefore art thou, Romeo? Deny thy father and refuse thy name' +
  '</body><origin-id xmlns="urn:xmpp:sid:0" id="5f1c"/></message>';

const rate = Number(process.argv[2] ?? 10_000);
const seconds = Number(process.argv[3] ?? 8);
const directory = mkdtempSync(join(process.argv[4] ?? tmpdir(), "rookery-bench-"));
try {
  const storage = await openStorage({ driver: "sqlite", directory });
  const log = await storage.log<string>({
    name: "bench/archive",
    shape: "log",
    version: 1,
    codec: { encode: (value) => value, decode: (value) => value },
  });
  const append = appender(log);
  await burst(append, 5000);
  await paced(append, rate, seconds);
  const busy = await burst(append, 60_000);
  console.log(
    `as fast as it goes: ${Math.round(busy.rows / busy.seconds)} messages/s, ${cost(busy)}`,
  );
  await beside(storage, log, append);
  await storage.close();
} finally {
  rmSync(directory, { recursive: true });
}

type Append = () => Promise<void>;

function appender(log: LogStore<string>): Append {
  const message = messages();
  return () => {
    const { sides, entry } = message();
    return log.appendShared(sides, entry);
  };
}

interface Message {
  readonly sides: readonly { readonly owner: string; readonly with: string }[];
  readonly entry: SharedLogEntry<string>;
}

/** Messages between 1000 users, with ids in no order, as the archive gives them. */
function messages(): () => Message {
  let next = 0;
  const owners = Array.from({ length: OWNERS }, (_, i) => `user${i}@example.net`);
  return () => {
    const n = next++;
    const from = owners[(n * 7919) % OWNERS] ?? "";
    const to = owners[(n * 104_729 + 1) % OWNERS] ?? "";
    const scattered = (Math.imul(n, 2_654_435_761) >>> 0).toString(16).padStart(8, "0");
    const id = `${scattered}c0ffee00c0ffee00${n.toString(16).padStart(8, "0")}`;
    const sides = [
      { owner: from, with: to },
      { owner: to, with: from },
    ];
    // each user says it in one session
    const series = 1 + ((n * 7919) % OWNERS);
    return { sides, entry: { id, at: Date.now(), value: BODY, series } };
  };
}

interface Used {
  readonly rows: number;
  readonly seconds: number;
  /** Microseconds of CPU. */
  readonly main: number;
  readonly all: number;
}

/** Starts `rate` appends a second, a few each millisecond. */
async function paced(append: Append, perSecond: number, duration: number): Promise<void> {
  const idle = await paceOnly(perSecond, duration / 4);
  const waits: number[] = [];
  const used = await measured(async () => {
    let rows = 0;
    await pace(perSecond, duration, () => {
      rows++;
      const asked = performance.now();
      void append().then(() => void waits.push(performance.now() - asked));
    });
    while (waits.length < rows) await sleep(1);
    return rows;
  });
  waits.sort((a, b) => a - b);
  const at = (part: number): string => percentile(waits, part);
  console.log(
    `${Math.round(used.rows / used.seconds)} messages/s for ${duration} s: acknowledged after ` +
      `${at(0.5)} ms (p99 ${at(0.99)}, most ${at(0.9999)}), ${cost(used)}; ` +
      `of it the pacing itself ${(idle.main / idle.rows).toFixed(1)} µs`,
  );
}

/** What the loop of `paced` and making the messages cost without any storage. */
async function paceOnly(perSecond: number, duration: number): Promise<Used> {
  const message = messages();
  return measured(async () => {
    let rows = 0;
    await pace(perSecond, duration, () => (rows += message().sides.length / 2));
    return rows;
  });
}

async function pace(perSecond: number, duration: number, one: () => void): Promise<void> {
  const start = performance.now();
  const total = perSecond * duration;
  for (let done = 0; done < total; await sleep(1)) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
    for (; done < due; done++) one();
  }
}

/** Appends with 2000 under way at any time. */
async function burst(append: Append, rows: number): Promise<Used> {
  let left = rows;
  const one = async (): Promise<void> => {
    while (left-- > 0) await append();
  };
  return measured(async () => {
    await Promise.all(Array.from({ length: 2000 }, one));
    return rows;
  });
}

/** One account asks for 20 batches of 1000 rows; at once others read and append. */
async function beside(storage: Storage, log: LogStore<string>, append: Append): Promise<void> {
  const codec = { encode: (value: string) => value, decode: (value: string) => value };
  const map = await storage.map<string>({ name: "bench/list", shape: "map", version: 1, codec });
  const reads: number[] = [];
  const writes: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    const since = (waits: number[]) => (): void => void waits.push(performance.now() - started);
    const batches = Array.from({ length: 20 }, (_, batch) =>
      storage.batch(
        Array.from({ length: 1000 }, (_item, i) =>
          map.write.put("busy@example.net", `${batch} ${i}`, `item ${round}`),
        ),
      ),
    );
    const others = Array.from({ length: 50 }, (_, i) => [
      log.read(`user${i}@example.net`, { limit: 20, direction: "backward" }).then(since(reads)),
      append().then(since(writes)),
    ]);
    await Promise.all([...batches, ...others.flat()]);
  }
  reads.sort((a, b) => a - b);
  writes.sort((a, b) => a - b);
  console.log(
    `beside 20 batches of 1000 rows: others read after ${percentile(reads, 0.5)} ms ` +
      `(p99 ${percentile(reads, 0.99)}), write after ${percentile(writes, 0.5)} ms ` +
      `(p99 ${percentile(writes, 0.99)})`,
  );
}

function percentile(sorted: readonly number[], part: number): string {
  return (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1);
}

async function measured(work: () => Promise<number>): Promise<Used> {
  const started = performance.now();
  const main = process.threadCpuUsage();
  const all = process.cpuUsage();
  const rows = await work();
  const mainUsed = process.threadCpuUsage(main);
  const allUsed = process.cpuUsage(all);
  return {
    rows,
    seconds: (performance.now() - started) / 1000,
    main: mainUsed.user + mainUsed.system,
    all: allUsed.user + allUsed.system,
  };
}

function cost({ rows, main, all }: Used): string {
  const each = (microseconds: number): string => (microseconds / rows).toFixed(1);
  return `CPU per message ${each(main)} µs in the main thread, ${each(all)} µs in all`;
}
