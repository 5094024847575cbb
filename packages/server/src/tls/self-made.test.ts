import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock, systemRandom } from "../clock.ts";
import { silentLog } from "../log.ts";
import { type SelfMadeOptions, selfMade, selfMadeFiles } from "./self-made.ts";
import { SELF_SIGNED_DAYS } from "./self-signed.ts";

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;

function options(data: string | undefined, now: number = NOW): SelfMadeOptions {
  return { data, clock: { ...systemClock, now: () => now }, random: systemRandom, log: silentLog };
}

async function withData(use: (data: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-tls-"));
  try {
    await use(join(folder, "data"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("a self-made certificate is kept, readable by its user only, and used again", async () => {
  await withData(async (data) => {
    const made = await selfMade("localhost", options(data));
    const files = selfMadeFiles(data, "localhost");
    assert.equal(await readFile(files.cert, "utf8"), made.cert);
    assert.equal(await mode(files.key), "600");
    assert.equal(await mode(files.cert), "600");
    assert.equal(await mode(join(files.key, "..")), "700");
    assert.deepEqual(await readdir(join(files.key, "..")), ["cert.pem", "key.pem"]);
    assert.equal((await selfMade("localhost", options(data))).cert, made.cert);
    assert.notEqual((await selfMade("example.org", options(data))).cert, made.cert);
  });
});

test("it is made anew in the month before its end, and where the clock was wrong", async () => {
  await withData(async (data) => {
    const { cert } = await selfMade("localhost", options(data));
    const late = NOW + (SELF_SIGNED_DAYS - 31) * DAY;
    assert.equal((await selfMade("localhost", options(data, late))).cert, cert);
    const renewed = await selfMade("localhost", options(data, late + 2 * DAY));
    assert.notEqual(renewed.cert, cert);
    assert.notEqual((await selfMade("localhost", options(data, NOW))).cert, renewed.cert);
  });
});

test("a certificate that is of no use is made anew", async () => {
  await withData(async (data) => {
    const files = selfMadeFiles(data, "localhost");
    const first = await selfMade("localhost", options(data));
    await writeFile(files.cert, "broken");
    const second = await selfMade("localhost", options(data));
    assert.notEqual(second.cert, first.cert);
    await rm(files.key); // a crash between the two
    const third = await selfMade("localhost", options(data));
    assert.notEqual(third.cert, second.cert);
    await writeFile(files.cert, first.cert);
    assert.notEqual((await selfMade("localhost", options(data))).cert, first.cert);
  });
});

test("a key that others may read is closed to them", async () => {
  await withData(async (data) => {
    const { key } = selfMadeFiles(data, "localhost");
    await selfMade("localhost", options(data));
    await chmod(key, 0o644);
    await selfMade("localhost", options(data));
    assert.equal(await mode(key), "600");
  });
});

test("with storage in memory nothing is written", async () => {
  const first = await selfMade("localhost", options(undefined));
  assert.notEqual((await selfMade("localhost", options(undefined))).cert, first.cert);
});

test("the folder of a domain is always directly below tls", () => {
  for (const domain of ["example.org", "bücher.example", "[::1]", "192.0.2.1"]) {
    const { key } = selfMadeFiles("/data", domain);
    assert.match(key, /^\/data\/tls\/[a-z0-9._-]+\/key\.pem$/);
  }
  assert.notEqual(selfMadeFiles("/d", "[::1]").key, selfMadeFiles("/d", "[1::]").key);
});
