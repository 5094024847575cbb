/** What the operating system is asked for, in order, until a message is acknowledged. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Jid, SM_NS } from "@rookery/protocol";
import { TestClient } from "@rookery/testkit";
import { connectTo, killServer, PASSWORD, startServer } from "./server-process.test.ts";

const TRACED = "trace=fsync,fdatasync,read,recvfrom,write,writev,sendto,sendmsg,pwrite64,pwritev";
/** It is there, and may trace. */
const hasStrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;

test("a message is on the disk before it is acknowledged: a trace of system calls", {
  skip: hasStrace ? false : "strace is not there, or may not trace",
  timeout: 60_000,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "rookery-trace-"));
  const trace = join(data, "trace.txt");
  const romeo = Jid.parse("romeo@example.org");
  const server = await startServer(data, {
    accounts: [romeo.toString(), "juliet@example.org"],
    under: ["strace", "-f", "-qq", "-s", "300", "-e", TRACED, "-o", trace],
  });
  try {
    const client = new TestClient(await connectTo(server));
    await client.login(romeo, PASSWORD, "r");
    client.write(`<enable xmlns='${SM_NS}' resume='true'/>`);
    await client.element();
    await sleep(300); // what logging in wrote is done
    client.write(
      "<message to='juliet@example.org' type='chat' id='traced'><body>hi</body></message>" +
        `<r xmlns='${SM_NS}'/>`,
    );
    const answer = await client.element();
    assert.deepEqual([answer.name, answer.attr("h")], ["a", "1"]);
  } finally {
    await killServer(server);
  }
  const calls = readFileSync(trace, "utf8").split("\n");
  rmSync(data, { recursive: true });
  const came = calls.findIndex((call) => /read|recv/.test(call) && call.includes("id='traced'"));
  const told = calls.findIndex((call) => /write|send/.test(call) && call.includes("<a xmlns="));
  assert.ok(came >= 0 && told > came, "the trace shows the message and its acknowledgement");
  const between = calls.slice(came, told);
  const written = between.findIndex((call) => call.includes("pwrite64"));
  const synced = between.findLastIndex((call) => /f(data)?sync.* = 0/.test(call));
  assert.ok(written >= 0 && synced > written, `no sync in between:\n${between.join("\n")}`);
  const shown = [calls[came], ...between.slice(synced, synced + 1), calls[told]];
  console.log(shown.map((call) => call?.slice(0, 140)).join("\n"));
});
