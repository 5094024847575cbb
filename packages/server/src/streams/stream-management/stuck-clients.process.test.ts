/** Clients that stop reading cost little, and nobody else notices. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Jid, SM_NS } from "@rookery/protocol";
import { TestClient } from "@rookery/testkit";
import {
  connectTo,
  killServer,
  PASSWORD,
  type RunningServer,
  startServer,
} from "./server-process.test.ts";

const STUCK = 50;
const MIB = 2 ** 20;
/** Each of them would get so much. */
const POURED = 3 * MIB;
const BODY = "x".repeat(1000);
const SINK = Jid.parse("sink@example.org");
const SOURCE = Jid.parse("source@example.org");

for (const kind of ["with stream management", "without stream management"] as const) {
  test(`${STUCK} clients ${kind} that stop reading cost at most 2 MiB each, and delay nobody`, {
    timeout: 120_000,
  }, async () => {
    const data = mkdtempSync(join(tmpdir(), "rookery-stuck-"));
    const server = await startServer(data, { accounts: [SINK, SOURCE].map(String) });
    try {
      const one = await login(server, SOURCE, "one");
      const other = await login(server, SOURCE, "other");
      await latencies(one, other, 2000); // what is used first is warm
      const quiet = await latencies(one, other, 3000);
      const stuck = await stopReading(server, kind === "with stream management");
      const before = memoryOf(server);
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, memoryOf(server));
      }, 20);
      const pouring = pours(await login(server, SOURCE, "pouring"), POURED / 1100, 4);
      const loud = await latencies(one, other, 8000);
      await pouring;
      clearInterval(watch);
      for (const socket of stuck) socket.destroy();
      const each = (most - before) / STUCK / MIB;
      console.log(
        `${kind}: ${each.toFixed(2)} MiB each; p99 of others ${quiet.toFixed(1)} ms before, ` +
          `${loud.toFixed(1)} ms meanwhile`,
      );
      assert.ok(each <= 2, `${each} MiB each`);
      // what one turn of a busy machine takes is noise
      assert.ok(loud <= Math.max(2 * quiet, quiet + 50), `${quiet} ms became ${loud} ms`);
    } finally {
      await killServer(server);
      rmSync(data, { recursive: true });
    }
  });
}

/** Sessions of one account that get every message to it, and read nothing. */
async function stopReading(server: RunningServer, managed: boolean): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let n = 0; n < STUCK; n++) {
    const socket = await connectTo(server);
    const client = new TestClient(socket);
    await client.login(SINK, PASSWORD, `stuck-${n}`);
    if (managed) client.write(`<enable xmlns='${SM_NS}' resume='true'/>`);
    client.write("<presence/>");
    await client.sync();
    socket.pause();
    sockets.push(socket);
  }
  return sockets;
}

/** Sends messages to the sink, one each few milliseconds. */
async function pours(client: TestClient, count: number, pauseMs: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    client.write(`<message to='${SINK}' type='chat' id='p${n}'><body>${BODY}</body></message>`);
    await sleep(pauseMs);
  }
  await client.sync();
}

/** @returns the 99th percentile of the time that a message takes, in milliseconds. */
async function latencies(from: TestClient, to: TestClient, forMs: number): Promise<number> {
  const taken: number[] = [];
  const until = performance.now() + forMs;
  for (let n = 0; performance.now() < until; n++) {
    const sent = performance.now();
    from.write(`<message to='${to.jid}' type='chat' id='l${n}'><body>${n}</body></message>`);
    for (let id: string | undefined; id !== `l${n}`; ) id = (await to.element()).attr("id");
    taken.push(performance.now() - sent);
    await sleep(2);
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.99)] ?? 0;
}

async function login(server: RunningServer, account: Jid, resource: string): Promise<TestClient> {
  const client = new TestClient(await connectTo(server));
  await client.login(account, PASSWORD, resource);
  return client;
}

/** Resident memory, in bytes. */
function memoryOf({ child }: RunningServer): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
