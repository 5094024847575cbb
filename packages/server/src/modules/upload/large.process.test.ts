/** What a large file costs: the server runs in a process of its own, whose memory is looked at. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { Jid, UPLOAD_NS, type UploadSlot, uploadSlot } from "@rookery/protocol";
import { TestClient } from "@rookery/testkit";

const MIB = 1_048_576;
const SIZE = 100 * MIB;
/** The first file brings the heap, and the buffers that wait for its collection, to their usual size. */
const FIRST_GROWTH = 96 * MIB;
/** What further 100 MiB may cost then. */
const MOST_GROWTH = 24 * MIB;
const PASSWORD = "pencil";

const PROGRAM = `
  import { createServer, deriveAccountKeys } from ${JSON.stringify(new URL("../../index.ts", import.meta.url).href)};
  import { Jid } from ${JSON.stringify(import.meta.resolve("@rookery/protocol"))};
  const server = await createServer({
    domains: [{ name: "localhost" }],
    data: process.argv[1],
    auth: { requireTls: false, plainWithoutTls: true },
    listen: { c2s: "127.0.0.1:0", c2sTls: false, http: "127.0.0.1:0", https: false },
  });
  const keys = await deriveAccountKeys(${JSON.stringify(PASSWORD)});
  await server.host("localhost").accounts.createWithKeys(Jid.parse("romeo@localhost"), keys);
  await server.listen();
  process.on("message", () => process.send({ rss: process.memoryUsage().rss }));
  process.on("disconnect", () => process.exit());
  process.send({ c2s: server.ports.c2s[0] });
`;

test("100 MiB go up and down, and a part of them, and the memory of the server stays flat", {
  timeout: 120_000,
}, async (t) => {
  const data = mkdtempSync(join(tmpdir(), "rookery-large-"));
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM, data], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(data, { recursive: true, force: true });
  });
  const [{ c2s }] = (await once(child, "message")) as [{ c2s: number }];
  const idle = await rssOf(child);
  const warming = watch(child);
  const first = await slot(c2s, SIZE);
  assert.equal(await upload(first.put, SIZE, createHash("sha256")), 201);
  await download(first.get);
  const before = await warming.stop();

  const { put, get } = await slot(c2s, SIZE);
  const sent = createHash("sha256");
  const memory = watch(child);
  const began = performance.now();
  assert.equal(await upload(put, SIZE, sent), 201);
  const uploaded = performance.now();
  const whole = await download(get);
  const downloaded = performance.now();
  const middle = await download(get, { range: `bytes=${50 * MIB}-${51 * MIB - 1}` });
  const tail = await download(get, { range: `bytes=${SIZE - 10}-` });
  const peak = await memory.stop();

  assert.deepEqual([whole.status, whole.size], [200, SIZE]);
  assert.equal(whole.digest, sent.digest("hex"));
  assert.deepEqual([middle.status, middle.size], [206, MIB]);
  assert.deepEqual([tail.status, tail.size], [206, 10]);
  const growth = peak - before;
  const rate = (ms: number): string => `${Math.round(SIZE / MIB / (ms / 1000))} MiB/s`;
  console.log(
    `100 MiB up ${rate(uploaded - began)}, down ${rate(downloaded - uploaded)}; memory at the most: ` +
      `${Math.round(idle / MIB)} MiB idle, ${Math.round(before / MIB)} with the first file, ` +
      `${Math.round(peak / MIB)} with the second`,
  );
  assert.ok(before - idle < FIRST_GROWTH, `the first file took ${before - idle} bytes`);
  assert.ok(growth < MOST_GROWTH, `the memory grew by ${growth} bytes`);
});

async function slot(port: number, size: number): Promise<UploadSlot> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const client = new TestClient(socket);
  await client.login(Jid.parse("romeo@localhost"), PASSWORD);
  client.send(`<iq type='get' id='s' to='upload.localhost'>
    <request xmlns='${UPLOAD_NS}' filename='film.mp4' size='${size}' content-type='video/mp4'/></iq>`);
  const found = (await client.answer("s")).child(UPLOAD_NS, "slot");
  assert.ok(found);
  await client.close();
  return uploadSlot.read(found);
}

/** Uploads random bytes; gives the status. */
async function upload(
  url: string,
  size: number,
  hash: ReturnType<typeof createHash>,
): Promise<number> {
  const headers = { "content-length": String(size), "content-type": "video/mp4" };
  const asked = request(url, { method: "PUT", headers, agent: false });
  const response = once(asked, "response") as Promise<[IncomingMessage]>;
  await pipeline(Readable.from(pieces(size, hash)), asked);
  const [{ statusCode = 0 }] = await response;
  return statusCode;
}

function* pieces(size: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let left = size; left > 0; ) {
    const piece = randomBytes(Math.min(left, 65_536));
    hash.update(piece);
    left -= piece.length;
    yield piece;
  }
}

interface Downloaded {
  readonly status: number;
  readonly size: number;
  readonly digest: string;
}

async function download(url: string, headers: Record<string, string> = {}): Promise<Downloaded> {
  const asked = request(url, { headers, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of response) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { status: response.statusCode ?? 0, size, digest: hash.digest("hex") };
}

async function rssOf(child: ChildProcess): Promise<number> {
  const answer = once(child, "message") as Promise<[{ rss: number }]>;
  child.send("rss");
  const [{ rss }] = await answer;
  return rss;
}

/** Looks at the memory of a process again and again; gives the most it had. */
function watch(child: ChildProcess): { stop(): Promise<number> } {
  const end = new AbortController();
  const most = (async () => {
    let peak = 0;
    while (!end.signal.aborted) {
      peak = Math.max(peak, await rssOf(child));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return peak;
  })();
  return {
    stop: () => {
      end.abort();
      return most;
    },
  };
}
